# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the registry of OpenShift 3 keeps its images: a claim, an emptyDir, or an object store in its configuration.

A claim or emptyDir is the volume that is mounted at /registry. An object store is said in the registry's own
configuration, a secret that is mounted at /etc/registry and named by REGISTRY_CONFIGURATION_PATH, as openshift-ansible
does it. The registry reads it once, when it starts: a mark in the pod template makes new pods when it changes.
Sources: openshift-ansible release-3.11 roles/openshift_hosted (storage/*.yml, registry_config.j2);
docker/distribution 2.6 docs/storage-drivers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...policy.word import UNSHOWN, PolicyError
from ...resolution.names import without_login
from ..api import ClusterProblem, Manifest, at
from ..image_registry.values import quantity
from ..labels import is_subdomain
from .template import Parts, container_of, mount_at, volume_of

DIRECTORY = "/registry"
VOLUME = "registry-storage"
CONFIG_DIRECTORY = "/etc/registry"
CONFIG_KEY = "config.yml"
CONFIG_SECRET = CONFIG_VOLUME = "registry-config"  # noqa: S105 - their name
CONFIG_VARIABLE = "REGISTRY_CONFIGURATION_PATH"
KEY_FILE = "gcs-key.json"
#: On the pod template: a checksum of the configuration that its pods have read. On the secret: that a run of ours
#: changed it, so that one that ended between the two is finished by the next.
MARK = "dockyard.openshift/configuration"
MODES = ("ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany")

Hide = Callable[[str], None]


@dataclass(frozen=True)
class Driver:
    """An object store of docker/distribution: what it needs, what it knows beside that, which of it is secret."""

    needs: tuple[str, ...]
    knows: tuple[str, ...]
    secret: tuple[str, ...] = ()
    place: tuple[str, ...] = ("bucket",)


DRIVERS: Mapping[str, Driver] = {
    "s3": Driver(
        ("bucket", "region"),
        ("accesskey", "secretkey", "regionendpoint", "encrypt", "keyid", "secure", "v4auth", "chunksize",
         "rootdirectory", "storageclass", "multipartcopychunksize", "multipartcopymaxconcurrency",
         "multipartcopythresholdsize", "useragent"),
        ("accesskey", "secretkey"), ("bucket", "regionendpoint", "rootdirectory"),
    ),
    "azure": Driver(("accountname", "accountkey", "container"), ("realm",), ("accountkey",),
                    ("accountname", "container")),
    "swift": Driver(
        ("authurl", "username", "password", "container"),
        ("region", "tenant", "tenantid", "domain", "domainid", "trustid", "insecureskipverify", "chunksize", "prefix",
         "secretkey", "accesskey", "authversion", "endpointtype"),
        ("password", "secretkey", "accesskey"), ("authurl", "container", "prefix"),
    ),
    "gcs": Driver(("bucket",), ("keyfile", "rootdirectory", "chunksize"), ("keyfile",), ("bucket", "rootdirectory")),
}  # fmt: skip
BACKENDS = ("pvc", "emptyDir", *DRIVERS)
#: What is looked at in the registry's own configuration.
CONFIGURATION = {"storage?": {f"{name}?": (dict, None) for name in DRIVERS}}
_FLAGS = ("encrypt", "secure", "v4auth", "insecureskipverify")
_NUMBERS = ("chunksize", "multipartcopychunksize", "multipartcopymaxconcurrency", "multipartcopythresholdsize")
_DIRECTORIES = ("rootdirectory", "prefix")
_LEAST_CHUNK = 5 * 1024 * 1024
_BUCKET = re.compile(r"[a-z0-9A-Z][a-zA-Z0-9._-]{1,61}[a-zA-Z0-9]")
_ENDPOINT = re.compile(r"(?:https?://)?[a-zA-Z0-9.-]+(?::[0-9]{1,5})?/?", re.IGNORECASE)
#: Names of environment that choose or fill a driver; the registry takes them before its configuration.
_DRIVER_VARIABLE = re.compile(r"REGISTRY_STORAGE(?:_(S3|AZURE|SWIFT|GCS|OSS|INMEMORY|FILESYSTEM)(?:_.*)?)?")
_FILESYSTEM = "FILESYSTEM"


@dataclass(frozen=True)
class Storage:
    """What is asked for: one backend with its configuration."""

    backend: str
    config: Mapping[str, Any]

    @property
    def is_object(self) -> bool:
        return self.backend in DRIVERS

    @property
    def claim(self) -> str:
        return str(self.config.get("claim") or "") if self.backend == "pvc" else ""


def read(given: Any, hide: Hide) -> Storage | None:
    """Read the option storage. Raises PolicyError before anything is sent."""
    if given is None:
        return None
    for one in (config for config in given.values() if isinstance(config, Mapping)):
        for key in ("accesskey", "secretkey", "accountkey", "password", "keyfile"):
            hide(str(one.get(key) or ""))
    named = [key for key in BACKENDS if key in given]
    if other := next((key for key in given if key not in BACKENDS), None):
        raise PolicyError("storage", str(other), f"is not a backend; the backends are {', '.join(BACKENDS)}")
    if not named:
        raise PolicyError("storage", "{}", f"names no backend; the backends are {', '.join(BACKENDS)}")
    if len(named) > 1:
        raise PolicyError("storage", " and ".join(named), "are two backends, and a registry has one")
    backend = named[0]
    config = given[backend] if given[backend] is not None else {}
    if not isinstance(config, Mapping):
        raise PolicyError("storage", UNSHOWN, f"{backend} is not a mapping")
    return Storage(backend, _of_driver(backend, config) if backend in DRIVERS else _of_volume(backend, config))


def _of_volume(backend: str, config: Mapping[str, Any]) -> dict[str, Any]:
    known = ("claim",) if backend == "pvc" else ("medium", "sizeLimit")
    if other := next((key for key in config if key not in known), None):
        hint = "; the claim is made by the option claim" if backend == "pvc" else ""
        raise PolicyError("storage", f"{backend}.{other}", f"is not a key ({', '.join(known)}){hint}")
    if backend == "pvc":
        name = config.get("claim")
        if not isinstance(name, str) or not is_subdomain(name):
            raise PolicyError("storage", f"pvc.claim: {name}", "cannot be the name of a claim")
    return dict(config)


def _of_driver(backend: str, config: Mapping[str, Any]) -> dict[str, Any]:
    driver = DRIVERS[backend]
    known = (*driver.needs, *driver.knows)
    if other := next((key for key in config if key not in known), None):
        raise PolicyError("storage", f"{backend}.{other}", f"is not a key of the driver ({', '.join(known)})")
    found = {str(key): value for key, value in config.items() if value is not None}
    for key in driver.needs:
        if not str(found.get(key) or "").strip():
            raise PolicyError("storage", f"{backend}.{key}", "is missing")
    for key, value in found.items():
        _judge(backend, key, value, secret=key in driver.secret)
    lone = [key for key in ("accesskey", "secretkey") if backend == "s3" and key in found]
    if len(lone) == 1:
        other = "secretkey" if lone == ["accesskey"] else "accesskey"
        raise PolicyError("storage", f"s3.{lone[0]}", f"is given without {other}")
    if "keyid" in found and found.get("encrypt") is not True:
        raise PolicyError("storage", "s3.keyid", "has no effect without encrypt: true")
    return found


def _judge(backend: str, key: str, value: Any, *, secret: bool) -> None:
    shown = f"{backend}.{key}" if secret else f"{backend}.{key}: {value}"
    if key in _FLAGS:
        if not isinstance(value, bool):
            raise PolicyError("storage", shown, "is neither true nor false")
    elif key in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise PolicyError("storage", shown, "is not a number above 0")
        if backend == "s3" and key == "chunksize" and value < _LEAST_CHUNK:
            raise PolicyError("storage", shown, f"is below {_LEAST_CHUNK}, the smallest part that S3 takes")
    elif key == "authversion":
        if isinstance(value, bool) or value not in (1, 2, 3):
            raise PolicyError("storage", shown, "is not 1, 2 or 3")
    elif not isinstance(value, str) or not value.strip() or (not value.isprintable() and key != "keyfile"):
        raise PolicyError("storage", shown, "is empty, or not a text")
    elif key in ("bucket", "container") and (not _BUCKET.fullmatch(value)):
        raise PolicyError("storage", shown, "cannot be the name of one")
    elif key == "regionendpoint" and not _ENDPOINT.fullmatch(value):
        raise PolicyError("storage", shown, "is not the address of a host")
    elif key == "authurl" and not re.match(r"https?://[^/\s]+", value):
        raise PolicyError("storage", shown, "is not an address with https:// or http://")


# --- claims that are made ---

#: Kinds of volumes that a claim can be bound to by name, and what each needs. Source: Kubernetes API reference.
SOURCES: Mapping[str, tuple[str, ...]] = {
    "nfs": ("server", "path"),
    "glusterfs": ("endpoints", "path"),
    "cinder": ("volumeID",),
    "hostPath": ("path",),
}


def read_claim(given: Mapping[str, Any] | None, storage: Storage | None) -> None:
    """Check the option claim beside storage. Raises PolicyError."""
    if given is None:
        return
    if storage is None or storage.backend != "pvc":
        raise PolicyError("claim", "a claim", "is of no use: give storage.pvc.claim beside it")
    size = given.get("size")
    number = quantity(size) if size is not None else 1
    if number is None or number <= 0:
        raise PolicyError("claim", str(size), "is not a size such as 100Gi")
    for mode in given.get("access_modes") or ():
        if mode not in MODES:
            raise PolicyError("claim", str(mode), f"is not an access mode ({', '.join(MODES)})")
    if given.get("access_modes") is not None and "ReadOnlyMany" in given["access_modes"][:1]:
        raise PolicyError("claim", "ReadOnlyMany", "takes no push; the registry needs ReadWriteMany or ReadWriteOnce")
    _judge_annotations(given.get("annotations"))
    volume = given.get("volume")
    if volume is None:
        return
    if given.get("storage_class"):
        raise PolicyError("claim", str(given["storage_class"]), "is a class that makes volumes, and volume is one")
    if len(volume) != 1 or next(iter(volume)) not in SOURCES:
        said = " and ".join(map(str, volume)) or "{}"
        raise PolicyError("claim", said, f"is not one kind of volume ({', '.join(SOURCES)})")
    kind, source = next(iter(volume.items()))
    lacks = [key for key in SOURCES[kind] if not str(at(source, key) or "").strip()]
    if lacks:
        raise PolicyError("claim", f"volume.{kind}.{lacks[0]}", "is missing")
    if kind in ("nfs", "hostPath") and not str(source["path"]).startswith("/"):
        raise PolicyError("claim", f"volume.{kind}.path: {source['path']}", "is not absolute")


def _judge_annotations(given: Any) -> None:
    for key, value in (given or {}).items():
        if not isinstance(value, str):
            raise PolicyError("claim", f"annotations.{key}", "is not a text")


# --- what there is ---


@dataclass(frozen=True)
class Place:
    """Where the registry keeps its images now. backend: of BACKENDS, or how the volume is called; name: of the place.

    volume: the volume mounted at /registry, "" without one; secret: the registry's own configuration.
    """

    backend: str
    name: str
    volume: str
    secret: str = ""

    def __str__(self) -> str:
        return f"{self.backend} {self.name}".rstrip()


def configuration(workload: Manifest, container: str) -> tuple[str, str]:
    """Return the secret with the registry's configuration and its key, ("", "") without. Raises ClusterProblem."""
    found = container_of(workload, container)
    path = environment(found).get(CONFIG_VARIABLE, "")
    if not path:
        return "", ""
    directory, _slash, key = path.rpartition("/")
    mount = mount_at(found, directory)
    volume = volume_of(workload, str(at(mount, "name") or ""))
    name = at(volume, "secret", "secretName")
    if not name:
        raise ClusterProblem(
            f"storage: {CONFIG_VARIABLE} names {path}, which is not in a secret; change storage in that file"
        )
    return str(name), key


def environment(container: Manifest) -> dict[str, str]:
    """Return the environment of a container; what comes from elsewhere is there without a value."""
    return {str(at(one, "name")): str(at(one, "value") or "") for one in container.get("env") or ()}


def place_of(workload: Manifest, container: str, config: Any) -> Place:
    """Say where images are kept now. config: the registry's own configuration, None without one."""
    found = container_of(workload, container)
    mount = mount_at(found, DIRECTORY)
    volume = volume_of(workload, str(at(mount, "name") or ""))
    name = str(at(volume, "name") or "")
    if driver := _driver_of(environment(found)):
        return Place(driver.lower(), "of the environment", name)
    drivers = [key for key in at(config, "storage") or {} if key in DRIVERS]
    if drivers:
        said = at(config, "storage", drivers[0]) or {}
        values = (without_login(str(said[key])) for key in DRIVERS[drivers[0]].place if said.get(key))
        return Place(drivers[0], " ".join(values), name)
    if volume is None:
        return Place("nothing", "", name)
    kind = next((key for key in volume if key != "name"), "emptyDir")
    if kind == "persistentVolumeClaim":
        return Place("pvc", str(at(volume, kind, "claimName") or ""), name)
    return Place(kind, _text(volume.get(kind)), name)


def place_text(kind: str, source: Any) -> str:
    """Name a volume's source: its kind and the names in it."""
    return f"{kind} {_text(source)}".rstrip()


def _text(source: Any) -> str:
    values = source.values() if isinstance(source, Mapping) else ()
    return " ".join(str(value) for value in values if isinstance(value, str))


def _driver_of(env: Mapping[str, str]) -> str:
    """Name the driver that the environment chooses, "" when it chooses none but the file system."""
    chosen = env.get("REGISTRY_STORAGE", "").upper()
    for name in env:
        match = _DRIVER_VARIABLE.fullmatch(name)
        if match and match[1] and match[1] != _FILESYSTEM:
            return match[1]
    return "" if chosen in ("", _FILESYSTEM) else chosen


# --- what the template has for it ---


def parts(workload: Manifest, container: str, asked: Storage, place: Place) -> Parts:
    """Say what the template shall have. Raises ClusterProblem where another storage would win over it."""
    found = container_of(workload, container)
    if driver := _driver_of(environment(found)):
        name = at(workload, "metadata", "name")
        raise ClusterProblem(
            f"storage: the registry stores with {driver} already, said in its environment (REGISTRY_STORAGE_…), which "
            f"wins over everything else: take it out of {name} first"
        )
    if asked.is_object:
        return _object_parts(workload, found)
    if place.backend in DRIVERS:
        raise ClusterProblem(
            f"storage: the registry stores in {place}, said in its own configuration ({CONFIG_VARIABLE}), which wins "
            f"over the volume for {asked.backend}: take it out first"
        )
    source: dict[str, Any] = (
        {"persistentVolumeClaim": {"claimName": asked.claim}}
        if asked.backend == "pvc"
        else {"emptyDir": dict(asked.config)}
    )
    volume = place.volume or VOLUME
    return Parts(volumes={volume: source}, mounts={} if place.volume else {DIRECTORY: volume})


def _object_parts(workload: Manifest, container: Mapping[str, Any]) -> Parts:
    mount = mount_at(container, CONFIG_DIRECTORY)
    env = {} if CONFIG_VARIABLE in environment(container) else {CONFIG_VARIABLE: f"{CONFIG_DIRECTORY}/{CONFIG_KEY}"}
    if mount is not None:
        if at(volume_of(workload, str(mount.get("name"))), "secret", "secretName") is None:
            raise ClusterProblem(
                f"storage: {CONFIG_DIRECTORY} holds the volume {mount.get('name')}, which is not a secret; the "
                "configuration of an object store is kept in one"
            )
        return Parts(env=env)
    return Parts(
        volumes={CONFIG_VOLUME: {"secret": {"secretName": CONFIG_SECRET}}},
        mounts={CONFIG_DIRECTORY: CONFIG_VOLUME}, env=env,
    )  # fmt: skip


def is_elsewhere(place: Place, asked: Storage, config: Any) -> bool:
    """Say whether images would be kept at another place than now. config: as for place_of."""
    if asked.backend != place.backend:
        return True
    if asked.is_object:
        now, then = (at(one, "storage", asked.backend) for one in (config, configured(config, asked)))
        return any(_meant(key, at(now, key)) != _meant(key, at(then, key)) for key in DRIVERS[asked.backend].place)
    return asked.backend == "pvc" and asked.claim != place.name


def _meant(key: str, value: Any) -> str:
    """Return what drivers make of a value: flags and numbers may be texts, and slashes around a directory go.

    Source: docker/distribution 2.6 registry/storage/driver (FromParameters; s3Path, swiftPath, gcs New).
    """
    text = "" if value is None else str(value)
    if key in _DIRECTORIES:
        return text.strip("/")
    return text.lower() if key in _FLAGS else text


def new_configuration() -> dict[str, Any]:
    """Return what a registry without a configuration begins with: that of openshift-ansible, without a storage."""
    options = {"pullthrough": True, "acceptschema2": True, "enforcequota": False}
    return {
        "version": 0.1,
        "log": {"level": "info"},
        "http": {"addr": ":5000"},
        "storage": {"delete": {"enabled": True}, "cache": {"blobdescriptor": "inmemory"}},
        "auth": {"openshift": {"realm": "openshift"}},
        "middleware": {
            "registry": [{"name": "openshift"}],
            "repository": [{"name": "openshift", "options": options}],
            "storage": [{"name": "openshift"}],
        },
    }  # fmt: skip


def configured(have: Mapping[str, Any] | None, asked: Storage) -> dict[str, Any]:
    """Return the registry's configuration with this object store; all else stays, also how a value is written."""
    start = dict(have) if have is not None else new_configuration()
    before = {key: value for key, value in (start.get("storage") or {}).items() if key not in (*DRIVERS, "filesystem")}
    config = dict(asked.config)
    if "keyfile" in config:
        config["keyfile"] = f"{CONFIG_DIRECTORY}/{KEY_FILE}"
    same = at(start, "storage", asked.backend) or {}
    new = {key: value for key, value in config.items() if _meant(key, same.get(key)) != _meant(key, value)}
    return {**start, "storage": {**before, asked.backend: {**same, **new}}}


def lines(config: Any, mark: Callable[[bytes], str]) -> Iterator[str]:
    """Show the stores of a configuration; mark: how a secret is shown, and what may be one."""
    section = at(config, "storage")
    for backend in (name for name in DRIVERS if at(section, name)):
        driver = DRIVERS[backend]
        plain = {*driver.needs, *driver.knows} - {*driver.secret}
        for key, value in section[backend].items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            shown = f" {without_login(text)}" if key in plain else mark(text.encode())
            yield f"{backend}.{key}:{shown}"
