# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ImagePolicyConfig as the plug-in loads it: its fields, their defaults, and what it refuses.

Source: ORIGIN apis/imagepolicy/v1/{types,defaults}.go and validation/validation.go; of label selectors
k8s.io/apimachinery pkg/apis/meta/v1/helpers.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import starmap
from typing import Any, NamedTuple

from ...problems import one_line
from ...resolution.references import quoted
from ..labels import Requirement, Selector, is_key, is_value
from . import Finding, refuse
from .decoding import BOOL, TEXT, Decoded, DecodingProblem, Items, Texts, accepted, decode, is_json, read
from .releases import Release

KIND, API_VERSION = "ImagePolicyConfig", "v1"
_EMPTY = "''"
NEVER = "DoNotAttempt"
ATTEMPT = "Attempt"
#: resolveImages, and the policy of a resolution rule. Any other word silently resolves nothing.
RESOLVES = frozenset(["RequiredRewrite", "Required", "AttemptRewrite", ATTEMPT])
REQUIRES = frozenset(["RequiredRewrite", "Required"])
REWRITES = frozenset(["RequiredRewrite", "AttemptRewrite"])
WORDS = RESOLVES | {NEVER}

_RESOURCE = {"resource": TEXT, "group": TEXT}
_VALUE = {"key": TEXT, "set": BOOL, "value": TEXT}
_REQUIREMENT = {"key": TEXT, "operator": TEXT, "values": Items(TEXT)}
RULE = {
    "name": TEXT,
    "ignoreNamespaceOverride": BOOL,
    "onResources": Items(_RESOURCE),
    "invertMatch": BOOL,
    "matchIntegratedRegistry": BOOL,
    "matchRegistries": Items(TEXT),
    "skipOnResolutionFailure": BOOL,
    "matchDockerImageLabels": Items(_VALUE),
    "matchImageLabels": Items({"matchLabels": Texts(), "matchExpressions": Items(_REQUIREMENT)}),
    "matchImageAnnotations": Items(_VALUE),
    "reject": BOOL,
}
_DOCUMENT = {
    "resolveImages": TEXT,
    "resolutionRules": Items({"policy": TEXT, "targetResource": _RESOURCE, "localNames": BOOL}),
    "executionRules": Items(RULE),
}
_NEED_THE_IMAGE = ("matchDockerImageLabels", "matchImageLabels", "matchImageAnnotations")

_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


class Resource(NamedTuple):
    """What a request is for; the group of a request for an API of OpenShift is empty here."""

    name: str
    group: str = ""


class Value(NamedTuple):
    """A key that must be there (set), or have a value; a key that is not there has the empty one."""

    key: str
    set: bool
    value: str

    def matches(self, found: Mapping[str, str]) -> bool:
        return self.key in found if self.set else found.get(self.key, "") == self.value


@dataclass(frozen=True)
class Rule:
    """An execution rule. Its conditions must hold all at once; one that is not written holds."""

    name: str
    reject: bool
    invert: bool
    ignores_namespaces: bool
    skips_unresolved: bool
    resources: tuple[Resource, ...]
    integrated: bool
    registries: tuple[str, ...]
    docker_labels: tuple[Value, ...]
    selectors: tuple[Selector, ...]
    annotations: tuple[Value, ...]

    @property
    def needs_the_image(self) -> bool:
        return bool(self.docker_labels or self.selectors or self.annotations)


@dataclass(frozen=True)
class ResolutionRule:
    """How images of a resource are looked up; the resource may be called "*"."""

    resource: Resource
    policy: str
    local_names: bool

    def covers(self, resource: Resource) -> bool:
        return self.resource.group == resource.group and self.resource.name in (resource.name, "*")


@dataclass(frozen=True)
class ImagePolicy:
    """A policy that the plug-in has loaded."""

    resolve: str
    resolution_rules: tuple[ResolutionRule, ...]
    rules: tuple[Rule, ...]

    def rules_for(self, resource: Resource) -> tuple[Rule, ...]:
        """Return the rules that name the resource: "*" names nothing here."""
        return tuple(rule for rule in self.rules if resource in rule.resources)

    def resolution_for(self, resource: Resource) -> tuple[ResolutionRule, ...]:
        return tuple(rule for rule in self.resolution_rules if rule.covers(resource))

    def covers(self, resource: Resource) -> bool:
        """Say whether the plug-in looks at requests for the resource at all."""
        return bool(self.rules_for(resource) or self.resolution_for(resource))


#: Where local names are looked up when resolutionRules is not written. The one for builds never applies: a request
#: for them has lost its group by then.
_DEFAULT_RESOLUTION = (
    Resource("pods"),
    Resource("builds", "build.openshift.io"),
    Resource("jobs", "batch"),
    Resource("replicasets", "extensions"),
    Resource("replicationcontrollers"),
    Resource("deployments", "apps"),
    Resource("deployments", "extensions"),
    Resource("statefulsets", "apps"),
    Resource("daemonsets", "extensions"),
)


def load(document: Any, release: Release) -> ImagePolicy:
    """Load the policy of a text or mapping. Raises PolicyProblem for one that the plug-in does not load."""
    fields = accepted(
        lambda: decoded(document, release),
        lambda fields: refusals(fields, release),
        refused="policy: the master does not load it",
    )
    return of_fields(fields)


def decoded(document: Any, release: Release) -> Decoded:
    """Decode every field of a document. Raises DecodingProblem, with what stops the decoder."""
    raw = read(document)
    if raw.value is None or isinstance(raw.value, dict):
        raw = replace(raw, value=_with_kind(raw.value or {}, in_order=is_json(document)))
    return decode(raw, _DOCUMENT, release.decodes_loosely)


