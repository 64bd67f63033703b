# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstream's own cases of what the API takes and refuses: the real server answers so, and our guards before it."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref, Resource
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Rejected
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import guards

#: Kinds that lie in a namespace, or whose name is fixed.
NAMESPACED = {"ImagePolicy", "Route"}
FIXED = {"Image": "cluster", "Config": "cluster", "ImagePruner": "cluster"}
#: What the API has learned after the revision of openshift/api that the lab pins: PKI as a root of trust and the import
#: mode in the default set, patterns for entries of Image/cluster (4.23). A newer pin makes the number of these wrong.
LATER = ("SigstoreImageVerificationPKI", "ImageStreamImportMode")
LATER_ENTRIES = ("a tagged registry entry", "a digest registry entry", "an empty string in")
LATER_COUNT = 16
#: Kinds whose mistakes the guards of the forecast know.
GUARDED = ("Image", "ImageDigestMirrorSet", "ImageTagMirrorSet", "ClusterImagePolicy", "ImagePolicy")


def documents(shared: Any) -> list[tuple[str, dict[str, Any]]]:
    folder = shared / "upstream-cases/crd_validation"
    return [(path.stem, yaml.safe_load(path.read_text())) for path in sorted(folder.glob("*.yaml"))]


def place(manifest: dict[str, Any], crd: str) -> Ref:
    group, _slash, version = manifest["apiVersion"].partition("/")
    kind, namespaced = manifest["kind"], manifest["kind"] in NAMESPACED
    name = FIXED.get(kind) or (manifest.get("metadata") or {}).get("name") or "case"
    return Ref(Resource(kind, group, version, crd.partition(".")[0], namespaced), name, "default" if namespaced else "")


def named(manifest: dict[str, Any], where: Ref) -> dict[str, Any]:
    metadata = {"name": where.name, **(manifest.get("metadata") or {})}
    return {**manifest, "metadata": metadata | ({"namespace": where.namespace} if where.namespace else {})}


def missing(wanted: Any, found: Any, path: str = "") -> list[str]:
    """List where an answer is not as expected; lists are whole."""
    if isinstance(wanted, dict):
        have = found if isinstance(found, dict) else {}
        return [text for key, value in wanted.items() for text in missing(value, have.get(key), f"{path}.{key}")]
    return [] if wanted == found else [f"{path}: {found!r}, not {wanted!r}"]


def test_the_api_server_answers_as_upstream_says(lab, shared_dir):
    """Each case is made (without being stored) and judged; the singletons of the stock make way for theirs."""
    wrong, count = [], 0
    lab.clear_singletons()
    for name, document in documents(shared_dir):
        for case in document["tests"].get("onCreate", []):
            manifest = yaml.safe_load(case["initial"])
            where = place(manifest, document["crdName"])
            count += 1
            try:
                stored = lab.client.create(where, named(manifest, where), rehearse=True)
            except Rejected as problem:
                if "expectedError" not in case:
                    wrong.append(f"{name}: {case['name']}: {problem}")
                continue
            if "expectedError" in case:
                wrong.append(f"{name}: {case['name']}: was taken")
            elif lacking := missing(named(yaml.safe_load(case["expected"]), where), stored):
                wrong.append(f"{name}: {case['name']}: {lacking[0]}")
    assert count > 100
    later = [text for text in wrong if any(word in text for word in (*LATER, *LATER_ENTRIES))]
    wrong = [text for text in wrong if text not in later]
    assert not wrong, f"{len(wrong)} of {count}\n" + "\n".join(wrong)
    assert len(later) == LATER_COUNT, later


def test_guards_refuse_what_the_server_refuses(lab, shared_dir):
    """Nothing that a guard lets pass is refused by the server, for the kinds that the forecast looks at."""
    silent, count = [], 0
    lab.clear_singletons()
    for name, document in documents(shared_dir):
        for case in document["tests"].get("onCreate", []):
            manifest = yaml.safe_load(case["initial"])
            if manifest["kind"] not in GUARDED or "expectedError" not in case:
                continue
            where = place(manifest, document["crdName"])
            count += 1
            try:
                lab.client.create(where, named(manifest, where), rehearse=True)
            except Rejected:
                try:
                    found = guards.lint([named(manifest, where)], "4.22")
                except Exception as problem:  # a sentence is an answer, too
                    found = [{"effect": "stops", "sentence": str(problem)}]
                if not any(one["effect"] == "stops" for one in found):
                    silent.append(f"{name}: {case['name']}")
    assert count > 20
    assert not silent, f"{len(silent)} of {count}\n" + "\n".join(silent)
