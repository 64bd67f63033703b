# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a change of node files costs: who reloads, restarts, is drained or rebooted.

Source: MCO pkg/daemon/update.go (calculatePostConfigChangeAction…) and drain.go (isDrainRequired…,
isSafeContainerRegistryConfChanges), pkg/controller/common FindClosestFilePolicyPathMatch; docs/forecast.md.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...formats import FormatError, toml_text
from ...problems import one_line
from ...resolution.registries_conf import MAIN as REGISTRIES_CONF
from . import ManifestProblem, releases, rendered
from .objects import cited, kind_of
from .releases import FixedLists, Release

CRIO = "crio.service"
_ACTIONS = ("None", "Drain", "Reload", "Restart", "Reboot", "DaemonReload", "Special")
_UNITS = {"Reload": "reload", "Restart": "restart"}
_REGISTRY = {"prefix": "", "location": "", "insecure": False, "blocked": False, "mirror-by-digest-only": False}
_MIRROR = {"location": "", "insecure": False, "pull-from-mirror": ""}


@dataclass
class NodeCost:
    """What nodes notice. reload and restart name units; reasons say in sentences which file asked for what."""

    drain: bool = False
    reboot: bool = False
    reload: list[str] = field(default_factory=list)
    restart: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, kind: str, unit: str) -> None:
        units = getattr(self, kind)
        if unit not in units:
            units.append(unit)


#: Whether the control plane is one node → what a reboot does.
_ABOUT_REBOOT = {
    False: "a reboot drains the node first and takes the place of everything else",
    True: "a reboot takes the place of everything else; this only node is not drained, and all it runs is down until "
    "it is back",
}


def of_change(
    old: Any,
    new: Any,
    release: object,
    policies: Any = (),
    *,
    is_single_node: bool = False,
    skips_drain: bool = False,
    reboots: Iterable[str] = (),
    rewritten: Iterable[str] = (),
) -> NodeCost:
    """Compute the cost of the change for every node of the pool.

    old, new: path → text. policies: node disruption policies beside the defaults, a list of {path, actions}, or the
    mapping with `files` that MachineConfiguration/cluster holds. is_single_node: the control plane is one node, which
    is never drained. skips_drain: the ConfigMap image-registry-override-drain is there. reboots: reasons for a reboot
    that are not files. rewritten: paths that change in something beside their text. Raises ManifestProblem for what is
    malformed.
    """
    found = releases.find(release)
    old, new = _files("the old files", old), _files("the new files", new)
    changed = sorted({*(path for path in {*old, *new} if old.get(path) != new.get(path)), *rewritten})
    result = NodeCost()
    looked_at = _add_actions(result, changed, found, _file_policies(policies))
    for reason in reboots:
        result.reboot = True
        result.reasons.append(f"{reason}: reboot")
    if result.reboot:
        result.drain, result.reload, result.restart = True, [], []
        result.reasons.append(_ABOUT_REBOOT[is_single_node])
    elif looked_at and not result.drain:
        unsafe = unsafe_change(old.get(REGISTRIES_CONF, ""), new.get(REGISTRIES_CONF, ""), found)
        may_skip = skips_drain and found.drain_override
        result.drain = unsafe is not None and not may_skip
        result.reasons.append(f"{REGISTRIES_CONF}: {_about_drain(unsafe, is_single_node, may_skip)}")
    result.drain = result.drain and not is_single_node
    result.reasons = [one_line(reason) for reason in result.reasons]
    return result


def _add_actions(result: NodeCost, changed: list[str], release: Release, theirs: Mapping[str, Any]) -> bool:
    """Add what the changed files ask for; return whether the safety of registries.conf decides about the drain."""
    if release.fixed is None:
        return _by_policies(result, changed, {**release.policies, **theirs})
    if theirs:
        result.reasons.append(f"node disruption policies are not looked at before 4.17, so not in {release.name}")
    _by_fixed_lists(result, changed, release.fixed, release)
    return REGISTRIES_CONF in changed and bool(result.reload or result.restart)


def _about_drain(unsafe: str | None, is_single_node: bool, may_skip: bool) -> str:
    if unsafe is None:
        return "only digest mirrors are added or nothing is taken away, so no node is drained"
    if is_single_node:
        return f"{unsafe}, which drains nodes, but never the only one of a cluster"
    if may_skip:
        return f"{unsafe}; the ConfigMap image-registry-override-drain skips the drain"
    return f"{unsafe}, so nodes are drained"


