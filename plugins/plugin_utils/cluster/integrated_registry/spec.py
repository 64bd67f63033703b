# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options become a patch of the registry's spec: merged over what is there, or exact; what is not said stays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...policy.word import PolicyError
from ..api import Manifest, at
from ..image_registry import validation
from ..image_registry.asked import BACKENDS, part
from ..marks import noted, our_entries, together

#: Option → field of the spec, for those that are values.
VALUES: Mapping[str, str] = {
    "state": "managementState",
    "log_level": "logLevel",
    "operator_log_level": "operatorLogLevel",
    "logging": "logging",
    "replicas": "replicas",
    "read_only": "readOnly",
    "disable_redirect": "disableRedirect",
    "default_route": "defaultRoute",
    "rollout_strategy": "rolloutStrategy",
}
#: The same for mappings, whose keys are the API's.
MAPPINGS: Mapping[str, str] = {
    "requests": "requests",
    "registry_proxy": "proxy",
    "node_selector": "nodeSelector",
    "affinity": "affinity",
    "resources": "resources",
}
#: The same for lists of mappings.
LISTS: Mapping[str, str] = {"tolerations": "tolerations", "topology_spread_constraints": "topologySpreadConstraints"}
_STATE = "managementState"
#: Of which the schema says what are durations and amounts; all releases agree on that.
_RELEASE = 18
#: Backend → the keys of its configuration that name a place which was there before.
_PLACES: Mapping[str, tuple[str, ...]] = {
    "s3": ("bucket", "regionEndpoint"), "gcs": ("bucket",), "azure": ("accountName", "container"),
    "swift": ("container", "authURL"), "ibmcos": ("bucket",), "oss": ("bucket",), "pvc": ("claim",), "emptyDir": (),
}  # fmt: skip
#: Of these, the addresses: without one, the store is that of the platform.
_ADDRESSES = ("regionEndpoint", "authURL")
#: Backend → the keys that stay beside what is said to be exact, because the operator fills in others than these.
_NEVER_FILLED: Mapping[str, tuple[str, ...]] = {
    "s3": ("regionEndpoint", "encrypt", "keyID", "chunkSizeMiB", "virtualHostedStyle", "trustedCA", "cloudFront"),
    "gcs": ("keyID",),
}


def read_storage(given: Any) -> dict[str, Any] | None:
    """Read the option storage: {backend: configuration}, and if wanted managementState. Raises PolicyError."""
    if given is None:
        return None
    named = [key for key in BACKENDS if key in given]
    if not named:
        known = ", ".join(BACKENDS)
        raise PolicyError("storage", ", ".join(map(str, given)) or "{}", f"names no backend; the backends are {known}")
    if len(named) > 1:
        raise PolicyError("storage", " and ".join(named), "are two backends, and a registry has one")
    if other := next((key for key in given if key not in (*BACKENDS, _STATE)), None):
        raise PolicyError("storage", str(other), "is not a backend")
    config = given[named[0]]
    if config is not None and not isinstance(config, Mapping):
        raise PolicyError("storage", f"{named[0]}: {config}", "is not a mapping")
    return {**given, named[0]: dict(config or {})}


def backend_of(storage: Any) -> str:
    """Return the backend that a storage names, "" when there is none or more than one."""
    found = [key for key in BACKENDS if isinstance(storage, Mapping) and storage.get(key) is not None]
    return found[0] if len(found) == 1 else ""


def spec_patch(config: Manifest, options: Mapping[str, Any], exact: bool) -> dict[str, Any]:
    """Return the merge patch of Config/cluster, {} when nothing is said of its spec."""
    have: Mapping[str, Any] = at(config, "spec") or {}
    spec: dict[str, Any] = {key: options[name] for name, key in VALUES.items() if options[name] is not None}
    for name, key in MAPPINGS.items():
        if options[name] is not None:
            schema = _schema()["properties"][key]
            spec[key] = _exactly(have.get(key), options[name], schema) if exact else options[name]
    ours = our_entries(config)
    for name, key in LISTS.items():
        if options[name] is not None:
            spec[key] = _shared(have.get(key) or (), options[name], ours, key, exact) or None
    if options["routes"] is not None:
        spec["routes"] = _routes(have.get("routes") or (), options["routes"], ours, exact) or None
    if options["storage"] is not None:
        spec["storage"] = storage_patch(have.get("storage"), options["storage"], exact)
        if have.get(_STATE) == "Removed" and not backend_of(have.get("storage")) and options["state"] is None:
            spec[_STATE] = "Managed"  # a platform without storage starts as Removed
    spec = validation.as_there(spec, have, _schema())
    metadata = noted(config, ours if ours != our_entries(config) else None)
    return {**({"metadata": metadata} if metadata else {}), "spec": spec} if spec else {}