def _with_kind(document: Mapping[str, Any], in_order: bool) -> Mapping[str, Any]:
    """Check kind and apiVersion, and return the document without them.

    No other keys are read without their case. Of several spellings the last one counts, in_order or sorted.
    """
    rest = dict(document)
    for key, wanted in (("kind", KIND), ("apiVersion", API_VERSION)):
        spellings = [each for each in document if str(each).lower() == key.lower()]
        values = [document[each] for each in (spellings if in_order else sorted(spellings, key=str))]
        written = ""
        for value in values:
            if not isinstance(value, (str, type(None))):
                raise DecodingProblem(f"{key} is {quoted(str(value))}, and must be {wanted}")
            written = written if value is None else value
        if written == "":
            raise DecodingProblem(f"{key} is missing; it must be {wanted}")
        if written not in (wanted, f"/{wanted}" if key == "apiVersion" else wanted):
            raise DecodingProblem(f"{key} is {quoted(written)}, and must be {wanted}")
        rest = {each: value for each, value in rest.items() if each not in spellings}
    return rest


def refusals(fields: Mapping[str, Any], release: Release) -> Iterator[Finding]:
    """Yield what validation refuses, in its order."""
    names = set()
    for n, rule in enumerate(fields["executionRules"] or ()):
        path, name = f"executionRules[{n}]", rule["name"]
        if name in names:
            yield refuse(f"{path}.name", f"the name {one_line(name) or _EMPTY} is used twice", name)
        names.add(name)
        for m, selector in enumerate(rule["matchImageLabels"] or ()):
            reason = next(filter(None, starmap(_why_refused, _demands(selector))), None)
            if reason:
                yield refuse(f"{path}.matchImageLabels[{m}]", reason, name)
    for n, rule in enumerate(fields["resolutionRules"] or ()):
        path = f"resolutionRules[{n}]"
        if not (rule["policy"] or release.completes_resolution_rules):
            yield refuse(f"{path}.policy", "a policy is required before 3.11")
        if not rule["targetResource"]["resource"]:
            yield refuse(f"{path}.targetResource.resource", "the name of a resource, or *, is required")
    if fields["resolveImages"] == NEVER:
        yield from _never_met(fields["executionRules"] or ())


def _never_met(rules: Any) -> Iterator[Finding]:
    for n, rule in enumerate(rules):
        for condition in _NEED_THE_IMAGE:
            if rule[condition]:
                sentence = f"resolveImages is {NEVER}, so that no image is looked up and the condition never holds"
                yield refuse(f"executionRules[{n}].{condition}", sentence, rule["name"])


def of_fields(fields: Mapping[str, Any]) -> ImagePolicy:
    """Make the policy of decoded fields, with the defaults of those that are empty."""
    resolve = fields["resolveImages"] or ATTEMPT
    rules = tuple(map(_rule, fields["executionRules"] or ()))
    if fields["resolutionRules"] is None:
        return ImagePolicy(
            resolve, tuple(_default_resolution(each, resolve, rules) for each in _DEFAULT_RESOLUTION), rules
        )
    written = tuple(
        ResolutionRule(_resource(rule["targetResource"]), rule["policy"] or resolve, rule["localNames"])
        for rule in fields["resolutionRules"]
    )
    return ImagePolicy(resolve, written, rules)


def _default_resolution(resource: Resource, resolve: str, rules: tuple[Rule, ...]) -> ResolutionRule:
    """Resolve as resolveImages says where an execution rule is about the resource, else local names alone."""
    targets = {target for rule in rules for target in rule.resources}
    named = bool(targets & {resource, Resource("*", resource.group)})
    return ResolutionRule(resource, resolve if named else NEVER, local_names=True)


def _rule(fields: Mapping[str, Any]) -> Rule:
    return Rule(
        name=fields["name"],
        reject=fields["reject"],
        invert=fields["invertMatch"],
        ignores_namespaces=fields["ignoreNamespaceOverride"],
        skips_unresolved=fields["skipOnResolutionFailure"],
        resources=tuple(map(_resource, fields["onResources"] or ())) or (Resource("pods"),),
        integrated=fields["matchIntegratedRegistry"],
        registries=tuple(fields["matchRegistries"] or ()),
        docker_labels=tuple(Value(**value) for value in fields["matchDockerImageLabels"] or ()),
        selectors=tuple(map(_selector, fields["matchImageLabels"] or ())),
        annotations=tuple(Value(**value) for value in fields["matchImageAnnotations"] or ()),
    )


def _resource(fields: Mapping[str, str]) -> Resource:
    return Resource(fields["resource"], fields["group"])


_Demand = tuple[str, str, Sequence[str]]  # key, operator as it is written, values


def _demands(selector: Mapping[str, Any]) -> Iterator[_Demand]:
    """Yield the demands of a selector; one without any selects every image."""
    yield from ((key, "In", (value,)) for key, value in selector["matchLabels"].items())
    for each in selector["matchExpressions"] or ():
        yield each["key"], each["operator"], each["values"] or ()


def _why_refused(key: str, operator: str, values: Sequence[str]) -> str | None:
    if operator not in _OPERATORS:
        return f"{quoted(operator)} is not an operator; there are {', '.join(_OPERATORS)}"
    if not is_key(key):
        return f"{quoted(key)} cannot be the key of a label"
    if bool(values) != (operator in ("In", "NotIn")):
        return f"{operator} needs {'no values' if values else 'values'}"
    wrong = next((value for value in values if not is_value(value)), None)
    return None if wrong is None else f"{quoted(wrong)} cannot be the value of a label"


def _selector(fields: Mapping[str, Any]) -> Selector:
    demands = ((key, _OPERATORS.get(operator, operator), values) for key, operator, values in _demands(fields))
    return Selector(tuple(Requirement(key, operator, frozenset(values)) for key, operator, values in demands))