def unsafe_change(old: str, new: str, release: Release) -> str | None:
    """Say why the operator calls a change of registries.conf unsafe for running workloads; None when it is safe.

    Raises ManifestProblem for text that is not TOML, which degrades a node.
    """
    before, after = _Conf("the old", old), _Conf("the new", new)
    if after.search[: len(before.search)] != before.search:
        return "a registry of the search list is gone or moved"
    gone = [scope for scope in before.registries if scope not in after.registries]
    if gone:
        return f"the registry {gone[0]} is gone"
    judge = _by_mirror if release.digest_word == "pull-from-mirror" else _by_registry
    for scope, registry in after.registries.items():
        reason = judge(before.registries.get(scope), registry)
        if reason:
            return f"{scope}: {reason}"
    return None


def closest_policy(path: str, policies: Mapping[str, Any]) -> str | None:
    """Return the path of the policy that counts for a file: the longest that is the file or a directory above it."""
    best = None
    for candidate in policies:
        above = posixpath.normpath(candidate) + "/"
        matches = candidate == path or posixpath.normpath(path).startswith(above)
        if matches and len(candidate) > len(best or ""):
            best = candidate
    return best


def _by_policies(result: NodeCost, changed: Iterable[str], policies: Mapping[str, Any]) -> bool:
    """Add the actions of every changed file; return whether one asks for a look at the safety of registries.conf."""
    special = False
    for path in changed:
        policy = closest_policy(path, policies)
        if policy is None:
            result.reboot = True
            result.reasons.append(f"{path} changes, and no node disruption policy covers it: reboot")
            continue
        for action in policies[policy]:
            kind = action["type"]
            if kind in _UNITS:
                result.add(_UNITS[kind], action[kind.lower()]["serviceName"])
            elif kind == "Special":
                result.add("reload", CRIO)
                special = True
            result.reboot |= kind == "Reboot"
            result.drain |= kind == "Drain"
        said = ", ".join(_said(action) for action in policies[policy])
        result.reasons.append(f"{path} changes, and the policy of {policy} says: {said}")
    return special


def _by_fixed_lists(result: NodeCost, changed: Iterable[str], lists: FixedLists, release: Release) -> None:
    found: dict[str, list[str]] = {"reload": [], "restart": []}
    for path in changed:
        kind = _listed(path, lists)
        if kind is None:
            result.reboot = True
            result.reasons.append(f"{path} changes, and {release.name} has no gentler action for it: reboot")
            continue
        if kind in found:
            found[kind].append(path)
        result.reasons.append(f"{path} changes: {'nothing to do' if kind == 'none' else kind + ' ' + CRIO}")
    for kind, paths in found.items():
        if paths and not (kind == "reload" and found["restart"] and lists.restart_wins):
            result.add(kind, CRIO)
    if found["restart"]:
        result.reasons.append("update-ca-trust runs before crio is restarted")
    if found["reload"] and found["restart"] and not lists.restart_wins:
        result.reasons.append(
            f"in {release.name} chance decides whether crio is reloaded, without update-ca-trust, or restarted"
        )


def _listed(path: str, lists: FixedLists) -> str | None:
    directory = posixpath.dirname(path) + "/"
    for kind, paths in (("none", lists.none), ("reload", lists.reload_crio), ("restart", lists.restart_crio)):
        if path in paths or directory in paths:
            return kind
    return None


def _said(action: Mapping[str, Any]) -> str:
    if action["type"] == "Special":
        return f"reload {CRIO}, and drain unless the change is safe"
    unit = action[action["type"].lower()]["serviceName"] if action["type"] in _UNITS else ""
    return f"{action['type']} {unit}".strip()


