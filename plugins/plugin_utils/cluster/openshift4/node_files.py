# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that the machine-config-operator puts on every worker for images, mirrors and signature policies.

Source: MCO container_runtime_config_controller.go syncImageConfig and registriesConfigIgnition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...resolution.registries_conf import MAIN as REGISTRIES_CONF
from ...resolution.signature_policy import PATH as POLICY_JSON
from . import mirrors, objects, payload, releases, signatures
from .mirrors import Stopped
from .objects import Objects, Sources
from .payload import Protected
from .releases import Release
from .signatures import ScopePolicies

SEARCH_DROP_IN = "/etc/containers/registries.conf.d/01-image-searchRegistries.conf"
SIGSTORE_YAML = "/etc/containers/registries.d/sigstore-registries.yaml"
NAMESPACE_POLICIES = "/etc/crio/policies"

#: What a node has where the operator writes nothing.
TEMPLATES = {
    REGISTRIES_CONF: f"unqualified-search-registries = {list(mirrors.TEMPLATE_SEARCH)!r}\n",
    POLICY_JSON: signatures.TEMPLATE,
}


@dataclass
class NodeFiles:
    """files: path → text, in the order of the machine config. error: the operator stops, nodes keep what they have."""

    files: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def on_node(self) -> dict[str, str]:
        """With the templates where the operator writes nothing."""
        return {**TEMPLATES, **self.files}


def of_manifests(manifests: Any, release: object) -> NodeFiles:
    """Render the files of a release from manifests. Raises ManifestProblem for manifests that no API server accepts."""
    found = releases.find(release)
    return of_objects(objects.read(manifests, found), found)


def of_objects(seen: Objects, release: Release) -> NodeFiles:
    result = NodeFiles(warnings=list(seen.ignored))
    missing = [kind for kind, there in _REQUIRED.items() if getattr(seen, there) is None]
    if seen.sources is None or missing:
        names = " and ".join(f"{kind}/{objects.SINGLETONS[kind]}" for kind in missing)
        result.warnings.append(f"without {names} the operator writes nothing")
        return result
    try:
        lists = payload.protect(seen, release)
        policies = signatures.policies_in_force(seen)
        result.warnings += [*lists.warnings, *policies.warnings]
        result.files = dict(_files(seen, seen.sources, lists, policies, release))
    except Stopped as reason:
        result.error = str(reason)
    return result


_REQUIRED = {"Image": "sources", "ClusterVersion": "release_image"}


def _files(
    seen: Objects, sources: Sources, lists: Protected, policies: ScopePolicies, release: Release
) -> Mapping[str, str]:
    files: dict[str, str] = {}
    entries = _entries(seen, sources, lists, release)
    if entries is not None:
        files[REGISTRIES_CONF] = mirrors.render(entries, mirrors.TEMPLATE_SEARCH, release)
    if lists.policy_blocked is not None or lists.allowed is not None or policies.scopes:
        with _prefixed("could not update policy json with new changes"):
            name = payload.payload_of(seen).name
            files[POLICY_JSON] = signatures.policy_json(lists, name, policies, release)
        with _prefixed("could not update namespace policy JSON from imagepolicy"):
            namespaced = dict(signatures.namespaced_json(files[POLICY_JSON], lists, policies, release))
        if policies.scopes:
            files[SIGSTORE_YAML] = signatures.sigstore_yaml(policies, entries, release)
        files |= {f"{NAMESPACE_POLICIES}/{namespace}.json": text for namespace, text in namespaced.items()}
    if sources.search is not None:
        files[SEARCH_DROP_IN] = mirrors.render((), sources.search, release)
    return files


def _entries(seen: Objects, sources: Sources, lists: Protected, release: Release) -> list[mirrors.RegistryTable] | None:
    """Return the entries of registries.conf, None when there is nothing to write one for."""
    insecure, blocked = sources.insecure, lists.registries_blocked
    if insecure is None and blocked is None and not seen.mirror_sets:
        return None
    with _prefixed("could not update registries config with new changes"):
        mirrors.check(seen, insecure or (), blocked or (), release)
        return mirrors.edited(seen, insecure or (), blocked or (), release)


class _prefixed:
    """Errors inside carry the words of the caller in front, as the operator's do."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Stopped):
            raise Stopped(f"{self.words}: {error}") from None
