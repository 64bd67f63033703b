# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guards look for: each function yields what it found, in words a sentence can begin with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...resolution import pull_sources, registries_conf, signature_policy
from ...resolution.references import Reference, ReferenceProblem, is_location, parse, parse_canonical
from ...resolution.registries_conf import RegistriesConf, RegistriesConfProblem
from ...resolution.signature_policy import SignaturePolicyProblem
from . import authorities, exports, mirror_endpoints, payload, rendered
from .disruption import NodeCost
from .mirrors import DIGEST_KINDS, TAG_KINDS, Stopped
from .node_files import NAMESPACE_POLICIES, SEARCH_DROP_IN, NodeFiles
from .objects import NEVER, Objects, SourceMirrors, Sources
from .payload import Protected
from .releases import Release, takes_icsp_beside
from .scopes import Scopes, is_entry, is_source, nested

_REDHAT = "registry.redhat.io"
_DROP_INS = SEARCH_DROP_IN.rpartition("/")[0]


@dataclass(frozen=True)
class Situation:
    """The manifests as a release sees them, and what it makes of them.

    refused, unknown: what the API server says against what is proposed. before: the same without the change, None
    where nothing is known of one. cost: what the change costs. version: of the cluster, in full.
    """

    seen: Objects
    release: Release
    result: NodeFiles
    manifests: Sequence[Mapping[str, Any]] = ()
    version: str = ""
    refused: Sequence[str] = ()
    unknown: Sequence[str] = ()
    not_taken: Sequence[Mapping[str, Any]] = ()
    before: Situation | None = None
    cost: NodeCost | None = None
    #: (MachineConfig, path) of what takes the place of a file of the operator.
    overridden: Sequence[tuple[str, str]] = ()
    is_hosted: bool = False
    #: The files of a node, with those of MachineConfigs; empty where nothing is known of these.
    on_node: Mapping[str, str] = field(default_factory=dict)
    #: Registries in the words `trust` of a policy, or no longer.
    trusted_by_words: frozenset[str] = frozenset()

    @property
    def sources(self) -> Sources:
        return self.seen.sources or Sources()

    @cached_property
    def payload(self) -> list[str]:
        return payload.repositories(self.seen)

    @cached_property
    def in_force(self) -> Protected:
        """The lists as the operator goes on with them."""
        try:
            return payload.protect(self.seen, self.release)
        except Stopped:
            return Protected()

    @cached_property
    def all_sets(self) -> list[SourceMirrors]:
        return self.seen.sets(*DIGEST_KINDS, *TAG_KINDS)

    @cached_property
    def blocked_and_mirrored(self) -> dict[str, bool]:
        """The repositories of the payload that are blocked, and whether a digest mirror of theirs is not."""
        blocked = Scopes(self.sources.blocked or ())
        return {name: self._is_mirrored(name) for name in self.payload if blocked.contain(name)}

    def _is_mirrored(self, name: str) -> bool:
        """Return whether a mirror counts: up to 4.10 the operator did not ask for mirrors."""
        domain, dummy, path = name.partition("/")
        image = Reference(domain, path, digest=f"sha256:{'a' * 64}")
        try:
            return not self.release.payload_by_registry and payload.has_unblocked_mirror(image, self.seen, self.release)
        except payload.Stumble:
            return False

    @cached_property
    def in_use(self) -> list[tuple[list[Reference], str]]:
        """What each image in use may stand for on nodes, and the object that names it."""
        names: dict[str, list[Reference]] = {}
        found = []
        for image, where in exports.images_of(self.manifests):
            if image not in names:
                names[image] = self._candidates(image)
            found.append((names[image], where))
        return found

    def _candidates(self, image: str) -> list[Reference]:
        try:
            # A file of thousands of mirrors is not read for images that have a registry.
            return pull_sources.candidates(image, self._conf if parse(image).is_short else RegistriesConf())
        except ReferenceProblem:
            return []

    @cached_property
    def _conf(self) -> RegistriesConf:
        try:
            return mirror_endpoints.of_node(self.on_node or self.result.on_node)
        except RegistriesConfProblem:
            return RegistriesConf()  # no image is pulled at all, and a guard says why

    def kept(self, kinds: tuple[str, ...]) -> list[SourceMirrors]:
        """Sets that count: with a mirror other than the source."""
        return [one for one in self.seen.sets(*kinds) if any(mirror != one.source for mirror in one.mirrors)]


