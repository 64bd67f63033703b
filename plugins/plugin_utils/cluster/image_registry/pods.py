# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server refuses of the pods that the operator would write: resources, and where they may run.

The registry's own CRD lets all of this through. Source: K8S pkg/apis/core/validation (ValidateResourceRequirements,
ValidateTolerations, validateAffinity, validateTopologySpreadConstraints).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from ..labels import is_key, is_subdomain, is_value
from ..openshift4.objects import cited
from .asked import part
from .validation import Mistake
from .values import quantity

_OF_CONTAINERS = ("cpu", "memory", "ephemeral-storage")
_HUGE = "hugepages-"
#: Names below such a domain are Kubernetes' own, and others are of devices; before theirs a quota writes a word.
_OWN_DOMAIN = "kubernetes.io/"
_OF_QUOTAS = "requests."
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_HONOR = ("Honor", "Ignore")
_DO_NOT_SCHEDULE = "DoNotSchedule"
#: First minor release (with Kubernetes 1.33) that takes a key both in matchLabelKeys of a spread and in its selector.
_MERGES = 20
_RULES = ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution")


def mistakes(spec: Mapping[str, Any], minor: int) -> Iterator[Mistake]:
    """Yield what is wrong with the pods of a specification that its schema took, for a minor release."""
    yield from _resources(part(spec, "resources"))
    yield from _labels("nodeSelector", part(spec, "nodeSelector"))
    for place, toleration in enumerate(spec.get("tolerations") or ()):
        yield from _toleration(f"tolerations[{place}]", toleration)
    yield from _affinity(part(spec, "affinity"))
    yield from _spread(spec.get("topologySpreadConstraints") or (), minor)


# --- resources ------------------------------------------------------------------------------------------------------


def _resources(resources: Mapping[str, Any]) -> Iterator[Mistake]:
    limits, requests = part(resources, "limits"), part(resources, "requests")
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            yield from _amount(f"resources.{kind}.{name}", name, amount)
    for name, amount in requests.items():
        path, ours, most = f"resources.requests.{name}", quantity(amount), quantity(limits.get(name))
        if _is_whole(name):
            if ours != most:
                limit = cited(limits[name]) if name in limits else "not there"
                yield Mistake(path, f"{cited(amount)} must be as much as the limit, which is {limit}")
        elif ours is not None and most is not None and ours > most:
            yield Mistake(path, f"{cited(amount)} is more than the limit {cited(limits[name])}")
    for place, claim in enumerate(resources.get("claims") or ()):
        yield Mistake(f"resources.claims[{place}]", f"the pods have no resource claim {cited(claim.get('name'))}")
    names = {*limits, *requests}
    if any(name.startswith(_HUGE) for name in names) and not names & {"cpu", "memory"}:
        yield Mistake("resources", "hugepages need cpu or memory beside them")


def _is_device(name: str) -> bool:
    return "/" in name and _OWN_DOMAIN not in name


def _is_whole(name: str) -> bool:
    """Say whether a resource is given to one pod alone, so that its request and its limit are one number."""
    return _is_device(name) or ("/" not in name and name.startswith(_HUGE))


def _amount(path: str, name: str, amount: Any) -> Iterator[Mistake]:
    number = quantity(amount)
    if "/" not in name and name not in _OF_CONTAINERS and not name.startswith(_HUGE):
        yield Mistake(path, f"{cited(name)!r} is not a resource of containers")
    elif not is_key(name):
        yield Mistake(path, f"{cited(name)!r} cannot be the name of a resource")
    elif _is_device(name) and (name.startswith(_OF_QUOTAS) or not is_key(_OF_QUOTAS + name)):
        yield Mistake(path, f"{cited(name)!r} cannot be the name of a device")
    elif number is None:
        return  # the operator cannot read it
    elif number < 0:
        yield Mistake(path, f"must be 0 or more, not {cited(amount)}")
    elif _is_device(name) and number.denominator != 1:
        yield Mistake(path, f"must be a whole number, not {cited(amount)}")
    elif name.startswith(_HUGE) and "/" not in name and not _is_in_pages(name, number):
        yield Mistake(path, f"must be a multiple of the size of a page, not {cited(amount)}")


def _is_in_pages(name: str, number: Fraction) -> bool:
    """Say whether an amount is whole pages of the size that the name of the resource ends with."""
    page = quantity(name.removeprefix(_HUGE))
    return page is not None and page > 0 and page.denominator == 1 and ceil(number) % page == 0


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
            yield from _node_term(f"{path}[{place}]", term, is_wish=False)
    for place, weighted in enumerate(node.get(preferred) or ()):
        where = f"affinity.nodeAffinity.{preferred}[{place}]"
        yield from _weight(where, weighted)
        yield from _node_term(f"{where}.preference", part(weighted, "preference"), is_wish=True)
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


def _node_term(path: str, term: Mapping[str, Any], is_wish: bool) -> Iterator[Mistake]:
    """Check a term about nodes. The values of a wish are not looked at: one that no label can have is taken."""
    for place, one in enumerate(term.get("matchExpressions") or ()):
        where = f"{path}.matchExpressions[{place}]"
        yield from _expression(where, one, ("Gt", "Lt"))
        if not is_wish:
            yield from _label_values(where, one)
    for place, one in enumerate(term.get("matchFields") or ()):
        where = f"{path}.matchFields[{place}]"
        if one.get("operator") not in ("In", "NotIn") or len(one.get("values") or ()) != 1:
            yield Mistake(where, "must compare with In or NotIn and one value")
        elif not is_subdomain(one["values"][0]):
            yield Mistake(f"{where}.values", f"{cited(one['values'][0])!r} cannot be the name of a node")
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


def _label_values(path: str, one: Mapping[str, Any]) -> Iterator[Mistake]:
    for value in one.get("values") or ():
        if not is_value(value):
            yield Mistake(f"{path}.values", f"{cited(value)!r} cannot be the value of a label")


def _selector(path: str, selector: Mapping[str, Any]) -> Iterator[Mistake]:
    yield from _labels(f"{path}.matchLabels", part(selector, "matchLabels"))
    for place, one in enumerate(selector.get("matchExpressions") or ()):
        where = f"{path}.matchExpressions[{place}]"
        yield from _expression(where, one)
        yield from _label_values(where, one)


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
    yield from _label_keys(f"{path}.matchLabelKeys", term, "mismatchLabelKeys", term.get("mismatchLabelKeys") or ())
    yield from _label_keys(f"{path}.mismatchLabelKeys", term)


def _spread(constraints: Any, minor: int) -> Iterator[Mistake]:
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
        said = () if minor >= _MERGES else _keys_of_selector(one)
        yield from _label_keys(f"{path}.matchLabelKeys", one, "labelSelector", said)


def _keys_of_selector(one: Mapping[str, Any]) -> set[Any]:
    selector = part(one, "labelSelector")
    return {item.get("key") for item in selector.get("matchExpressions") or ()} | {*part(selector, "matchLabels")}


def _label_keys(
    path: str, one: Mapping[str, Any], other: str = "", others: Collection[Any] = ()
) -> Iterator[Mistake]:
    """Check keys whose values the pod gives. path: of the list; others: keys of a field that must not be among them."""
    *_parents, field = path.split(".")
    keys = one.get(field) or ()
    if keys and one.get("labelSelector") is None:
        yield Mistake(path, "must not be there without labelSelector")
        return
    for key in keys:
        if not is_key(key):
            yield Mistake(path, f"{cited(key)!r} cannot be the key of a label")
        elif key in others:
            yield Mistake(path, f"{cited(key)!r} is in {other} too")
