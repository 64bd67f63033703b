# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operator refuses of a specification that the API server stored, in the order in which it looks.

Sources: CIRO pkg/operator/controller.go (sync), complete.go (verifyResource), pkg/resource/generator.go (Apply),
podtemplatespec.go, deployment.go and route.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..labels import is_key, is_subdomain
from ..openshift4.objects import cited, kind_of
from . import STORAGE_NOT_CONFIGURED, UNOBSERVED, VERIFICATION_FAILED, Finding, backends, pods, refusal, warning
from .asked import BACKENDS, Asked, part
from .asked import backends as backends_of
from .surroundings import NAMESPACE
from .validation import Schema
from .values import duration, quantity

DEFAULT_ROUTE = "default-route"
_INT32 = 2**31
_LONGEST_HOST = 253
#: The pattern of spec.host in the CRD of routes.route.openshift.io.
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][-a-zA-Z0-9]{0,61}[a-zA-Z0-9])"
_HOST = re.compile(rf"{_HOST_PART}(?:\.{_HOST_PART})*")


def unreadable(value: Any, schema: Schema, path: str = "") -> Iterator[Finding]:
    """Yield what the API server stores and the operator cannot read: it then sees nothing of the specification.

    Numbers beyond the 32 bits of their field, durations in days, and quantities with a broken exponent.
    """
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from unreadable(item, schema["items"], f"{path}[{place}]")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if inner is not None:
                yield from unreadable(item, inner, f"{path}.{key}" if path else key)
    elif schema.get("format") == "int32" and not -_INT32 <= value < _INT32:
        yield refusal(path, f"{value} does not fit in 32 bits, and the operator sees nothing of this", UNOBSERVED)
    elif schema.get("format") == "duration" and duration(value) is None:
        sentence = f"{cited(value)!r} is not a duration such as 30s or 24h, and the operator sees nothing of this"
        yield refusal(path, sentence, UNOBSERVED)
    elif schema.get("x-kubernetes-int-or-string") and quantity(value) is None:
        sentence = f"{cited(value)!r} is not a quantity such as 1.5Gi, and the operator sees nothing of this"
        yield refusal(path, sentence, UNOBSERVED)


def in_state(asked: Asked) -> Iterator[Finding]:
    """Yield the findings for the state of the registry that is asked for; only Managed is looked at further."""
    if asked.state == "Managed":
        for check in CHECKS:
            yield from check(asked)
    elif asked.state == "Removed":
        counted = backends_of(asked.storage, asked.minor)
        if len(counted) > 1:
            yield warning("storage", f"nothing is removed until only one of {', '.join(counted)} is left")
    elif asked.state != "Unmanaged":
        state = asked.state or "no state"
        yield warning("managementState", f"{state} is ignored without a word: nothing of the specification is applied")


def _verified(asked: Asked) -> Iterator[Finding]:
    if asked.replicas < 0:
        yield refusal("replicas", f"must be 0 or more, not {asked.replicas}", VERIFICATION_FAILED)
    seen = {DEFAULT_ROUTE}
    for place, route in enumerate(asked.spec.get("routes") or ()):
        name = route.get("name")
        if name in seen:
            what = "is the operator's own" if name == DEFAULT_ROUTE else "is used twice"
            yield refusal(f"routes[{place}].name", f"the name {cited(name)} {what}", VERIFICATION_FAILED)
        seen.add(name)


def _storage(asked: Asked) -> Iterator[Finding]:
    counted = backends_of(asked.storage, asked.minor)
    if len(counted) > 1:
        names = " ".join(BACKENDS[key] for key in counted)
        yield refusal("storage", f"exactly one backend must be there, and these are: {names}; null removes one")
        return
    backend, config = asked.taken
    if backend is None:
        sentence = f"names no backend, and the platform {cited(asked.around.platform)} has none of its own"
        yield refusal("storage", sentence, STORAGE_NOT_CONFIGURED)
    elif backend == "pvc" and _is_in_use(config, asked):
        yield from _claim_in_use(config, asked)
    elif backend == "swift" and not counted and backends.can_ask_cloud(asked):
        return  # whether the cloud has Swift is only known there
    else:
        yield from backends.check(backend, config, asked)