def storage_patch(have: Any, asked: Mapping[str, Any], exact: bool) -> dict[str, Any]:
    """Return the patch of the storage: the old backend goes, and what a person made is never the operator's to delete.

    The operator leaves a filled in Managed behind when the backend changes; a later Removed would then delete the new
    one (reference/registry-operator.md, Observed 4).
    """
    before: Mapping[str, Any] = have if isinstance(have, Mapping) else {}
    backend = backend_of(asked)
    patch: dict[str, Any] = {key: None for key in BACKENDS if key != backend and before.get(key) is not None}
    patch[backend] = {**dict.fromkeys(_surplus(before, asked) if exact else ()), **asked[backend]}
    if asked.get(_STATE) is not None:
        patch[_STATE] = asked[_STATE]
    elif is_another_place(before, asked):
        exists = any(asked[backend].get(key) for key in _PLACES[backend] if key not in _ADDRESSES)
        patch[_STATE] = "Unmanaged" if exists else None
    return patch


def is_another_place(before: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Say whether images would be kept at another place than now."""
    backend = backend_of(asked)
    now = before.get(backend)
    if not isinstance(now, Mapping):
        return True
    said: Mapping[str, Any] = asked[backend]
    return any(
        said[key] != now.get(key)
        for key in _PLACES[backend]
        if said.get(key) or (key in _ADDRESSES and key in said and now.get(key))
    )


def left_over(before: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return the keys of the place before that are not given for another one of the same backend."""
    return _unsaid(before, asked, part(before, backend_of(asked))) if is_another_place(before, asked) else []


def _surplus(before: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return the keys that go where a storage is to be exactly as it is said.

    Of the same place those stay that the operator may have filled in: it would do so again at once.
    """
    return left_over(before, asked) or _unsaid(before, asked, _NEVER_FILLED.get(backend_of(asked), ()))


def _unsaid(before: Mapping[str, Any], asked: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    backend = backend_of(asked)
    now, schema = part(before, backend), part(_schema(), "properties", "storage", "properties", backend, "properties")
    left = [key for key in keys if key not in asked[backend]]
    return [key for key in left if not validation.is_unsaid(now.get(key), schema.get(key, {}))]


def _exactly(have: Any, wanted: Mapping[str, Any], schema: validation.Schema) -> dict[str, Any] | None:
    """Return a merge patch by which a mapping becomes exactly the wanted one."""
    there: Mapping[str, Any] = have if isinstance(have, Mapping) else {}
    if not wanted:
        return None
    fields, others = part(schema, "properties"), part(schema, "additionalProperties")
    unsaid = {key for key, one in there.items() if key in fields and validation.is_unsaid(one, fields[key])}
    inner = {
        key: _exactly(there.get(key), value, fields.get(key, others)) if isinstance(value, Mapping) and value else value
        for key, value in wanted.items()
    }
    return {**dict.fromkeys(key for key in there if key not in wanted and key not in unsaid), **inner}


def _schema() -> validation.Schema:
    return validation.schema_of(_RELEASE)


def _shared(have: Iterable[Any], wanted: Iterable[Any], ours: dict[str, list[str]], key: str, exact: bool) -> list[Any]:
    """Return a list with our entries: theirs alone when exact, beside those of others when merged."""
    texts = [json.dumps(one, sort_keys=True) for one in wanted]
    before, ours[key] = ours.get(key, []), texts
    there = [json.dumps(one, sort_keys=True) for one in have]
    return [json.loads(text) for text in (texts if exact else together(there, before, texts))]


def _routes(
    have: Iterable[Any], wanted: Iterable[Mapping[str, Any]], ours: dict[str, list[str]], exact: bool
) -> list[Any]:
    """Return the routes, each known by its name; those of others keep their place."""
    present = {str(one["name"]): _route(one) for one in wanted if one["state"] == "present"}
    absent = {str(one["name"]) for one in wanted if one["state"] == "absent"}
    there = {} if exact else {str(at(one, "name")): one for one in have}
    before, ours["routes"] = ours.get("routes", []), sorted(present)
    names = [name for name in together(there, before, present) if name not in absent]
    return [present.get(name) or there[name] for name in names]


def _route(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"name": given["name"], "hostname": given.get("hostname"), "secretName": given.get("secret_name")}
    return {key: value for key, value in names.items() if value}
