# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server refuses of the pods that the operator would write: resources, and where they may run.

The registry's own CRD lets all of this through. Source: K8S pkg/apis/core/validation (ValidateResourceRequirements,
ValidateTolerations, validateAffinity, validateTopologySpreadConstraints).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..labels import is_key, is_subdomain, is_value
from ..openshift4.objects import cited
from .asked import part
from .validation import Mistake
from .values import quantity

_OF_CONTAINERS = ("cpu", "memory", "ephemeral-storage")
_HUGE = "hugepages-"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_HONOR = ("Honor", "Ignore")
_DO_NOT_SCHEDULE = "DoNotSchedule"
_RULES = ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution")


def mistakes(spec: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield what is wrong with the pods of a specification that its schema took."""
    yield from _resources(part(spec, "resources"))
    yield from _labels("nodeSelector", part(spec, "nodeSelector"))
    for place, toleration in enumerate(spec.get("tolerations") or ()):
        yield from _toleration(f"tolerations[{place}]", toleration)
    yield from _affinity(part(spec, "affinity"))
    yield from _spread(spec.get("topologySpreadConstraints") or ())


# --- resources ------------------------------------------------------------------------------------------------------


def _resources(resources: Mapping[str, Any]) -> Iterator[Mistake]:
    limits, requests = part(resources, "limits"), part(resources, "requests")
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            yield from _amount(f"resources.{kind}.{name}", name, amount)
    for name, amount in requests.items():
        path, ours, most = f"resources.requests.{name}", quantity(amount), quantity(limits.get(name))
        if name in _OF_CONTAINERS:
            if ours is not None and most is not None and ours > most:
                yield Mistake(path, f"{cited(amount)} is more than the limit {cited(limits[name])}")
        elif _is_countable(name) and ours != most:
            limit = cited(limits[name]) if name in limits else "not there"
            yield Mistake(path, f"{cited(amount)} must be as much as the limit, which is {limit}")
    for place, claim in enumerate(resources.get("claims") or ()):
        yield Mistake(f"resources.claims[{place}]", f"the pods have no resource claim {cited(claim.get('name'))}")
    names = {*limits, *requests}
    if any(name.startswith(_HUGE) for name in names) and not names & {"cpu", "memory"}:
        yield Mistake("resources", "hugepages need cpu or memory beside them")


def _is_countable(name: str) -> bool:
    """Say whether a resource is given to one pod in whole pieces: devices, and huge pages."""
    return "/" in name or name.startswith(_HUGE)


def _amount(path: str, name: str, amount: Any) -> Iterator[Mistake]:
    number = quantity(amount)
    if name not in _OF_CONTAINERS and not _is_countable(name):
        yield Mistake(path, f"{cited(name)!r} is not a resource of containers")
    elif not is_key(name):
        yield Mistake(path, f"{cited(name)!r} cannot be the name of a resource")
    elif number is not None and number < 0:
        yield Mistake(path, f"must be 0 or more, not {cited(amount)}")
    elif number is not None and number.denominator != 1 and name not in _OF_CONTAINERS:
        yield Mistake(path, f"must be a whole number, not {cited(amount)}")


# --- where pods may run ---------------------------------------------------------------------------------------------


def _labels(path: str, pairs: Mapping[str, Any]) -> Iterator[Mistake]:
    for key, value in pairs.items():
        if not is_key(key):
            yield Mistake(path, f"{cited(key)!r} cannot be the key of a label")
        if not is_value(value):
            yield Mistake(f"{path}.{key}", f"{cited(value)!r} cannot be the value of a label")


def _toleration(path: str, toleration: Mapping[str, Any]) -> Iterator[Mistake]:
    key, operator, effect = (str(toleration.get(name) or "") for name in ("key", "operator", "effect"))
    value = str(toleration.get("value") or "")
    if key and not is_key(key):
        yield Mistake(f"{path}.key", f"{cited(key)!r} cannot be the key of a taint")
    if not key and operator != "Exists":
        yield Mistake(f"{path}.operator", "must be Exists when there is no key")
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        yield Mistake(f"{path}.effect", "must be NoExecute with tolerationSeconds")
    if operator == "Exists" and value:
        yield Mistake(f"{path}.value", "must be empty with operator Exists")
    elif operator in ("Equal", "") and not is_value(value):
        yield Mistake(f"{path}.value", f"{cited(value)!r} cannot be the value of a taint")
    elif operator not in ("Equal", "Exists", ""):
        yield Mistake(f"{path}.operator", f"must be Equal or Exists, not {cited(operator)!r}")
    if effect and effect not in _EFFECTS:
        yield Mistake(f"{path}.effect", f"must be one of {', '.join(_EFFECTS)}, not {cited(effect)!r}")


def _affinity(affinity: Mapping[str, Any]) -> Iterator[Mistake]:
    required, preferred = _RULES
    node = part(affinity, "nodeAffinity")
    path = f"affinity.nodeAffinity.{required}.nodeSelectorTerms"
    if required in node:
        terms = part(node, required).get("nodeSelectorTerms") or ()
        if not terms:
            yield Mistake(path, "must have a term")
        for place, term in enumerate(terms):
            yield from _node_term(f"{path}[{place}]", term)
    for place, weighted in enumerate(node.get(preferred) or ()):
        where = f"affinity.nodeAffinity.{preferred}[{place}]"
        yield from _weight(where, weighted)
        yield from _node_term(f"{where}.preference", part(weighted, "preference"))
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = part(affinity, kind)
        for place, term in enumerate(terms.get(required) or ()):
            yield from _pod_term(f"affinity.{kind}.{required}[{place}]", term)
        for place, weighted in enumerate(terms.get(preferred) or ()):
            where = f"affinity.{kind}.{preferred}[{place}]"
            yield from _weight(where, weighted)
            yield from _pod_term(f"{where}.podAffinityTerm", part(weighted, "podAffinityTerm"))


def _weight(path: str, weighted: Mapping[str, Any]) -> Iterator[Mistake]:
    if not 1 <= weighted.get("weight", 0) <= 100:
        yield Mistake(f"{path}.weight", f"must be 1 to 100, not {cited(weighted.get('weight'))}")


def _node_term(path: str, term: Mapping[str, Any]) -> Iterator[Mistake]:
    for place, one in enumerate(term.get("matchExpressions") or ()):
        yield from _expression(f"{path}.matchExpressions[{place}]", one, ("Gt", "Lt"))
    for place, one in enumerate(term.get("matchFields") or ()):
        where = f"{path}.matchFields[{place}]"
        if one.get("operator") not in ("In", "NotIn") or len(one.get("values") or ()) != 1:
            yield Mistake(where, "must compare with In or NotIn and one value")
        if one.get("key") != "metadata.name":
            yield Mistake(f"{where}.key", f"must be metadata.name, not {cited(one.get('key'))!r}")


def _expression(path: str, one: Mapping[str, Any], more: tuple[str, ...] = ()) -> Iterator[Mistake]:
    """Check a part of a selector. more: operators that nodes have and pods do not."""
    operator, values = str(one.get("operator")), one.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            yield Mistake(f"{path}.values", f"must have a value with operator {operator}")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield Mistake(f"{path}.values", f"must have no value with operator {operator}")
    elif operator in more:
        if len(values) != 1:
            yield Mistake(f"{path}.values", f"must have one value with operator {operator}")
    else:
        yield Mistake(f"{path}.operator", f"{cited(operator)!r} is not an operator here")
    if not is_key(str(one.get("key") or "")):
        yield Mistake(f"{path}.key", f"{cited(one.get('key'))!r} cannot be the key of a label")
    for value in values:
        if not is_value(value):
            yield Mistake(f"{path}.values", f"{cited(value)!r} cannot be the value of a label")


def _selector(path: str, selector: Mapping[str, Any]) -> Iterator[Mistake]:
    yield from _labels(f"{path}.matchLabels", part(selector, "matchLabels"))
    for place, one in enumerate(selector.get("matchExpressions") or ()):
        yield from _expression(f"{path}.matchExpressions[{place}]", one)


def _pod_term(path: str, term: Mapping[str, Any]) -> Iterator[Mistake]:
    for selector in ("labelSelector", "namespaceSelector"):
        yield from _selector(f"{path}.{selector}", part(term, selector))
    for name in term.get("namespaces") or ():
        if not is_subdomain(name) or "." in name:
            yield Mistake(f"{path}.namespaces", f"{cited(name)!r} cannot be the name of a namespace")
    key = str(term.get("topologyKey") or "")
    if not is_key(key):
        sentence = f"{cited(key)!r} cannot be the key of a label" if key else "must name a label of the nodes"
        yield Mistake(f"{path}.topologyKey", sentence)


def _spread(constraints: Any) -> Iterator[Mistake]:
    seen = set()
    for place, one in enumerate(constraints):
        path, when = f"topologySpreadConstraints[{place}]", one.get("whenUnsatisfiable")
        if one.get("maxSkew", 0) <= 0:
            yield Mistake(f"{path}.maxSkew", f"must be 1 or more, not {cited(one.get('maxSkew'))}")
        if not one.get("topologyKey"):
            yield Mistake(f"{path}.topologyKey", "must name a label of the nodes")
        if when not in (_DO_NOT_SCHEDULE, "ScheduleAnyway"):
            sentence = f"must be {_DO_NOT_SCHEDULE} or ScheduleAnyway, not {cited(when)!r}"
            yield Mistake(f"{path}.whenUnsatisfiable", sentence)
        if (one.get("topologyKey"), when) in seen:
            yield Mistake(path, "is there twice with this topologyKey and whenUnsatisfiable")
        seen.add((one.get("topologyKey"), when))
        domains = one.get("minDomains")
        if domains is not None and (domains <= 0 or when != _DO_NOT_SCHEDULE):
            yield Mistake(f"{path}.minDomains", f"must be 1 or more, and only with {_DO_NOT_SCHEDULE}")
        for policy in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if one.get(policy) is not None and one[policy] not in _HONOR:
                yield Mistake(f"{path}.{policy}", f"must be Honor or Ignore, not {cited(one[policy])!r}")
        yield from _selector(f"{path}.labelSelector", part(one, "labelSelector"))
        yield from _label_keys(path, one)


def _label_keys(path: str, one: Mapping[str, Any]) -> Iterator[Mistake]:
    keys, selector = one.get("matchLabelKeys") or (), one.get("labelSelector")
    if keys and selector is None:
        yield Mistake(f"{path}.matchLabelKeys", "must not be there without labelSelector")
    said = {*part(one, "labelSelector", "matchLabels")}
    said |= {expression.get("key") for expression in part(one, "labelSelector").get("matchExpressions") or ()}
    for key in keys:
        if not is_key(key):
            yield Mistake(f"{path}.matchLabelKeys", f"{cited(key)!r} cannot be the key of a label")
        elif key in said:
            yield Mistake(f"{path}.matchLabelKeys", f"{cited(key)!r} is in labelSelector too")
