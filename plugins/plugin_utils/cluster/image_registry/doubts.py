# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operator takes without a word, and a person would want to know: data that gets lost, values without effect.

Source: reference/registry-operator.md, what the running operator was seen to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..openshift4.objects import cited
from . import Finding, warning
from .asked import DEFAULT_CLAIM, Asked, backends, part
from .backends import MINTED_SECRET, USER_SECRET
from .surroundings import NAMESPACE, Claim
from .values import duration

_QUIET = ("", "Normal")
#: Keys whose value may hold a login.
_ADDRESSES = ("regionEndpoint", "authURL")
#: Keys that name what a later Removed would delete.
_CONTAINERS = ("bucket", "container", "accountName")
#: What the operator takes where these keys are empty.
_USUAL = {"claim": DEFAULT_CLAIM}
#: Backend → the keys of its configuration that say where the images are.
_PLACES: Mapping[str, tuple[str, ...]] = {
    "emptyDir": (),
    "s3": ("bucket", "region", "regionEndpoint"),
    "swift": ("container", "regionName", "authURL"),
    "gcs": ("bucket",),
    "ibmcos": ("bucket", "location"),
    "pvc": ("claim",),
    "azure": ("accountName", "container"),
    "oss": ("bucket", "region"),
}


def of(asked: Asked) -> Iterator[Finding]:
    """Yield every doubt about a specification that the API server stores."""
    for doubt in DOUBTS:
        yield from doubt(asked)


def _empty_dir(asked: Asked) -> Iterator[Finding]:
    backend, _config = asked.taken
    if backend == "emptyDir" and asked.state == "Managed" and asked.replicas > 1:
        sentence = f"each of the {asked.replicas} pods holds images of its own, and a pull may ask the wrong one"
        yield warning("storage.emptyDir", sentence)


def _removed(asked: Asked) -> Iterator[Finding]:
    """Warn of what is deleted: the storage in use, whichever is named beside Removed. CIRO generator.go Remove."""
    if asked.state != "Removed":
        return
    in_use = part(asked.current, "storage")
    storage = in_use if len(backends(in_use, asked.minor)) == 1 else asked.storage
    present = backends(storage, asked.minor)
    is_news = asked.current.get("managementState") != "Removed"
    is_managed = asked.storage.get("managementState") == "Managed"
    if present and is_news and (is_managed or present == ["emptyDir"]):
        what = _named(_place(present[0], part(storage, present[0])))
        why = "they are in its pods" if present == ["emptyDir"] else "storage.managementState is Managed"
        yield warning("managementState", f"Removed deletes {what} with all images, because {why}")
    if asked.spec.get("defaultRoute"):
        yield warning("defaultRoute", "there is no route while the registry is Removed")


def _deletable(asked: Asked) -> Iterator[Finding]:
    """Warn of storage of a person that the operator would delete one day, though nobody asked for that."""
    present = backends(asked.storage, asked.minor)
    if asked.storage.get("managementState") != "Managed" or len(present) != 1 or asked.state == "Removed":
        return
    path, (backend,) = "storage.managementState", present
    config, before = part(asked.storage, backend), part(asked.current, "storage")
    name, claim = _claim_of(asked)
    if claim and not claim.is_operators:
        yield warning(path, f"Managed lets a later Removed delete the claim {cited(name)}, which is not the operator's")
    was = part(before, backend)
    # What nobody names the operator makes itself.
    if before.get("managementState") and any(config.get(key) not in (None, "", was.get(key)) for key in _CONTAINERS):
        what = _named(_place(backend, config))
        yield warning(path, f"Managed lets a later Removed delete {what}, whoever made it")


def _claim_of(asked: Asked) -> tuple[str, Claim | None]:
    """Return the name of the claim that pods mount, and the claim, None where there is none."""
    backend, config = asked.taken
    name = str(config.get("claim") or DEFAULT_CLAIM)
    return name, asked.around.claims.get(name) if backend == "pvc" else None


def _moved(asked: Asked) -> Iterator[Finding]:
    """Warn of images that are left behind, also where the storage becomes the platform's own."""
    before = part(asked.current, "storage")
    old, new = backends(before, asked.minor), backends(asked.storage, asked.minor)
    backend, config = asked.taken
    if len(old) != 1 or len(new) > 1 or backend is None or asked.state in ("Unmanaged", "Removed"):
        return
    was = _place(old[0], part(before, old[0]))
    if was != _place(backend, config):
        lost = "are lost with the pods" if old == ["emptyDir"] else "stay there, where nobody pulls them from"
        yield warning("storage", f"nothing is copied: images in {_named(was)} {lost}")


