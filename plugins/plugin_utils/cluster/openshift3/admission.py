# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Would the ImagePolicy plug-in admit an object? Its look at every image, step by step, with its cache of a minute.

Source: ORIGIN imagepolicy.go (resolution and its cache), accept.go (the look), rules/{accept,rules}.go. What the
plug-in gets wrong is part of its answer: its rules never recognise the integrated registry by its name, only by what
resolution found out, and the cache forgets that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...problems import Problem, one_line
from ...resolution.references import ReferenceProblem, quoted
from . import image_names
from .image_names import ImageName
from .image_policy import REQUIRES, RESOLVES, REWRITES, ImagePolicy, Resource, Rule
from .known import Image, Known
from .releases import Release
from .request import DOCKER_IMAGE, STREAM_IMAGE, TAG, Creation, Reference

_NO_RULE = "no rule allows it, and one allow rule makes refusal the default"
_CHANGED = "the master rewrites it, and would rewrite it once more when it validates its own answer"


class Unresolved(Problem):
    """Why no image was found for a reference, as half a sentence."""


class Unknown(Unresolved):
    """An image that could be found, but is not among what is known of the cluster."""


@dataclass(frozen=True)
class Found:
    """What is known of an image when its rules are asked; image is None where it was not found."""

    name: ImageName = ImageName()
    image: Image | None = None
    integrated: bool = False
    #: A short name that a stream of the namespace lends.
    local: bool = False


@dataclass
class Resolver:
    """Looks images up as one master does. Its cache holds for a minute, longer than anything that is asked here."""

    release: Release
    known: Known
    integrated_registry: str | None
    _cache: dict[str, Image] = field(default_factory=dict)

    def resolve(self, reference: Reference, namespace: str, by_local_name: bool) -> Found:
        """Look a reference up. Raises Unresolved."""
        where = reference.namespace or namespace
        if reference.kind == TAG:
            name, colon, tag = reference.name.partition(":")
            if not colon:
                raise Unresolved(f"a reference to an {TAG} must be NAME:TAG")
            return self._of_tag(where, name, tag)
        if reference.kind == STREAM_IMAGE:
            if "@" not in reference.name:
                raise Unresolved(f"a reference to an {STREAM_IMAGE} must be NAME@DIGEST")
            return self._of_stream_image(where, reference.name)
        if reference.kind == DOCKER_IMAGE:
            return self._of_name(_parsed(reference.name), namespace, by_local_name)
        raise Unresolved(f"no policy allows a reference of kind {quoted(reference.kind)}")

    def _of_name(self, name: ImageName, namespace: str, by_local_name: bool) -> Found:
        if name.digest:
            return self._of_digest(name)
        short = by_local_name or not (name.registry or name.namespace)
        if not short and not self._is_integrated(name.registry):
            raise Unresolved("neither a digest nor a name of the integrated registry")
        if by_local_name or not name.namespace:
            name = replace(name, namespace=namespace)
        return self._of_tag(name.namespace, name.name, name.tag, short, by_local_name)

    def _of_digest(self, name: ImageName) -> Found:
        if name.digest in self._cache:
            return Found(name, self._cache[name.digest])
        image = self.known.images.get(name.digest)
        if image is None:
            raise Unknown("no Image with this digest is among the known ones")
        self._cache[name.digest] = image
        integrated = self.release.digests_know_their_registry and self._is_integrated(name.registry)
        return Found(name, image, integrated)

    def _of_tag(self, namespace: str, stream: str, tag: str, short: bool = False, by_local_name: bool = False) -> Found:
        tag = tag or image_names.LATEST
        found = self.known.tags.get((namespace, f"{stream}:{tag}"))
        if found is None:
            return self._of_missing_tag(namespace, stream, tag, short, by_local_name)
        if short and not (by_local_name or found.local):
            raise Unresolved(f"the stream {namespace}/{stream} does not lend its name (lookupPolicy.local)")
        name = _parsed(found.image.reference)
        self._cache[found.image.name] = found.image
        return Found(image_names.untagged(name, found.image.name), found.image, integrated=True, local=short)

    def _of_missing_tag(self, namespace: str, name: str, tag: str, short: bool, by_local_name: bool) -> Found:
        """Turn a missing tag of a stream that lends its name into one of its repository all the same."""
        stream = self.known.streams.get((namespace, name))
        if stream and stream.repository and (by_local_name or stream.local):
            return Found(replace(_parsed(stream.repository), tag=tag), integrated=not short, local=True)
        raise Unknown(f"the {TAG} {namespace}/{name}:{tag} is not among the known ones")

    def _of_stream_image(self, namespace: str, name: str) -> Found:
        image = self.known.stream_images.get((namespace, name))
        if image is None:
            raise Unknown(f"the {STREAM_IMAGE} {namespace}/{name} is not among the known ones")
        found = Found(_parsed(image.reference), image, integrated=True)
        self._cache[image.name] = image
        return found

    def _is_integrated(self, registry: str) -> bool:
        return bool(self.integrated_registry) and registry == self.integrated_registry


def _parsed(name: str) -> ImageName:
    try:
        return image_names.parse(name)
    except ReferenceProblem as problem:
        raise Unresolved(str(problem)) from None


# --- rules ----------------------------------------------------------------------------------------------------------


def matches(rule: Rule, found: Found) -> bool:
    """Say whether the conditions of a rule hold, or do not where they are inverted."""
    return _conditions_hold(rule, found) != rule.invert


