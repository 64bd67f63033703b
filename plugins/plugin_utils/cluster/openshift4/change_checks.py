# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guards look for in a change, and in what else an export holds; as `guard_checks`, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...resolution.references import is_location
from ...resolution.signature_policy import image_lookup_order
from . import authorities, payload
from .guard_checks import Situation, not_allowed, nothing_allowed
from .mirrors import DIGEST_KINDS, TAG_KINDS
from .objects import Objects
from .scopes import Scopes, nested


def refused(now: Situation) -> Iterator[str]:
    yield from now.refused


def unknown_kinds(now: Situation) -> Iterator[str]:
    yield from now.unknown


def hosted(now: Situation) -> Iterator[str]:
    if now.is_hosted:
        yield "Infrastructure/cluster says controlPlaneTopology External"


def unknown_components(now: Situation) -> Iterator[str]:
    """Name components that an allow-list may lack: the release image's repository is known, theirs is not."""
    if now.sources.allowed and len(now.payload) == 1:
        yield f"the images of the release {now.payload[0]}"


def images_rejected(now: Situation) -> Iterator[str]:
    """Repositories that objects of the cluster name, and that policy.json rejects by the name they have there.

    Of a short name all that it may stand for. Those of the payload have guards of their own.
    """
    return _named((" or ".join(rejected), where) for rejected, kept, where in _judged(now) if rejected and not kept)


def short_names_rejected(now: Situation) -> Iterator[str]:
    """Yield what a short name may stand for and is rejected, while other registries are left for it.

    Registries of the search list that are rejected as a whole have guards of their own.
    """
    told = {*blocked_search(now), *nothing_allowed(now, now.sources.search or ())}
    return _named(
        (name, where)
        for rejected, kept, where in _judged(now)
        for name in (rejected if kept else ())
        if name.partition("/")[0] not in told
    )


def _judged(now: Situation) -> Iterator[tuple[list[str], list[str], str]]:
    """Yield (names that policy.json rejects, those that it takes, object) of each image in use."""
    lists = now.in_force.allowed or (), now.in_force.policy_blocked or ()
    allowed, blocked = map(Scopes, lists)
    for references, where in now.in_use if any(lists) else ():
        rejected: list[str] = []
        kept: list[str] = []
        for one in references:
            exact = image_lookup_order(one)[0]
            # A block-list, the one beside a rescued payload too, leaves what nobody names.
            inside = blocked.contain(one.name) if lists[1] else not allowed.contain(one.name)
            is_rejected = exact in lists[1] or inside and exact not in lists[0]
            (rejected if is_rejected and one.name not in now.payload else kept).append(one.name)
        yield rejected, kept, where


