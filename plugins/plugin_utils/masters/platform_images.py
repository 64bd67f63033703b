# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform's own images under an image policy: the rules that keep them admitted, and what rejects them.

That the integrated registry is matched by its nature fails for digests, and from 3.9 on for most else (see the tables
of real answers in tests/data/openshift3). So it is named, by its name and by the address of its service; the rule by
its nature stands beside that one for images of streams.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..cluster.openshift3 import image_policy
from ..cluster.openshift3.admission import Found, judge, matches
from ..cluster.openshift3.image_names import ImageName
from ..cluster.openshift3.image_policy import REQUIRES, ImagePolicy, Resource, Rule
from ..cluster.openshift3.image_policy_doubts import ADDRESS, DENY_EXECUTION, INTEGRATED_REGISTRY, allows
from ..cluster.openshift3.known import Image
from ..cluster.openshift3.releases import Release

IMAGES, STREAMS, DENIED = "platform-images", "platform-streams", "execution-denied"
RULES = (IMAGES, STREAMS)
#: An image that the cluster has stored.
_STORED = Image("", "", {}, {}, None)

#: The policy of a master whose file has none (openshift_master_facts, defaults).
DENIED_RULE: Mapping[str, Any] = {
    "name": DENIED,
    "onResources": [{"resource": "pods"}, {"resource": "builds"}],
    "reject": True,
    "matchImageAnnotations": [{"key": DENY_EXECUTION, "value": "true"}],
    "skipOnResolutionFailure": True,
}


def policy_of(document: Mapping[str, Any], release: Release) -> ImagePolicy:
    """Load a policy that was found free of refusals."""
    return image_policy.of_fields(image_policy.decoded(document, release).value)


def closed(policy: ImagePolicy) -> list[Resource]:
    """Return the resources for which a rule allows something, so that whatever no rule allows is rejected."""
    return list(dict.fromkeys(each for rule in policy.rules if not rule.reject for each in rule.resources))


def rejects_marked_alone(policy: ImagePolicy) -> bool:
    """Say whether rules reject nothing but what carries a label or an annotation, as execution-denied does."""
    return all(rule.reject and rule.needs_the_image and not rule.invert for rule in policy.rules)


def strange_names_matter(policy: ImagePolicy) -> bool:
    """Say whether a registry that no rule names may fare otherwise than the platform's by name."""
    return bool(closed(policy)) or any(rule.invert and rule.registries for rule in policy.rules)


def addresses(policy: ImagePolicy) -> tuple[str, ...]:
    """Return the addresses that rules name: they are taken for those of the registry's service."""
    named = (registry for rule in policy.rules for registry in rule.registries)
    return tuple(dict.fromkeys(filter(ADDRESS.fullmatch, named)))


def rules(policy: ImagePolicy, registries: list[str]) -> list[dict[str, Any]]:
    """Make the rules that allow these registries, and images of streams, wherever something is closed to them."""
    made: list[dict[str, Any]] = []
    where = closed(policy)
    if any(not allows(policy.rules_for(resource), each) for resource in where for each in registries):
        made.append({"name": IMAGES, "onResources": list(map(_target, where)), "matchRegistries": registries})
    if any(not _allows_streams(policy.rules_for(resource)) for resource in where):
        made.append({"name": STREAMS, "onResources": list(map(_target, where)), "matchIntegratedRegistry": True})
    return made


def opened(registries: list[str]) -> str:
    """Say what the rule for the platform's images lets in, for a person who wanted to be strict."""
    names = ", ".join(each or "images without a registry in their name" for each in registries)
    return f"the rule {IMAGES} admits all of {names}, where images of the platform come from"


def _target(resource: Resource) -> dict[str, str]:
    return {"resource": resource.name, **({"group": resource.group} if resource.group else {})}


def _allows_streams(rules: tuple[Rule, ...]) -> bool:
    """Return whether a rule allows the integrated registry by its nature, or everything."""
    found = Found(ImageName("registry.invalid", "team", "app"), integrated=True)
    return any(matches(rule, found) for rule in rules if not rule.reject)


def _why_rejected(rules: tuple[Rule, ...], registry: str) -> str:
    """Say why images of a registry are rejected, stored by the cluster or not; "" when they are admitted.

    What labels and annotations a stored one has is not known, so rules that ask for them are left out.
    """
    by_name, name = tuple(rule for rule in rules if not rule.needs_the_image), ImageName(registry, "team", "app")
    looks = (
        (rules, Found(name)),
        (by_name, Found(name, _STORED)),
        (by_name, Found(name, _STORED, integrated=registry == INTEGRATED_REGISTRY)),
    )
    answers = (judge(asked, found, frozenset()) for asked, found in looks)
    return next((reason for accepted, reason in answers if not accepted), "")


def rejected(policy: ImagePolicy, registries: list[str], image_format: str) -> Iterator[str]:
    """Yield a sentence for each field, rule, or lack of one, by which images of the platform would be rejected."""
    if policy.resolve in REQUIRES:
        yield (
            f"images of the platform would be rejected: resolveImages is {policy.resolve}, and a master resolves no "
            f"tag of {image_format}. Write Attempt or AttemptRewrite, or name the rule {IMAGES} with state absent"
        )
    told: dict[str, list[str]] = {}
    resources = dict.fromkeys(each for rule in policy.rules for each in rule.resources)
    for resource in resources:
        for registry in registries:
            if reason := _why_rejected(policy.rules_for(resource), registry):
                told.setdefault(f"{resource.name}: {reason}", []).append(registry or "''")
    for reason, names in told.items():
        yield (
            f"images of the platform would be rejected for {reason}. Its router, deployer and builder are "
            f"{image_format}, and what it builds is in {INTEGRATED_REGISTRY}; {', '.join(names)} must be admitted, or "
            f"the rule {IMAGES} be named with state absent"
        )
