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

from ...resolution.references import is_domain, quoted
from . import Finding, image_policy, warn
from .admission import Found, matches
from .decoding import Decoded, findings
from .image_names import ImageName
from .image_policy import WORDS, ImagePolicy, Resource, Rule
from .releases import Release
from .request import RESOURCES

DENY_EXECUTION = "images.openshift.io/deny-execution"
#: The integrated registry as masters know it from 3.9 on; before, by the address of its service.
INTEGRATED_REGISTRY = "docker-registry.default.svc:5000"
ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}:[0-9]+")
_WATCHED = (Resource("pods"), Resource("builds"))
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
    """Return what the plug-in refuses, then what it takes and a person would regret."""
    return findings(
        lambda: image_policy.decoded(document, release), lambda fields: image_policy.refusals(fields, release), _doubts
    )


def _doubts(found: Decoded) -> Iterator[Finding]:
    fields = found.value
    names = [rule["name"] for rule in fields["executionRules"] or ()]
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
            yield warn(path, f"{quoted(word)} is taken, and means nothing; the words are {', '.join(sorted(WORDS))}")


def _odd_rule(rule: Mapping[str, Any], path: str) -> Iterator[Finding]:
    name = rule["name"]
    for n, target in enumerate(rule["onResources"] or ()):
        reason = _why_dead(target)
        if reason:
            yield warn(f"{path}.onResources[{n}].{reason[0]}", reason[1], name)
    for n, registry in enumerate(rule["matchRegistries"] or ()):
        odd = next((called for sign, called in _ODD_IN_A_REGISTRY if sign.search(registry)), None)
        if odd or registry and not is_domain(registry):
            odd = odd or "a sign where no host has one"
            sentence = f"{quoted(registry)} holds {odd}; it is compared sign by sign with HOST or HOST:PORT of an image"
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
        return "group", f"{quoted(group)} has no {resource}; the group is {' or '.join(groups)}"
    return "resource", f"{quoted(resource)} holds no images; a resource has a plural name in lower case, as pods"


def _dead_resolution(rules: Any) -> Iterator[Finding]:
    for n, rule in enumerate(rules):
        group = rule["targetResource"]["group"]
        if group.endswith(".openshift.io"):
            sentence = f"requests for the API {group} have lost their group by then: leave it out, or it never applies"
            yield warn(f"resolutionRules[{n}].targetResource.group", sentence)


def _left_out(policy: ImagePolicy) -> Iterator[Finding]:
    """Yield what the rules as a whole leave out."""
    if not any(denies_execution(rule) for rule in policy.rules):
        sentence = f"no rule rejects images with the annotation {DENY_EXECUTION}, which is what the platform's own does"
        yield warn("executionRules", sentence)
    for n, rule in enumerate(policy.rules):
        if rule.integrated and not rule.reject and not rule.invert and not _allowed_by_name(policy, rule.resources):
            sentence = f"this never holds for digests; a rule with matchRegistries {INTEGRATED_REGISTRY} is needed too"
            yield warn(f"executionRules[{n}].matchIntegratedRegistry", sentence, rule.name)
    closed = tuple(resource for resource in _WATCHED if not all(rule.reject for rule in policy.rules_for(resource)))
    names = " and ".join(resource.name for resource in closed)
    by_nature = any(rule.integrated for resource in closed for rule in policy.rules_for(resource))
    if closed and not by_nature and not _allowed_by_name(policy, closed):
        sentence = f"no rule allows {names} the integrated registry, where the platform keeps what it builds"
        yield warn("executionRules", f"{sentence}: add one with matchRegistries {INTEGRATED_REGISTRY} and its address")
    if not all(allows(policy.rules_for(resource), "") for resource in closed):
        sentence = f"no rule allows {names} images without a registry in their name, as busybox"
        yield warn("executionRules", f"{sentence}: add '' to matchRegistries")


def denies_execution(rule: Rule) -> bool:
    """Return whether the rule does what the platform's own policy does."""
    return rule.reject and any(value.key == DENY_EXECUTION for value in rule.annotations)


def _allowed_by_name(policy: ImagePolicy, resources: tuple[Resource, ...]) -> bool:
    """Say whether rules allow the integrated registry by one of its names, for every one of the resources."""
    return all(
        any(allows(policy.rules_for(resource), name) for name in _own_names(policy.rules_for(resource)))
        for resource in resources
    )


def _own_names(rules: tuple[Rule, ...]) -> set[str]:
    """Return what the integrated registry may be called: its name, and every address that rules write."""
    written = {registry for rule in rules for registry in rule.registries}
    return {INTEGRATED_REGISTRY, *filter(ADDRESS.fullmatch, written)}


def allows(rules: tuple[Rule, ...], registry: str) -> bool:
    """Say whether one of the rules allows an image of which only the registry is known."""
    found = Found(ImageName(registry, "team", "app"))
    return any(matches(rule, found) for rule in rules if not rule.reject)