def _named(found: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield each name once, with the first object that it is of, and how many more there are."""
    places: dict[str, list[str]] = {}
    for name, where in found:
        places.setdefault(name, []).append(where)
    for name, objects in places.items():
        others = len(set(objects)) - 1
        yield f"{name} of {objects[0]}{f' and {others} more' if others else ''}"


def next_releases_not_allowed(now: Situation) -> Iterator[str]:
    """Repositories that other releases than the present one are made of, each once."""
    told = set(now.payload)
    for image, version in now.seen.other_releases:
        names = [name for name in payload.repositories(Objects(release_image=image)) if name not in told]
        told.update(names)
        yield from (f"{name} of release {version or 'to come'}" for name in not_allowed(now, names))


def blocked_sources(now: Situation) -> Iterator[str]:
    """Sources with mirrors that lie in a blocked entry in force. Those of the payload have guards of their own."""
    blocked = Scopes(now.in_force.policy_blocked or ())
    for source in _mirrored(now):
        if blocked.contain(source) and not any(nested(name, source) for name in now.payload):
            yield source


def blocked_search(now: Situation) -> Iterator[str]:
    blocked = Scopes(now.in_force.policy_blocked or ())
    yield from (registry for registry in now.sources.search or () if blocked.contain(registry))


def ports_under_wildcards(now: Situation) -> Iterator[str]:
    """Yield what has a port and is mirrored by a wildcard: images in use, and what is allowed or searched."""
    closer = Scopes(one.source for one in now.kept((*DIGEST_KINDS, *TAG_KINDS)) if not one.source.startswith("*."))
    of_kind = {
        kinds: Scopes(one.source for one in now.kept(kinds) if one.source.startswith("*.") and _no_host(one.mirrors))
        for kinds in (DIGEST_KINDS, TAG_KINDS)
    }
    named = ((DIGEST_KINDS if one.digest else TAG_KINDS, one.name, f" of {where}") for ones, where in now.in_use
             for one in ones)  # fmt: skip
    listed = (*(now.sources.allowed or ()), *(now.sources.search or ()))
    for kinds, name, where in (*named, *((kinds, entry, "") for entry in listed for kinds in of_kind)):
        if ":" in name.partition("/")[0] and not closer.contain(name):
            yield from (f"{name}{where} under {source}" for source in of_kind[kinds].containing(name)[:1])


def _no_host(mirrors: Iterable[str]) -> bool:
    """Return whether a mirror is more than the name of a host, behind which a port would make sense."""
    return any("/" in mirror or ":" in mirror for mirror in mirrors)


def files_overridden(now: Situation) -> Iterator[str]:
    """Yield files of the change that another MachineConfig puts in the place of the operator's."""
    before = now.before
    for name, path in now.overridden:
        is_new = before is None or (name, path) not in before.overridden
        if is_new or (before and before.result.files.get(path) != now.result.files.get(path)):
            yield f"{path} of MachineConfig {name}"


# --- what is no longer there ---


def trust_lost(now: Situation) -> Iterator[str]:
    if now.before is not None:
        lost = authorities.lost(authorities.read(now.before.manifests), authorities.read(now.manifests))
        yield from (registry for registry in lost if registry not in now.trusted_by_words)


def _mirrored(now: Situation) -> dict[str, set[str]]:
    """source → its mirrors, of any kind."""
    found: dict[str, set[str]] = {}
    for one in now.kept((*DIGEST_KINDS, *TAG_KINDS)):
        found.setdefault(one.source, set()).update(one.mirrors)
    return found


def _sources_without_mirrors(now: Situation) -> list[str]:
    """Sources whose last mirror the change takes away, so that nothing above them mirrors them either."""
    if now.before is None:
        return []
    after = Scopes(_mirrored(now))
    return [source for source in _mirrored(now.before) if not after.contain(source)]


def payload_mirror_lost(now: Situation) -> Iterator[str]:
    lost = Scopes(_sources_without_mirrors(now))
    yield from (name for name in now.payload if lost.contain(name))


def source_mirror_lost(now: Situation) -> Iterator[str]:
    of_payload = {source for name in now.payload for source in Scopes(_sources_without_mirrors(now)).containing(name)}
    yield from (source for source in _sources_without_mirrors(now) if source not in of_payload)


def new_mirrors_of_signed(now: Situation) -> Iterator[tuple[str, str]]:
    """Yield (signed scope, mirror) where a change brings a mirror for what has to be signed."""
    if now.before is None:
        return
    old, scopes = _mirrored(now.before), {scope for one in now.seen.cluster_policies for scope in one.scopes}
    for source, mirrors in _mirrored(now).items():
        signed = [scope for scope in sorted(scopes) if nested(scope, source) or nested(source, scope)]
        for mirror in sorted(mirrors - old.get(source, set()) - {source}):
            yield from ((scope, mirror) for scope in signed)


# --- near misses ---


def insecure_misses(now: Situation) -> Iterator[str]:
    mirrors = [mirror for one in now.all_sets for mirror in one.mirrors if is_location(mirror)]
    return _misses(now.sources.insecure, [*mirrors, *(now.sources.search or ())])


def blocked_misses(now: Situation) -> Iterator[str]:
    sources = [one.source for one in now.all_sets if is_location(one.source)]
    search = now.sources.search or ()
    in_use = (one.name for references, _where in now.in_use for one in references if one.domain not in search)
    return _misses(now.sources.blocked, [*sources, *search, *in_use])


def allowed_misses(now: Situation) -> Iterator[str]:
    return _misses(now.sources.allowed, [mirror for mirror in mirrors_not_allowed(now) if is_location(mirror)])


def _misses(entries: Iterable[str] | None, names: Iterable[str]) -> Iterator[str]:
    """Yield where an entry is a whole host, and a name that it does not hold is on that host with another port."""
    inside = Scopes(entries or ())
    of_host: dict[str, list[str]] = {}
    for entry in entries or ():
        if "/" not in entry and not entry.startswith("*."):
            of_host.setdefault(_host(entry), []).append(entry)
    for name in dict.fromkeys(names):
        near = [] if inside.contain(name) else of_host.get(_host(name), [])
        yield from (f"{entry} does not contain {name}; is {name.partition('/')[0]} meant?" for entry in near[:1])


def _host(name: str) -> str:
    return name.partition("/")[0].partition(":")[0]


def ca_keys_of_nobody(now: Situation) -> Iterator[str]:
    """Keys that make a directory for a registry that nobody can mean: the name of a file or of a key."""
    for key in authorities.read([*now.not_taken, *now.manifests]).values or {}:
        host = authorities.registry_of(key)
        name, colon, port = host.partition(":")
        ends_like_file = name.lower().endswith((".crt", ".pem", ".cer", ".cert", ".key", ".ca", ".bundle"))
        is_host = ("." in name or name == "localhost" or bool(colon)) and is_location(host) and not ends_like_file
        if not is_host and key.count("..") <= 1:
            yield f"{key} makes /etc/docker/certs.d/{host}"


def ca_elsewhere(now: Situation) -> Iterator[str]:
    yield from authorities.elsewhere(now.manifests)


def mirrors_not_allowed(now: Situation) -> list[str]:
    """List mirrors that an allow-list does not name itself. Images that name their sources use them anyway."""
    if not now.sources.allowed:
        return []
    allowed = Scopes(now.sources.allowed)
    mirrors = dict.fromkeys(mirror for one in now.all_sets for mirror in one.mirrors)
    return [mirror for mirror in mirrors if not allowed.contain(mirror)]


def is_payload_known(now: Situation) -> bool:
    return not now.payload or payload.components_of(now.payload[0]) is not None