def _place(backend: str, config: Mapping[str, Any]) -> dict[str, str]:
    told = {key: config.get(key) or _USUAL.get(key) for key in _PLACES[backend]}
    return {"backend": backend, **{key: str(value) for key, value in told.items() if value}}


def _named(place: Mapping[str, str]) -> str:
    return cited(" ".join(value for key, value in place.items() if key not in _ADDRESSES))


def _claim(asked: Asked) -> Iterator[Finding]:
    name, claim = _claim_of(asked)
    if claim and claim.is_going:
        yield warning("storage.pvc.claim", f"the claim {cited(name)} is being deleted: new pods will not start with it")
    if claim and claim.is_lost:
        yield warning("storage.pvc.claim", f"the claim {cited(name)} has lost its volume")


def _unknown_driver(asked: Asked) -> Iterator[Finding]:
    if asked.storage.get("oss") is not None and "oss" not in backends(asked.storage, asked.minor):
        yield warning("storage.oss", "does nothing: the operator has no driver for it since 4.17")


def _s3(asked: Asked) -> Iterator[Finding]:
    config = part(asked.storage, "s3")
    is_managed = asked.storage.get("managementState") == "Managed"
    if is_managed and config.get("encrypt") is False:  # CIRO s3.go CreateStorage
        yield warning("storage.s3.encrypt", "false does not stay: the operator encrypts its buckets, and writes true")
    elif not is_managed and config.get("keyID") and not config.get("encrypt"):
        yield warning("storage.s3.keyID", "does nothing without encrypt: true")
    secret = part(config, "cloudFront", "privateKey").get("name")
    if secret and secret not in asked.around.secrets:
        sentence = f"the secret {NAMESPACE}/{cited(secret)} does not exist, and no pod will start without it"
        yield warning("storage.s3.cloudFront.privateKey.name", sentence)


def _azure(asked: Asked) -> Iterator[Finding]:
    is_internal = part(asked.storage, "azure", "networkAccess").get("type") == "Internal"
    if is_internal and USER_SECRET in asked.around.secrets:
        sentence = f"Internal does nothing with an account key; it needs the secret {MINTED_SECRET}"
        yield warning("storage.azure.networkAccess.type", sentence)


def _queues(asked: Asked) -> Iterator[Finding]:
    for kind in ("read", "write"):
        limits = part(asked.spec, "requests", kind)
        wait = duration(str(limits.get("maxWaitInQueue") or "0"))
        path = f"requests.{kind}.maxWaitInQueue"
        if wait and not limits.get("maxRunning") and not limits.get("maxInQueue"):
            yield warning(path, "does nothing without maxRunning or maxInQueue")
        elif wait and wait < 0:
            yield warning(path, "is negative, and is taken without a check")


def _proxy(asked: Asked) -> Iterator[Finding]:
    for key in ("http", "https"):
        url = str(part(asked.spec, "proxy").get(key) or "")
        if url and not url.startswith(("http://", "https://")):
            yield warning(f"proxy.{key}", "is not the URL of a proxy, and is taken without a check")


def _hosts(asked: Asked) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, route in enumerate(asked.spec.get("routes") or ()):
        host, secret = str(route.get("hostname") or ""), str(route.get("secretName") or "")
        if host and host in seen:
            yield warning(f"routes[{place}].hostname", f"{cited(host)} is the host of two routes")
        if host != host.lower():
            yield warning(f"routes[{place}].hostname", f"{cited(host)} is refused in capitals by some releases")
        absent = [key for key in ("tls.crt", "tls.key") if key not in asked.around.secrets.get(secret, {})]
        if secret in asked.around.secrets and absent:
            sentence = f"the secret {cited(secret)} has no {' and no '.join(absent)}: the router's certificate is shown"
            yield warning(f"routes[{place}].secretName", sentence)
        seen.add(host)


def _log_level(asked: Asked) -> Iterator[Finding]:
    if asked.spec.get("logging") and asked.spec.get("logLevel", "") not in _QUIET:
        yield warning("logging", f"does nothing beside logLevel {asked.spec['logLevel']}")


def _unmanaged(asked: Asked) -> Iterator[Finding]:
    if asked.state != "Unmanaged" or not asked.current:
        return
    changed = sorted(
        key
        for key in {*asked.spec, *asked.current} - {"managementState"}
        if asked.spec.get(key) != asked.current.get(key)
    )
    if changed:
        sentence = f"Unmanaged applies nothing of what changes: {', '.join(map(cited, changed))}"
        yield warning("managementState", sentence)


DOUBTS: tuple[Callable[[Asked], Iterator[Finding]], ...] = (
    _removed,
    _unmanaged,
    _moved,
    _deletable,
    _empty_dir,
    _claim,
    _unknown_driver,
    _s3,
    _azure,
    _queues,
    _proxy,
    _hosts,
    _log_level,
)