# --- lists of Image/cluster ---


def both_lists(now: Situation) -> Iterator[str]:
    if now.sources.allowed and now.sources.blocked:
        yield f"allowedRegistries and blockedRegistries ({', '.join(now.sources.blocked)})"


def not_allowed(now: Situation, names: Iterable[str]) -> Iterator[str]:
    if now.sources.allowed:
        allowed = Scopes(now.sources.allowed)
        yield from (name for name in names if name and not allowed.contain(name))


def nothing_allowed(now: Situation, registries: Iterable[str]) -> Iterator[str]:
    """Yield registries of which nothing is allowed; one may be wider than what is."""
    whole = tuple(registries)
    scopes = Scopes(whole)
    wider = {name for entry in now.sources.allowed or () for name in scopes.containing(entry)}
    yield from (name for name in not_allowed(now, whole) if name not in wider)


def allow_without_redhat(now: Situation) -> Iterator[str]:
    if any(name.startswith("quay.io/openshift-release-dev/") for name in now.payload):
        yield from not_allowed(now, [_REDHAT])


def payload_unmirrored(now: Situation) -> Iterator[str]:
    yield from (name for name in now.payload if now.blocked_and_mirrored.get(name) is False)


def components_rejected(now: Situation) -> Iterator[str]:
    yield from (name for name in now.payload[1:] if now.blocked_and_mirrored.get(name))


def _covering(now: Situation) -> list[str]:
    return [entry for entry in now.sources.blocked or () for name in now.payload[:1] if nested(name, entry)]


def _rescued(now: Situation) -> bool:
    return bool(now.payload) and now.blocked_and_mirrored.get(now.payload[0]) is True


def payload_covered_twice(now: Situation) -> Iterator[str]:
    if len(_covering(now)) > 1 and _rescued(now):
        yield ", ".join(_covering(now))


def payload_covered_exactly(now: Situation) -> Iterator[str]:
    if _rescued(now) and now.sources.blocked and set(now.sources.blocked) == {now.payload[0]}:
        yield now.payload[0]


def lists_vanish(now: Situation) -> Iterator[str]:
    yield from (text for text in now.result.warnings if text.endswith("every blocked and allowed entry is dropped"))


def earlier_dropped(now: Situation) -> Iterator[str]:
    if now.release.payload_by_registry and now.payload:
        blocked, host = list(now.sources.blocked or ()), now.payload[0].partition("/")[0]
        if host in blocked[1:]:
            yield ", ".join(blocked[: blocked.index(host)])


def _entries(now: Situation) -> list[str]:
    lists = now.sources.insecure, now.sources.blocked, now.sources.allowed
    return [entry for entries in lists for entry in entries or ()]


def _is_reference(entry: str) -> bool:
    """Return whether an entry is written with a tag or a digest; a scheme with a port has neither."""
    return "://" not in entry and ("@" in entry or ":" in entry.rpartition("/")[2] and "/" in entry)


def tagged(now: Situation) -> Iterator[str]:
    yield from filter(_is_reference, (*(now.sources.insecure or ()), *(now.sources.blocked or ())))


def allowed_tags(now: Situation) -> Iterator[str]:
    """Yield allowed entries with a tag. One with a digest does what it says: policy.json finds the image by it."""
    tagged_only = (entry for entry in now.sources.allowed or () if _is_reference(entry) and "@" not in entry)
    yield from filter(_is_scope, tagged_only)


def bad_entries(now: Situation) -> Iterator[str]:
    yield from (repr(entry) for entry in _entries(now) if not is_entry(entry))


def entries_of_no_image(now: Situation) -> Iterator[str]:
    """Entries with a blank, a letter beyond ASCII, a capital in the path, a port without digits.

    A tag, an asterisk and a scheme have guards of their own, and registries.conf drops a slash at the end. policy.json,
    the only file of an allow-list, takes every entry as it is written.
    """
    for entry in (*(now.sources.insecure or ()), *(now.sources.blocked or ())):
        told = not is_entry(entry) or "://" in entry or _is_reference(entry)
        if not told and not is_location(entry.removeprefix("*.").rstrip("/")):
            yield repr(entry)
    yield from (repr(entry) for entry in now.sources.allowed or () if is_entry(entry) and not _is_scope(entry))


