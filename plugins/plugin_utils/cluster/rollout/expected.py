# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files the nodes of a pool shall have for the objects of a cluster, and how a rendered config differs from it.

A wait compares with these files and not with conditions: those are still true from the last rollout, and a controller
may render one change in two steps.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...problems import Problem
from ...resolution.registries_conf import MAIN as REGISTRIES_CONF
from ...resolution.registries_conf import RegistriesConfProblem
from ...resolution.signature_policy import PATH as POLICY_JSON
from .. import registries
from ..api import Manifest, at
from ..openshift4 import clusters, machine_configs, objects, rendered
from ..openshift4.node_files import NAMESPACE_POLICIES, SEARCH_DROP_IN, SIGSTORE_YAML, NodeFiles
from ..openshift4.releases import Release
from ..preflight import release_of
from ..seen import Cluster, Unread

_FIXED = (REGISTRIES_CONF, POLICY_JSON, SEARCH_DROP_IN, SIGSTORE_YAML)
#: Where a ControllerConfig carries authorities: those of the cluster's own registry, and those of additionalTrustedCA.
_BUNDLES = ("imageRegistryBundleData", "imageRegistryBundleUserData")


@dataclass(frozen=True)
class Expected:
    """What nodes shall have. generated: what the operator writes; configs: what others write beside it.

    unknown: why it cannot be told. problem: why the operator writes nothing, which no object of the cluster shows.
    """

    generated: NodeFiles = field(default_factory=NodeFiles)
    configs: tuple[machine_configs.MachineConfig, ...] = ()
    unknown: str = ""

    @property
    def problem(self) -> str:
        return "" if self.unknown else self.generated.error or ""

    def on_node(self, selector: Mapping[str, Any]) -> dict[str, str]:
        """Return the files of a node that have to do with images, of a pool that takes these MachineConfigs."""
        return machine_configs.on_node(self.generated, self.configs, selector)

    def differences(self, selector: Mapping[str, Any], config: Manifest) -> dict[str, str] | None:
        """Compare a rendered config: path → what differs, line by line. None where that cannot be told."""
        if self.unknown or self.problem:
            return None
        wanted = _ours(self.on_node(selector))
        have = _ours(machine_configs.files_of(config))
        return {
            path: "\n".join(_lines(have.get(path), wanted.get(path)))
            for path in sorted(wanted.keys() | have.keys())
            if not _same(path, have.get(path), wanted.get(path))
        }


def of(
    cluster: Cluster,
    release: object = None,
    leaving_out: Callable[[Manifest], bool] = lambda manifest: False,
    more: Iterable[Manifest] = (),
) -> Expected:
    """Compute what nodes shall have from what was read, without some objects and with more. Raises NotRead."""
    cluster.need(*registries.READ_FOR_NODES, *registries.FURTHER, registries.MACHINE_CONFIGS)
    cluster.need(*registries.configs_of_people(cluster))
    for ref in (*registries.READ_FOR_NODES, *registries.SIGNATURES, registries.MACHINE_CONFIGS):
        answer = cluster.answers[ref]
        if isinstance(answer, Unread):
            return Expected(unknown=answer.why)
    try:
        there = [one for one in registries.manifests_of(cluster) if not leaving_out(one)]
        return _computed([*there, *more], release_of(cluster, release))
    except Problem as problem:
        return Expected(unknown=str(problem))


def _computed(manifests: list[Manifest], release: Release) -> Expected:
    about = clusters.read(manifests)
    seen = objects.read([*manifests, *clusters.by_default(manifests, release, about)], release)
    return Expected(clusters.rendered(seen, release), tuple(machine_configs.read(manifests)))


def edits(expected: Expected, config: Manifest | None) -> Iterator[str]:
    """Yield the lines of the operator's own MachineConfig that follow from no object of the cluster (C7)."""
    if config is None or expected.unknown or expected.problem:
        return
    have, wanted = _ours(machine_configs.files_of(config)), expected.generated.files
    for path in sorted(have):
        if not _same(path, have[path], wanted.get(path)):
            more = [line[1:].strip() for line in _lines(wanted.get(path), have[path]) if line.startswith("+")]
            yield f"{path}: {'; '.join(filter(None, more)) or 'lines are missing'}"


def _ours(files: Mapping[str, str | None]) -> dict[str, str | None]:
    return {path: text for path, text in files.items() if path in _FIXED or path.startswith(f"{NAMESPACE_POLICIES}/")}


def _lines(old: str | None, new: str | None) -> list[str]:
    """Return the lines that go (-) and come (+)."""
    both = difflib.unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm="", n=0)
    return [line for line in both if not line.startswith(("---", "+++", "@@"))]


def _same(path: str, one: str | None, other: str | None) -> bool:
    """Compare by meaning: what a template writes differs in spaces from release to release."""
    if one == other:
        return True
    first, second = _meaning(path, one), _meaning(path, other)
    return first is not None and first == second


def _meaning(path: str, text: str | None) -> Any:
    if text is None:
        return None
    try:
        if path == REGISTRIES_CONF:
            return rendered.conf(text)
        return json.loads(text) if path == POLICY_JSON or path.startswith(NAMESPACE_POLICIES) else text
    except (ValueError, RegistriesConfProblem):
        return text


def authorities_missing(image: Manifest | None, config_map: Manifest | None, controller: Manifest | None) -> list[str]:
    """List the registries whose authority is trusted and that no ControllerConfig carries to the nodes.

    Source: machine-config-operator pkg/operator sync.go. It carries none before 4.14, where node-ca does it.
    """
    spec = at(controller, "spec") or {}
    if not at(image, "spec", "additionalTrustedCA", "name") or not any(name in spec for name in _BUNDLES):
        return []
    carried = {str(at(one, "file")) for one in at(spec, _BUNDLES[1]) or ()}
    trusted = {str(key) for part in ("data", "binaryData") for key in at(config_map, part) or {}}
    return sorted(trusted - carried)
