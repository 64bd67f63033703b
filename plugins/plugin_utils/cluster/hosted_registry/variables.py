# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of openshift-ansible about the storage of its registry, as the options storage and claim.

Sources: openshift-ansible release-3.6 to 3.11, roles/openshift_hosted (defaults/main.yml, tasks/storage), and
roles/openshift_persistent_volumes (names of the volume and the claim).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...policy.word import UNSHOWN, PolicyError
from ...variables import Fill

PREFIX = "openshift_hosted_registry_storage_"
KIND = f"{PREFIX}kind"
#: Variable → key of the driver in storage.py.
_KEYS: Mapping[str, Mapping[str, str]] = {
    "s3": {
        "accesskey": "accesskey", "secretkey": "secretkey", "bucket": "bucket", "region": "region",
        "regionendpoint": "regionendpoint", "encrypt": "encrypt", "kmskeyid": "keyid", "chunksize": "chunksize",
        "rootdirectory": "rootdirectory",
    },
    "azure_blob": {
        "accountname": "accountname", "accountkey": "accountkey", "container": "container", "realm": "realm",
    },
    "swift": {
        "authurl": "authurl", "username": "username", "password": "password", "container": "container",
        "region": "region", "tenant": "tenant", "tenantid": "tenantid", "domain": "domain", "domainid": "domainid",
    },
    "gcs": {"bucket": "bucket", "keyfile": "keyfile", "rootdirectory": "rootdirectory"},
}  # fmt: skip
_DRIVERS = {"azure_blob": "azure"}
#: What openshift-ansible writes where no variable says it.
_DEFAULTS: Mapping[str, Mapping[str, str]] = {"s3": {"rootdirectory": "/registry"}}
#: Kind → the variables that only it reads.
_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "nfs": ("host", "nfs_directory"),
    "openstack": ("openstack_filesystem", "openstack_volumeID"),
    "glusterfs": ("glusterfs_endpoints", "glusterfs_path", "glusterfs_readOnly"),
    "hostpath": ("hostpath_path",),
    "object": ("provider",),
    "vsphere": (),
    "dynamic": (),
}
#: What is done on other machines, or by other programs, and is not done here.
_ELSEWHERE = (
    "glusterfs_swap", "glusterfs_swapcopy", "glusterfs_ips", "s3_cloudfront_baseurl", "s3_cloudfront_privatekeyfile",
    "s3_cloudfront_keypairid",
)  # fmt: skip
_COMMON = ("volume_name", "volume_size", "access_modes", "create_pv", "create_pvc", "annotations", "nfs_options")
VARIABLES = tuple(
    f"{PREFIX}{name}"
    for name in (
        "kind", *dict.fromkeys(each for names in _OF_KIND.values() for each in names),
        *(f"{provider}_{key}" for provider, keys in _KEYS.items() for key in keys), *_COMMON, *_ELSEWHERE,
    )
)  # fmt: skip

Ask = Callable[[str], Any]


@dataclass(frozen=True)
class HostedFill:
    """Gives options the values of variables: its own first, then those of openshift-ansible."""

    own: Fill

    @property
    def sources(self) -> Mapping[str, tuple[str, ...]]:
        return self.own.sources

    def __call__(self, options: Iterable[str], value_of: Ask) -> dict[str, tuple[str, Any]]:
        """Return, for each option that some variable sets, that variable and its value. Raises PolicyError."""
        options = list(options)
        found = self.own(options, value_of)
        if "storage" in options and "storage" not in found:
            storage, claim = _storage(value_of)
            if storage:
                found["storage"] = (KIND, storage)
            if claim and "claim" in options and "claim" not in found:
                found["claim"] = (KIND, claim)
        return found

    def trail(self, origins: Mapping[str, str], value_of: Ask) -> dict[str, tuple[str, ...]]:
        """Return, for each option that adds up from several variables, all of them. origins: as above."""
        return self.own.trail(origins, value_of)

    def remarks(self, origins: Mapping[str, str], value_of: Ask) -> list[str]:
        """List the variables of openshift-ansible that are left out, one sentence each."""
        names = [name for name in _ELSEWHERE if _said(value_of, name)]
        found = [f"{PREFIX}{name} is left out: it is not done by this collection" for name in names]
        if not _said(value_of, "kind"):
            lone = [name for name in _COMMON if _said(value_of, name)]
            found += [f"{PREFIX}{lone[0]} says nothing without {KIND}: the storage stays as it is"] if lone else []
        elif origins.get("storage", KIND) != KIND:
            found.append(f"{KIND} is left out, because {origins['storage']} says the storage")
        return found