def _is_scope(entry: str) -> bool:
    """Return whether policy.json finds an image by an entry: by the name of what it is in, its tag or its digest."""
    if not _is_reference(entry):
        return is_location(entry.removeprefix("*."))
    try:
        image = parse_canonical(entry)
    except ReferenceProblem:
        return False
    return not (image.tag and image.digest)


def empty_insecure(now: Situation) -> Iterator[str]:
    if now.sources.insecure == ():
        yield "insecureRegistries: []"


def search_reboots(now: Situation) -> Iterator[str]:
    """Yield places where the list changes and nodes would reboot for it; of an unknown change, where there is one."""
    if now.before is None:
        if now.sources.search:
            yield ", ".join(now.sources.search)
    elif now.before.sources.search != now.sources.search and now.cost and now.cost.reboot:
        if any(reason.startswith(f"{SEARCH_DROP_IN} ") and reason.endswith(": reboot") for reason in now.cost.reasons):
            yield ", ".join(now.sources.search or ()) or "the list goes"


# --- mirror sets ---


def _never(now: Situation, kinds: tuple[str, ...]) -> set[str]:
    return {one.source for one in now.kept(kinds) if one.policy == NEVER}


def never_kills(now: Situation, said: tuple[str, ...], other: tuple[str, ...]) -> Iterator[str]:
    served = {one.source for one in now.kept(other)}  # those of a source above it reach no source with mirrors
    yield from sorted(_never(now, said) - served)


def never_not_inherited(now: Situation) -> Iterator[str]:
    never = _never(now, DIGEST_KINDS) | _never(now, TAG_KINDS)
    blocked, above = Scopes(now.sources.blocked or ()), Scopes(sorted(never))
    inside = {one.source for one in now.kept((*DIGEST_KINDS, *TAG_KINDS))} | set(now.sources.insecure or ())
    for scope in sorted(inside - never):
        holders = above.containing(scope)
        if holders and not blocked.contain(scope):
            yield f"{scope} in {holders[0]}"


def own_mirror(now: Situation) -> Iterator[str]:
    yield from (one.source for one in now.all_sets if one.policy == NEVER and one.source in one.mirrors)


def nested_shadows(now: Situation) -> Iterator[str]:
    """Yield an inner source without mirrors of a kind that the outer one has."""
    kinds = {"digest": DIGEST_KINDS, "tag": TAG_KINDS}
    by_kind = {word: {one.source for one in now.kept(kind)} for word, kind in kinds.items()}
    for word, sources in by_kind.items():
        outer = Scopes(sorted(sources))
        for inner in sorted(set().union(*by_kind.values()) - sources):
            hidden = [source for source in outer.containing(inner) if source != inner]
            if hidden:
                yield f"{inner} hides the {word} mirrors of {hidden[-1]}"


def shorter_source(now: Situation) -> Iterator[str]:
    sources = {one.source for one in now.kept((*DIGEST_KINDS, *TAG_KINDS))}
    above = Scopes(sorted(sources))
    for entry in dict.fromkeys((*(now.sources.blocked or ()), *(now.sources.insecure or ()))):
        holders = above.containing(entry)
        if entry not in sources and len(holders) > 1 and now.release.mirrors_reach_nested:
            yield f"{entry} takes the mirrors of {holders[0]}, not of {holders[-1]}"


def conflicts(now: Situation) -> Iterator[str]:
    first: dict[str, SourceMirrors] = {}
    for one in now.all_sets:
        other = first.setdefault(one.source, one)
        if other.effective_policy != one.effective_policy:
            yield f"{one.source} in {other.where} and {one.where}"


def wildcard_holds(now: Situation) -> Iterator[str]:
    if now.release.mirror_patterns:
        wildcards = Scopes(
            sorted({one.source for one in now.kept((*DIGEST_KINDS, *TAG_KINDS)) if one.source[:2] == "*."})
        )
        mirrored = {one.source for one in now.kept((*DIGEST_KINDS, *TAG_KINDS))}
        for entry in dict.fromkeys((*(now.sources.blocked or ()), *(now.sources.insecure or ()))):
            holders = wildcards.containing(entry)
            if holders and entry not in mirrored:
                yield f"{entry} in {holders[0]}"


