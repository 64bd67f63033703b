# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""policy.json: turning "nothing but these registries" into scopes of the docker transport, and back.

Source of the rules: containers/image docs/containers-policy.json.5.md. The most specific scope wins and nothing is
merged, so the scope "" of the docker transport is what everything unnamed falls back to; other transports (archives,
local storage) never look at it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..formats import FormatError, json_text
from ..problems import Problem, one_line
from .names import Scopes
from .references import Reference
from .signature_requirements import problem

PATH = "/etc/containers/policy.json"

Requirements = list[dict[str, Any]]

ACCEPT: Requirements = [{"type": "insecureAcceptAnything"}]
REJECT: Requirements = [{"type": "reject"}]

_ALL_DOCKER = ""


class SignaturePolicyProblem(Problem):
    """Why the engines would refuse this policy.json."""


@dataclass
class Restriction:
    """A document with our allow-list in it. record: scopes added and the requirements of scopes replaced by us."""

    document: dict[str, Any]
    record: dict[str, Any]
    path: str = PATH
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(text: str, name: str = PATH) -> dict[str, Any]:
    """Return a file as the engines load it. Raises SignaturePolicyProblem naming the file."""
    try:
        return check(json_text.parse(text))
    except (FormatError, SignaturePolicyProblem) as error:
        raise SignaturePolicyProblem(one_line(f"{name}: {error}")) from None


def check(document: Any) -> dict[str, Any]:
    """Return the document itself when the engines would load it. Raises SignaturePolicyProblem otherwise."""
    if not isinstance(document, dict):
        raise SignaturePolicyProblem("is not a JSON object")
    if unknown := sorted(set(document) - {"default", "transports"}):
        raise SignaturePolicyProblem(f"has the unknown key '{unknown[0]}', with which the engines refuse the file")
    if "default" not in document:
        raise SignaturePolicyProblem("has no 'default', without which the engines refuse the file")
    _check_requirements("default", document["default"])
    transports = document.get("transports", {})
    if not isinstance(transports, dict) or not all(isinstance(scopes, dict) for scopes in transports.values()):
        raise SignaturePolicyProblem("'transports' must map transports to scopes")
    for transport, scopes in transports.items():
        for scope, requirements in scopes.items():
            _check_requirements(f"{transport} '{scope}'", requirements)
    return document