def _conditions_hold(rule: Rule, found: Found) -> bool:
    if rule.integrated and not found.integrated:
        return False
    if rule.registries and found.name.registry not in rule.registries:
        return False
    image = found.image
    if image is None:
        return not rule.needs_the_image
    labels = image.docker_labels
    if rule.docker_labels and (labels is None or not all(value.matches(labels) for value in rule.docker_labels)):
        return False
    return all(value.matches(image.annotations) for value in rule.annotations) and all(
        selector.matches(image.labels) for selector in rule.selectors
    )


def judge(rules: tuple[Rule, ...], found: Found, ignored: frozenset[str]) -> tuple[bool, str]:
    """Say whether the rules of a resource accept an image, and by which of them, as half a sentence."""
    allows = ""
    for rule in rules:
        passed_over = rule.name in ignored and not rule.ignores_namespaces
        if passed_over or (rule.skips_unresolved and found.image is None) or not matches(rule, found):
            continue
        if rule.reject:
            return False, f"the rule {one_line(rule.name)!r} rejects it"
        allows = allows or f"the rule {one_line(rule.name)!r} allows it"
    if allows:
        return True, allows
    return all(rule.reject for rule in rules), _NO_RULE if rules else "no rule is about it"


# --- the look at an object ------------------------------------------------------------------------------------------


@dataclass
class Admission:
    """What the master answers to one request. Errors and new names by the path of the image."""

    errors: dict[str, str] = field(default_factory=dict)
    rewritten: dict[str, Reference] = field(default_factory=dict)
    #: What a person may want to know: by which rule an image is allowed, and what is not known of it.
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plugin:
    """The plug-in of one master with its policy. Asked twice, it remembers what it resolved before."""

    policy: ImagePolicy
    resolver: Resolver

    def admit(self, request: Creation) -> Admission:
        """Answer a request: by a look that may rewrite images, and from 3.9 on a second one that may not."""
        first = self._look(request, dict(request.images or ()))
        if first.errors or not self.resolver.release.looks_twice:
            return first
        images = dict(request.images or ()) | first.rewritten
        second = self._look(request, images)
        wrong = (path for path in images if path in second.errors or path in second.rewritten)
        return replace(first, errors={path: second.errors.get(path, _CHANGED) for path in wrong})

    def _look(self, request: Creation, images: Mapping[str, Reference]) -> Admission:
        answer = Admission()
        tested: set[Reference] = set()
        for path, reference in images.items():
            if reference in tested:  # it was answered for the first of its places
                continue
            error, new, note = self._look_at(request, reference)
            tested.add(new)
            answer.notes[path] = note
            if error:
                answer.errors[path] = error
            if new != reference:
                answer.rewritten[path] = new
        return answer

    def _look_at(self, request: Creation, reference: Reference) -> tuple[str | None, Reference, str]:
        """Return an error, the name that the image gets, and a note."""
        resource, new = request.resource, reference
        found, unknown = None, ""
        if self.policy.resolve in RESOLVES or self.policy.resolution_for(resource):
            try:
                found = self.resolver.resolve(reference, request.namespace, request.resolves_names)
            except Unresolved as problem:
                unknown = str(problem) if isinstance(problem, Unknown) else ""
                if self.policy.resolve in REQUIRES:
                    return f"it must be resolved, and cannot be: {problem}", reference, unknown
            else:
                if self._rewrites(resource, found):
                    new = Reference(DOCKER_IMAGE, str(found.name))
        ignored = self.resolver.known.ignored_rules.get(request.namespace, frozenset())
        accepted, why = judge(self.policy.rules_for(resource), found or _by_name(reference), ignored)
        return None if accepted else why, new, "; ".join(filter(None, (why if accepted else "", unknown)))

    def _rewrites(self, resource: Resource, found: Found) -> bool:
        rules = self.policy.resolution_for(resource)
        if not rules:
            return self.policy.resolve in REWRITES
        return any((rule.local_names and found.local) or rule.policy in REWRITES for rule in rules)


def _by_name(reference: Reference) -> Found:
    """Return the little to look at when nothing was resolved: the name, or not even that."""
    if reference.kind == DOCKER_IMAGE:
        try:
            return Found(_parsed(reference.name))
        except Unresolved:
            pass
    return Found()


def admits(policy: ImagePolicy, request: Creation, resolver: Resolver) -> dict[str, Any]:
    """Answer the same request now and once more within a minute, as the filter returns it."""
    if not policy.covers(request.resource):
        return _result(notes=[f"{request.what}: the policy is not about {_called(request.resource)}"])
    if request.images is None:
        note = f"{request.what}: the policy is about {_called(request.resource)}, and the plug-in finds no images in it"
        return _result(False, False, notes=[f"{note}, which it refuses"])
    plugin = Plugin(policy, resolver)
    first, second = plugin.admit(request), plugin.admit(request)
    images = dict(request.images)
    refused: dict[Reference, tuple[str, str]] = {}
    for answer, when in ((first, ""), (second, "a second time within a minute: ")):
        for path, sentence in answer.errors.items():
            refused.setdefault(images[path], (path, sentence if path in first.errors else when + sentence))
    rewritten = {path: str(new) for path, new in first.rewritten.items() if str(new) != str(images[path])}
    return _result(
        not first.errors,
        not second.errors,
        [{"reference": str(one), "path": path, "sentence": text} for one, (path, text) in refused.items()],
        {} if first.errors else rewritten,
        [f"{images[path]}: {note}" for path, note in first.notes.items() if note],
    )


def _result(
    admitted: bool = True,
    again: bool = True,
    refused: list[Mapping[str, str]] | None = None,
    rewritten: Mapping[str, str] | None = None,
    notes: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "admitted": admitted,
        "admitted_again": again,
        "refused": refused or [],
        "rewritten": rewritten or {},
        "notes": notes or [],
    }


def _called(resource: Resource) -> str:
    return f"{resource.name}{'.' if resource.group else ''}{resource.group}"