def _said(ask: Ask, name: str) -> bool:
    return ask(f"{PREFIX}{name}") not in (None, "")


def _storage(ask: Ask) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return storage and claim as the variables have them, (None, None) when they say nothing. Raises PolicyError."""
    kind, stray = kind_said(ask), _backends_named(ask)
    if not kind:
        if stray:
            raise PolicyError(KIND, "nothing", f"is said, and {stray[0][1]} is; say the kind too")
        return None, None
    if other := next((variable for name, variable in stray if name != kind), None):
        raise PolicyError(KIND, kind, f"is one backend, and {other} is of another; a registry has one")
    if kind == "object":
        return _object(ask), None
    name = _text(ask, "volume_name", "registry")
    return {"pvc": {"claim": f"{name}-claim"}}, _claim(ask, kind)


def kind_said(ask: Ask) -> str:
    """Return the kind of the storage, "" where none is said. Raises PolicyError for one that there is not."""
    kind = ask(KIND)
    if kind in (None, "", False):
        return ""
    if not isinstance(kind, str) or kind not in _OF_KIND:
        raise PolicyError(KIND, str(kind), f"is not one of {', '.join(_OF_KIND)}")
    return kind


def _backends_named(ask: Ask) -> list[tuple[str, str]]:
    """Return the kinds whose own variables are set, and such a variable."""
    found = [
        (kind, f"{PREFIX}{name}") for kind, names in _OF_KIND.items() for name in names if _said(ask, name)
    ]
    inner = [f"{provider}_{key}" for provider, keys in _KEYS.items() for key in keys]
    return found + [("object", f"{PREFIX}{name}") for name in inner if _said(ask, name)]


def _text(ask: Ask, name: str, default: str = "") -> str:
    value = ask(f"{PREFIX}{name}")
    return default if value in (None, "") else str(value)


def _object(ask: Ask) -> dict[str, Any]:
    provider = _text(ask, "provider")
    if provider not in _KEYS:
        raise PolicyError(f"{PREFIX}provider", provider or "nothing", f"is not one of {', '.join(_KEYS)}")
    for other, keys in _KEYS.items():
        if lone := next((key for key in keys if other != provider and _said(ask, f"{other}_{key}")), None):
            raise PolicyError(f"{PREFIX}provider", provider, f"is one store, and {PREFIX}{other}_{lone} is of another")
    found: dict[str, Any] = dict(_DEFAULTS.get(provider, {}))
    for old, key in _KEYS[provider].items():
        value = ask(f"{PREFIX}{provider}_{old}")
        if value not in (None, ""):
            found[key] = _value(f"{PREFIX}{provider}_{old}", key, value)
    return {_DRIVERS.get(provider, provider): found}


def _value(variable: str, key: str, value: Any) -> Any:
    """Return numbers and flags that an inventory file has as texts."""
    if key == "encrypt" and isinstance(value, str):
        if value.lower() not in TRUTH:
            raise PolicyError(variable, UNSHOWN, "it is neither true nor false")
        return TRUTH[value.lower()]
    if key == "chunksize" and isinstance(value, str) and value.isdecimal():
        return int(value)
    return value


def _claim(ask: Ask, kind: str) -> dict[str, Any] | None:
    """Return how the claim is made, None where nobody wants one made. Raises PolicyError."""
    if _flag(ask, "create_pvc") is False:
        return None
    found: dict[str, Any] = {"size": _text(ask, "volume_size", "5Gi"), "access_modes": _modes(ask)}
    if annotations := _annotations(ask):
        found["annotations"] = annotations
    if _flag(ask, "create_pv") is not False and (volume := _volume(ask, kind)):
        found["volume"] = volume
        found["volume_name"] = f"{_text(ask, 'volume_name', 'registry')}-volume"
    return found


#: Words of an inventory, as Ansible's filter bool reads them.
TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "1", "y", "t"), True),
    **dict.fromkeys(("false", "no", "off", "0", "n", "f"), False),
}


def _flag(ask: Ask, name: str) -> bool | None:
    value = ask(f"{PREFIX}{name}")
    if value is None or isinstance(value, bool):
        return value
    if str(value).lower() not in TRUTH:
        raise PolicyError(f"{PREFIX}{name}", str(value), "is neither true nor false")
    return TRUTH[str(value).lower()]


def _modes(ask: Ask) -> list[str]:
    value = ask(f"{PREFIX}access_modes")
    if value in (None, "", []):
        return ["ReadWriteMany"]
    if isinstance(value, str):
        value = [part.strip(" '\"") for part in value.strip("[]").split(",")]
    if not isinstance(value, (list, tuple)):
        raise PolicyError(f"{PREFIX}access_modes", str(value), "is not a list of access modes")
    return [str(one) for one in value]


def _annotations(ask: Ask) -> dict[str, str]:
    """Read annotations as openshift-ansible has them: a list of "key: value", or a mapping."""
    value = ask(f"{PREFIX}annotations")
    if value in (None, "", []):
        return {}
    if isinstance(value, Mapping):
        return {str(key): str(item) for key, item in value.items()}
    found = {}
    for one in value if isinstance(value, (list, tuple)) else [value]:
        pairs = one.items() if isinstance(one, Mapping) else [str(one).partition(":")[::2]]
        for key, item in pairs:
            if not str(item).strip():
                raise PolicyError(f"{PREFIX}annotations", str(one), "is not key: value")
            found[str(key).strip()] = str(item).strip()
    return found


def _volume(ask: Ask, kind: str) -> dict[str, Any] | None:
    """Return the volume that is made for the claim, None where a class makes one. Raises PolicyError."""
    if kind == "nfs":
        host = _text(ask, "host") or _nfs_host(ask)
        if not host:
            raise PolicyError(f"{PREFIX}host", "nothing", "is said; the NFS server has to be named")
        directory = _text(ask, "nfs_directory", "/exports").rstrip("/")
        return {"nfs": {"server": host, "path": f"{directory}/{_text(ask, 'volume_name', 'registry')}"}}
    if kind == "openstack":
        return {"cinder": {"volumeID": _needed(ask, "openstack_volumeID"),
                           "fsType": _text(ask, "openstack_filesystem", "ext4")}}  # fmt: skip
    if kind == "glusterfs":
        return {"glusterfs": {"endpoints": _text(ask, "glusterfs_endpoints", "glusterfs-registry-endpoints"),
                              "path": _text(ask, "glusterfs_path", "glusterfs-registry-volume"),
                              "readOnly": bool(_flag(ask, "glusterfs_readOnly"))}}  # fmt: skip
    if kind == "hostpath":
        return {"hostPath": {"path": _needed(ask, "hostpath_path")}}
    return None


def _nfs_host(ask: Ask) -> str:
    """Return the only host of the group nfs, which is the server where none is named."""
    groups = ask("groups")
    hosts = groups.get("nfs") if isinstance(groups, Mapping) else None
    return str(hosts[0]) if isinstance(hosts, (list, tuple)) and len(hosts) == 1 else ""


def _needed(ask: Ask, name: str) -> str:
    if not (text := _text(ask, name)):
        raise PolicyError(f"{PREFIX}{name}", "nothing", f"is said, and {KIND} needs it")
    return text