def lift(document: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document without what we recorded as ours. What somebody changed since is theirs and stays.

    The allow-list came last, so it goes first; then what must be signed (`signed` in the record).
    """
    lifted = copy.deepcopy(dict(document))
    _take_back(lifted, record, dict.fromkeys(record.get("replaced", {}), REJECT))
    signed = record.get("signed", {})
    _take_back(lifted, signed, signed.get("written", {}))
    return lifted


def _take_back(document: dict[str, Any], record: Mapping[str, Any], written: Mapping[str, Requirements]) -> None:
    """Remove what was added and put back what was replaced. written: what we put in place of what was replaced."""
    scopes = document.get("transports", {}).get("docker", {})
    for scope, ours in record.get("added", {}).items():
        if scopes.get(scope) == ours:
            del scopes[scope]
    for scope, before in record.get("replaced", {}).items():
        if scope in written and scopes.get(scope) == written[scope]:
            scopes[scope] = before
    if not scopes and record.get("transport_added"):
        document["transports"].pop("docker", None)
        if not document["transports"] and record.get("transports_added"):
            del document["transports"]


def demand(lifted: Mapping[str, Any], signed: Mapping[str, dict[str, Any]], exact: bool, path: str) -> Restriction:
    """Demand signatures of images of these scopes.

    lifted: the document as others left it. signed: scope → requirement. exact: whether another demand of others for the
    same scope is replaced, until ours is lifted; else it is refused.
    """
    document = copy.deepcopy(dict(lifted))
    record: dict[str, Any] = {"added": {}, "replaced": {}, "written": {}}
    result = Restriction(document, record, path)
    scopes = _docker_scopes(result)
    theirs = dict(scopes)
    for scope, requirement in signed.items():
        there, wanted = theirs.get(scope), [requirement]
        if there is not None and there not in (ACCEPT, wanted) and not exact:
            result.refusals.append(
                f"{path} says of '{scope}' already: {_types(there)}, and not as signatures has it; take that away, or "
                "set mode to exact"
            )
        elif there != wanted:
            _set(result, scope, theirs, wanted)
            if there is not None:
                record["written"][scope] = wanted
    asked = Scopes(signed, inside_scope)
    for scope, there in theirs.items():
        above = next((one for one in asked.all_covering(scope) if one != scope), None)
        if above and ACCEPT[0] in there:
            result.warnings.append(f"{path} accepts '{scope}' without a signature, which is inside '{above}'; it stays")
    return result


def _docker_scopes(result: Restriction) -> dict[str, Requirements]:
    """Return the scopes of docker's transport, made where there are none, which is recorded."""
    document, record = result.document, result.record
    record["transports_added"] = "transports" not in document
    transports = document.setdefault("transports", {})
    record["transport_added"] = "docker" not in transports
    scopes: dict[str, Requirements] = transports.setdefault("docker", {})
    return scopes


def restrict(lifted: Mapping[str, Any], allowed: Iterable[str], foreign_scopes: str, path: str = PATH) -> Restriction:
    """Let only ``allowed`` be pulled over the docker transport. path: the file, for sentences about it.

    lifted: the document as others left it. foreign_scopes: what becomes of a scope of theirs that accepts something
    outside the allow-list: fail, reject or keep. Requirements of allowed scopes (signedBy, sigstoreSigned) stay.
    """
    document = copy.deepcopy(dict(lifted))
    record: dict[str, Any] = {"added": {}, "replaced": {}}
    result = Restriction(document, record, path)
    theirs = dict(_docker_scopes(result))
    for scope in allowed:
        _allow(scope, theirs, document["default"], result)
    asked = Scopes(allowed, inside_scope)
    for scope in theirs:
        if scope and asked.covering(scope) is None:
            _refuse_outside(scope, theirs[scope], foreign_scopes, result)
    _set(result, _ALL_DOCKER, theirs, REJECT)
    return result


def inside_scope(scope: str, other: str) -> bool:
    """True when every image in the scope ``other`` is found through ``scope`` (or something narrower)."""
    if scope.startswith("*."):
        host = other.split("/")[0].split(":")[0]
        return host.endswith(scope[1:])
    return (
        other == scope
        or other.startswith((scope + "/", scope + "@"))
        or ("/" in scope and other.startswith(scope + ":"))
    )


def requirements_for(document: Mapping[str, Any], reference: Reference) -> tuple[str | None, Requirements]:
    """Return (scope, requirements) that decide about an image; the scope is None for the default."""
    scopes = document.get("transports", {}).get("docker", {})
    return _first(image_lookup_order(reference), scopes, document["default"])


def image_lookup_order(reference: Reference) -> list[str]:
    """Keys of the docker transport that decide about an image, most specific first.

    The digest alone identifies an image with tag and digest: podman and CRI-O drop the tag, skopeo refuses both.
    Source: containers/image docker/policyconfiguration/naming.go.
    """
    identity = f"{reference.name}@{reference.digest}" if reference.digest else f"{reference.name}:{reference.tag}"
    return [identity, *_lookup_order(reference.name)]


def _nearest(name: str, scopes: Mapping[str, Requirements], default: Requirements) -> tuple[str | None, Requirements]:
    return _first(_lookup_order(name), scopes, default)


def _first(
    order: Iterable[str], scopes: Mapping[str, Requirements], default: Requirements
) -> tuple[str | None, Requirements]:
    for scope in order:
        if scope in scopes:
            return scope, scopes[scope]
    return None, default


def _lookup_order(name: str) -> list[str]:
    """List the scopes, most specific first: the name, its parents, the registry, wildcards of its domains."""
    order = [name]
    while "/" in name:
        name = name.rsplit("/", 1)[0]
        order.append(name)
    host = name.split(":")[0]
    host = host.removeprefix("*.") if host.startswith("*.") else host.partition(".")[2]
    while host:
        order.append("*." + host)
        host = host.partition(".")[2]
    return [*order, _ALL_DOCKER]


def _allow(scope: str, theirs: Mapping[str, Requirements], default: Requirements, result: Restriction) -> None:
    found, requirements = _nearest(scope, theirs, default)
    rejected = _rejects(requirements)
    if rejected and found:  # a scope somebody named, not the general "" or default
        result.refusals.append(f"{result.path} rejects '{found}' on purpose, while the policy allows '{scope}'")
    elif found == scope:
        if requirements != ACCEPT:
            result.notes.append(f"{result.path}: '{scope}' keeps its requirement ({_types(requirements)})")
    else:
        if not rejected and requirements != ACCEPT:
            result.notes.append(
                f"{result.path}: '{scope}' takes over the requirement of '{found or 'default'}' "
                f"({_types(requirements)})"
            )
        _set(result, scope, theirs, ACCEPT if rejected else copy.deepcopy(requirements))


def _refuse_outside(scope: str, requirements: Requirements, foreign_scopes: str, result: Restriction) -> None:
    if _rejects(requirements):
        return
    said = f"{result.path} accepts '{scope}' ({_types(requirements)}), which is outside the allow-list"
    if foreign_scopes == "fail":
        result.refusals.append(f"{said}; allow it, remove it, or set foreign_scopes to reject or keep")
    elif foreign_scopes == "keep":
        result.warnings.append(f"{said}; it is kept, as foreign_scopes says")
    else:
        result.record["replaced"][scope] = requirements
        result.document["transports"]["docker"][scope] = REJECT


def _set(result: Restriction, scope: str, theirs: Mapping[str, Requirements], requirements: Requirements) -> None:
    if theirs.get(scope) == requirements:
        return
    if scope in theirs:
        result.record["replaced"][scope] = theirs[scope]
    else:
        result.record["added"][scope] = requirements
    result.document["transports"]["docker"][scope] = requirements


def _rejects(requirements: Requirements) -> bool:
    """Return whether one of the requirements rejects; all have to pass."""
    return any(requirement.get("type") == "reject" for requirement in requirements)


def _types(requirements: Requirements) -> str:
    return ", ".join(str(requirement.get("type")) for requirement in requirements)


def _check_requirements(where: str, requirements: Any) -> None:
    if not isinstance(requirements, list) or not requirements:
        raise SignaturePolicyProblem(f"{where} has no requirement; the engines take an empty list for a mistake")
    for requirement in requirements:
        if reason := problem(requirement):
            raise SignaturePolicyProblem(f"{where} {reason}")