def wildcard_too_early(now: Situation) -> Iterator[str]:
    if not now.release.mirror_patterns:
        yield from (one.source for one in now.all_sets if "*" in one.source)


def bad_names(now: Situation) -> Iterator[str]:
    for one in now.all_sets:
        odd = [] if is_source(one.source) else [one.source]
        yield from (f"{name!r} in {one.where}" for name in (*odd, *(m for m in one.mirrors if not is_location(m))))


def bare_host(now: Situation) -> Iterator[str]:
    for one in now.all_sets:
        if one.source.count("/") > 1:
            yield from (
                f"{mirror} for {one.source}" for mirror in one.mirrors if is_location(mirror) and "/" not in mirror
            )


def mirror_blocked(now: Situation) -> Iterator[str]:
    shut = Scopes((*(now.sources.blocked or ()), *sorted(_never(now, DIGEST_KINDS) | _never(now, TAG_KINDS))))
    for one in now.all_sets:
        yield from (f"{m} for {one.source}" for m in one.mirrors if m != one.source and shut.contain(m))


def beside_old_kind(now: Situation) -> Iterator[str]:
    kinds = [kind for kind in now.seen.mirror_sets if kind != "ImageContentSourcePolicy"]
    beside = kinds and "ImageContentSourcePolicy" in now.seen.mirror_sets
    if beside and not takes_icsp_beside(now.release, now.version):
        yield f"ImageContentSourcePolicy beside {' and '.join(kinds)}"


# --- the rest ---


def unparsable_release(now: Situation) -> Iterator[str]:
    if now.seen.release_image is not None and not now.payload:
        yield repr(now.seen.release_image)


def signed_against_lists(now: Situation) -> Iterator[str]:
    blocked, allowed = Scopes(now.in_force.policy_blocked or ()), Scopes(now.in_force.allowed or ())
    for policy in (*now.seen.cluster_policies, *now.seen.image_policies):
        for scope in policy.scopes:
            if blocked.contain(scope) or (now.in_force.allowed and not allowed.contain(scope)):
                yield f"{scope} of {policy.where}"


def no_names_for_signed(now: Situation) -> Iterator[str]:
    error = now.result.error or ""
    if error.startswith(("error adding clusterimagepolicy scope", "registries.conf: ")):
        yield error


def signed_twice(now: Situation) -> Iterator[str]:
    cluster = Scopes(scope for policy in now.seen.cluster_policies for scope in policy.scopes)
    for policy in now.seen.image_policies:
        yield from (f"{scope} of {policy.where}" for scope in policy.scopes if cluster.contain(scope))


def _certificates(now: Situation) -> list[tuple[str, str]]:
    """Return (key, value) of the ConfigMap that Image/cluster names."""
    return list((authorities.read(now.manifests).values or {}).items())


def ca_keys(now: Situation) -> Iterator[str]:
    yield from (key for key, pem in _certificates(now) if key.count("..") > 1)


def ca_values(now: Situation) -> Iterator[str]:
    yield from (key for key, value in _certificates(now) if "-----BEGIN CERTIFICATE-----" not in value)


def unloadable(now: Situation) -> Iterator[str]:
    """Yield files that containers/image refuses, whether the operator writes them or a MachineConfig of others."""
    for path, text in (now.on_node or now.result.files).items():
        directory, _slash, name = path.rpartition("/")
        try:
            if path == registries_conf.MAIN:
                rendered.conf(text)
            elif directory == _DROP_INS and name.endswith(".conf"):
                registries_conf.read(text, path, drop_in=True)
            elif path == signature_policy.PATH or directory == NAMESPACE_POLICIES:
                signature_policy.read(text, path)
        except (RegistriesConfProblem, SignaturePolicyProblem) as problem:
            yield str(problem)


def left_out(now: Situation) -> Iterator[str]:
    yield from now.seen.ignored


def stops(now: Situation) -> Iterator[str]:
    if now.result.error:
        yield now.result.error