def _is_in_use(config: Mapping[str, Any], asked: Asked) -> bool:
    """Say whether the operator serves from this claim already: it then only looks whether it is still there."""
    storage = part(asked.current, "storage")
    if asked.current.get("managementState") != "Managed" or backends_of(storage, asked.minor) != ["pvc"]:
        return False
    before = Asked(asked.current, {}, asked.around, asked.minor)
    same = bool(config.get("claim")) and part(storage, "pvc").get("claim") == config["claim"]
    refused = [one for check in (_verified, _storage) for one in check(before) if one.reason]
    return same and not refused and config["claim"] in asked.around.claims


def _claim_in_use(config: Mapping[str, Any], asked: Asked) -> Iterator[Finding]:
    for one in backends.check("pvc", config, asked):
        yield warning(one.path, f"{one.sentence}; the operator does not look again at a claim in use")


def _requests(asked: Asked) -> Iterator[Finding]:
    for kind in ("read", "write"):
        limits = part(asked.spec, "requests", kind)
        for key in ("maxRunning", "maxInQueue"):
            if (limits.get(key) or 0) < 0:
                yield refusal(f"requests.{kind}.{key}", f"must be 0 or more, not {limits[key]}")


def _overrides(asked: Asked) -> Iterator[Finding]:
    """Check the two overrides that the operator reads. CIRO pkg/resource/configoverrides.go."""
    path = "unsupportedConfigOverrides.deployment"
    found = _field(part(asked.spec, "unsupportedConfigOverrides"), "deployment")
    if found is None:
        return
    if not isinstance(found, Mapping):
        yield refusal(path, f"must be a mapping, not {kind_of(found)}")
        return
    annotations, runtime = _field(found, "annotations"), _field(found, "runtimeClassName")
    if annotations is not None and not isinstance(annotations, Mapping):
        yield refusal(f"{path}.annotations", f"must be a mapping, not {kind_of(annotations)}")
        annotations = None
    for key, value in (annotations or {}).items():
        if value is not None and not isinstance(value, str):
            yield refusal(f"{path}.annotations.{key}", f"must be text, not {kind_of(value)}")
        elif not is_key(str(key).lower()):
            yield refusal(f"{path}.annotations", f"{cited(key)!r} cannot be the key of an annotation")
    if runtime is not None and not (isinstance(runtime, str) and is_subdomain(runtime)):
        yield refusal(f"{path}.runtimeClassName", f"must be the name of a RuntimeClass, not {cited(runtime)!r}")


def _field(holder: Mapping[str, Any], name: str) -> Any:
    """Return a field as Go's JSON finds it: its own spelling first, then any other."""
    others = (value for key, value in holder.items() if str(key).lower() == name.lower())
    return holder[name] if name in holder else next(others, None)


def _pods(asked: Asked) -> Iterator[Finding]:
    if asked.replicas == 0 and asked.spec.get("rolloutStrategy") != "Recreate":
        yield refusal("replicas", "0 replicas need rolloutStrategy Recreate: maxUnavailable would be -1")
    yield from (refusal(*mistake) for mistake in pods.mistakes(asked.spec, asked.minor))


def _routes(asked: Asked) -> Iterator[Finding]:
    for place, route in enumerate(asked.spec.get("routes") or ()):
        path, name, host = f"routes[{place}]", str(route.get("name")), str(route.get("hostname") or "")
        secret = route.get("secretName")
        if secret and secret not in asked.around.secrets:
            yield refusal(f"{path}.secretName", f"the secret {NAMESPACE}/{cited(secret)} does not exist")
        if not is_subdomain(name):
            yield refusal(f"{path}.name", f"{cited(name)!r} cannot be the name of a route")
        if host and (len(host) > _LONGEST_HOST or not _HOST.fullmatch(host)):
            yield refusal(f"{path}.hostname", f"{cited(host)!r} cannot be the host of a route")


#: In the order in which the operator looks; it stops at the first that refuses.
CHECKS: tuple[Callable[[Asked], Iterator[Finding]], ...] = (
    _verified,
    _storage,
    _requests,
    _overrides,
    _pods,
    _routes,
)