class _Conf:
    """registries.conf as far as safety goes; of two tables for one scope the later counts."""

    def __init__(self, whose: str, text: str) -> None:
        self.whose = whose
        table = rendered.read(text) or self._parsed(text)
        self.search: list[str] = table["unqualified-search-registries"]
        self.registries = {entry["prefix"] or entry["location"]: entry for entry in table["registry"]}

    def _parsed(self, text: str) -> dict[str, Any]:
        """Return a text that somebody else wrote, as `rendered.read` gives one of the operator."""
        try:
            table = toml_text.parse(text)
        except FormatError as error:
            raise ManifestProblem(
                f"{self.whose} {REGISTRIES_CONF} cannot be read, which degrades a node: {error}"
            ) from None
        entries = []
        for entry in self._list(table, "registry", dict):
            mirrors = [self._fields(mirror, _MIRROR) for mirror in self._list(entry, "mirror", dict)]
            entries.append(self._fields(entry, _REGISTRY) | {"mirror": mirrors})
        search = self._list(table, "unqualified-search-registries", str)
        return {"unqualified-search-registries": search, "registry": entries}

    def _list(self, table: Mapping[str, Any], key: str, kind: type) -> list[Any]:
        value = table.get(key, [])
        value = [value] if kind is dict and isinstance(value, dict) else value
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            raise ManifestProblem(f"{self.whose} {REGISTRIES_CONF}: '{key}' is not a list of what belongs there")
        return list(value)

    def _fields(self, table: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        for key, default in defaults.items():
            if not isinstance(table.get(key, default), type(default)):
                raise ManifestProblem(f"{self.whose} {REGISTRIES_CONF}: '{key}' must not be {cited(table[key])}")
        return {key: table.get(key, default) for key, default in defaults.items()}


def _by_mirror(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> str | None:
    """Read the purpose of each mirror, as written from 4.13 on."""
    if before is None:
        mirrors = after["mirror"]
        if all(one["pull-from-mirror"] == "digest-only" for one in mirrors) if mirrors else _by_digest(after):
            return None
        return _why_new_is_unsafe(after)
    if before == after:
        return None
    reason = _changed_or_less(before, after)
    if reason:
        return reason
    places = _places(before)
    for mirror in after["mirror"]:
        known, pull = places.get(mirror["location"]), mirror["pull-from-mirror"]
        if known and pull != known["pull-from-mirror"] and pull != "digest-only":
            return f"the mirror {mirror['location']} serves other pulls than before"
        if not known and pull != "digest-only" and not _by_digest(after):
            return f"the new mirror {mirror['location']} serves more than pulls by digest"
    return None


def _why_new_is_unsafe(after: Mapping[str, Any]) -> str:
    """Judge a new registry as the operator does: unsafe without mirrors, or with a mirror for more than digests."""
    others = [mirror["location"] for mirror in after["mirror"] if mirror["pull-from-mirror"] != "digest-only"]
    if others:
        return f"a new registry whose mirror {others[0]} serves more than pulls by digest"
    flags = " and ".join(flag for flag in ("blocked", "insecure") if after[flag])
    return f"a new registry{f' that is {flags} and' if flags else ' that'} has no mirrors"


def _by_registry(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> str | None:
    """Read the purpose of all mirrors of a registry, as written up to 4.12."""
    if before is None:
        return None if _by_digest(after) else _why_new_is_unsafe(after)
    if before == after:
        return None
    reason = _changed_or_less(before, after)
    if reason:
        return reason
    if _by_digest(before) != _by_digest(after):
        return "mirror-by-digest-only changed"
    known = _places(before)
    new = [location for location in _places(after) if location not in known]
    return f"the new mirror {new[0]} serves more than pulls by digest" if new and not _by_digest(after) else None


def _changed_or_less(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    for key in ("prefix", "location", "blocked", "insecure"):
        if before[key] != after[key]:
            return f"{key} changed"
    left = _places(after)
    gone = [location for location in _places(before) if location not in left]
    return f"the mirror {gone[0]} is gone" if gone else None


def _by_digest(registry: Mapping[str, Any]) -> bool:
    return bool(registry["mirror-by-digest-only"])


def _places(registry: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Locate mirrors as the operator does: it takes the first of a location and never sees one of another kind."""
    places: dict[str, Mapping[str, Any]] = {}
    for mirror in registry["mirror"]:
        places.setdefault(mirror["location"], mirror)
    return places


def _files(what: str, files: Any) -> dict[str, str]:
    if not isinstance(files, Mapping):
        raise ManifestProblem(f"{what} must be a mapping of paths to texts, not {kind_of(files)}")
    for path, text in files.items():
        if not isinstance(path, str) or not isinstance(text, str):
            raise ManifestProblem(f"{what}: {cited(path)} must be a path with text, not {kind_of(text)}")
    return dict(files)


def _file_policies(policies: Any) -> dict[str, list[Mapping[str, Any]]]:
    given = policies.get("files") if isinstance(policies, Mapping) else policies
    if given is not None and not isinstance(given, (list, tuple)):
        raise ManifestProblem(f"node disruption policies must be a list of path and actions, not {kind_of(given)}")
    found = {}
    for policy in given or ():
        path = policy.get("path") if isinstance(policy, Mapping) else None
        actions = policy.get("actions") if isinstance(policy, Mapping) else None
        if not isinstance(path, str) or not isinstance(actions, (list, tuple)):
            raise ManifestProblem(f"a node disruption policy needs a path and a list of actions: {cited(policy)}")
        found[path] = [_action(path, action) for action in actions]
    return found


def _action(path: str, action: Any) -> Mapping[str, Any]:
    kind = action.get("type") if isinstance(action, Mapping) else None
    if kind not in _ACTIONS:
        raise ManifestProblem(
            f"the node disruption policy of {cited(path)} has an action of no known type: {cited(action)}"
        )
    if kind in _UNITS:
        unit = action.get(kind.lower())
        if not isinstance(unit, Mapping) or not isinstance(unit.get("serviceName"), str):
            raise ManifestProblem(
                f"the node disruption policy of {cited(path)}: {kind} needs {kind.lower()}.serviceName"
            )
    return dict(action)
