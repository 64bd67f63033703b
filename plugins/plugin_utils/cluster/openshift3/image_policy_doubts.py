# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an ImagePolicyConfig means that its author hardly wanted: the plug-in loads it, and says nothing.

Facts: observed on the real plug-in, release by release; see docs/image_policy.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...references import shown
from . import Finding, image_policy, refuse, warn
from .admission import Found, judge
from .decoding import DecodingProblem
from .image_names import ImageName
from .image_policy import WORDS, ImagePolicy, Resource, Rule
from .releases import Release
from .request import RESOURCES

DENY_EXECUTION = "images.openshift.io/deny-execution"
#: The integrated registry as masters know it from 3.9 on; before, by the address of its service.
INTEGRATED_REGISTRY = "docker-registry.default.svc:5000"
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}:[0-9]+")
_PODS = Resource("pods")
_RULE_OF_A_KEY = re.compile(r"executionRules\[([0-9]+)\]")
_ODD_IN_A_REGISTRY = (
    (re.compile(r"://"), "a scheme"),
    (re.compile(r"[*?]"), "a wildcard"),
    (re.compile(r"/"), "a path"),
    (re.compile(r"\s"), "a blank"),
    (re.compile(r"\\"), "a backslash"),
    (re.compile(r"[A-Z]"), "an upper-case letter"),
)


def problems(document: Any, release: Release) -> Iterator[Finding]:
    """Yield what the plug-in refuses, then what it takes and a person would regret."""
    try:
        found = image_policy.decoded(document)
    except DecodingProblem as problem:
        yield refuse("", str(problem))
        return
    fields = found.value
    names = [rule["name"] for rule in fields["executionRules"] or ()]
    yield from image_policy.refusals(fields, release)
    for path, sentence in found.oddities:
        rule = _RULE_OF_A_KEY.match(path)
        more = ", so that the rule goes without that condition" if rule else ""
        yield warn(path, sentence + more, names[int(rule[1])] if rule else None)
    yield from _odd_words(fields)
    for n, rule in enumerate(fields["executionRules"] or ()):
        yield from _odd_rule(rule, f"executionRules[{n}]")
    yield from _dead_resolution(fields["resolutionRules"] or ())
    yield from _left_out(image_policy.of_fields(fields))


def _odd_words(fields: Mapping[str, Any]) -> Iterator[Finding]:
    rules = enumerate(fields["resolutionRules"] or ())
    written = [("resolveImages", fields["resolveImages"])]
    written += [(f"resolutionRules[{n}].policy", rule["policy"]) for n, rule in rules]
    for path, word in written:
        if word and word not in WORDS:
            yield warn(path, f"{shown(word)} is taken, and means nothing; the words are {', '.join(sorted(WORDS))}")


def _odd_rule(rule: Mapping[str, Any], path: str) -> Iterator[Finding]:
    name = rule["name"]
    for n, target in enumerate(rule["onResources"] or ()):
        reason = _why_dead(target)
        if reason:
            yield warn(f"{path}.onResources[{n}].{reason[0]}", reason[1], name)
    for n, registry in enumerate(rule["matchRegistries"] or ()):
        odd = next((called for sign, called in _ODD_IN_A_REGISTRY if sign.search(registry)), None)
        if odd:
            sentence = f"{shown(registry)} holds {odd}; it is compared sign by sign with HOST or HOST:PORT of an image"
            yield warn(f"{path}.matchRegistries[{n}]", sentence, name)
    if rule["skipOnResolutionFailure"] and not rule["reject"]:
        sentence = "on a rule that allows, this voids the rule for every image that has not been imported"
        yield warn(f"{path}.skipOnResolutionFailure", sentence, name)


def _why_dead(target: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the field and the reason for which an execution rule never applies to a resource."""
    resource, group = target["resource"], target["group"]
    if resource == "*":
        return "resource", "* stands for no resource in a rule of OpenShift 3: the rule never applies"
    if group.endswith(".openshift.io"):
        return "group", f"requests for the API {group} have lost their group by then: leave it out, or it never applies"
    if Resource(resource, group) in RESOURCES:
        return None
    if resource in {known.name for known in RESOURCES}:
        groups = sorted(f"'{known.group}'" for known in RESOURCES if known.name == resource)
        return "group", f"{shown(group)} has no {resource}; the group is {' or '.join(groups)}"
    return "resource", f"{shown(resource)} holds no images; a resource has a plural name in lower case, as pods"


def _dead_resolution(rules: Any) -> Iterator[Finding]:
    for n, rule in enumerate(rules):
        group = rule["targetResource"]["group"]
        if group.endswith(".openshift.io"):
            sentence = f"requests for the API {group} have lost their group by then: leave it out, or it never applies"
            yield warn(f"resolutionRules[{n}].targetResource.group", sentence)


def _left_out(policy: ImagePolicy) -> Iterator[Finding]:
    """Yield what the rules as a whole leave out."""
    if not any(_denies_execution(rule) for rule in policy.rules):
        sentence = f"no rule rejects images with the annotation {DENY_EXECUTION}, which is what the platform's own does"
        yield warn("executionRules", sentence)
    for n, rule in enumerate(policy.rules):
        if rule.integrated and not rule.reject and not rule.invert and not _names_it(policy, rule):
            sentence = f"this never holds for digests; a rule with matchRegistries {INTEGRATED_REGISTRY} is needed too"
            yield warn(f"executionRules[{n}].matchIntegratedRegistry", sentence, rule.name)
    rules = policy.rules_for(_PODS)
    if all(rule.reject for rule in rules):
        return
    registries = {registry for rule in rules for registry in rule.registries if _ADDRESS.fullmatch(registry)}
    own = {INTEGRATED_REGISTRY, *registries}
    if not any(rule.integrated for rule in rules) and not any(_accepts(rules, registry) for registry in own):
        sentence = "no rule allows the integrated registry, and what the platform builds cannot run"
        yield warn("executionRules", f"{sentence}: add one with matchRegistries {INTEGRATED_REGISTRY} and its address")
    if not _accepts(rules, ""):
        sentence = "no rule allows images without a registry in their name, as busybox: add '' to matchRegistries"
        yield warn("executionRules", sentence)


def _denies_execution(rule: Rule) -> bool:
    return rule.reject and any(value.key == DENY_EXECUTION for value in rule.annotations)


def _names_it(policy: ImagePolicy, integrated: Rule) -> bool:
    """Say whether another rule allows the integrated registry by its name, wherever this one applies."""
    return all(
        any(
            not rule.reject and (not rule.registries or INTEGRATED_REGISTRY in rule.registries or _has_address(rule))
            for rule in policy.rules_for(resource)
            if not rule.integrated
        )
        for resource in integrated.resources
    )


def _has_address(rule: Rule) -> bool:
    return any(_ADDRESS.fullmatch(registry) for registry in rule.registries)


def _accepts(rules: tuple[Rule, ...], registry: str) -> bool:
    """Say whether an image may run of which only the registry is known."""
    return judge(rules, Found(ImageName(registry, "team", "app")), frozenset())[0]
