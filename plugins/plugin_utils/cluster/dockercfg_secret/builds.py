# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BuildConfigs that name a secret themselves: one field is set or taken away, and everything around it stays.

Source: OpenShift API build/v1 (CommonSpec, BuildStrategy, ImageSource).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..api import ClusterProblem, Manifest, Ref, Resource, at
from ..changes import WantedObject
from .options import Build

BUILD_CONFIGS = Resource("BuildConfig", "build.openshift.io", "v1", "buildconfigs", namespaced=True)
WHY = "build_configs"
#: Strategies that pull an image; the one that runs a pipeline does not.
_STRATEGIES = ("sourceStrategy", "dockerStrategy", "customStrategy")


def wanted(there: Manifest | None, ref: Ref, secret: str, build: Build) -> WantedObject:
    """Return the BuildConfig with the secret in these places of it, or out of them. Raises ClusterProblem."""
    if there is None:
        raise ClusterProblem(f"build_configs: there is no {ref}")
    spec: dict[str, Any] = {}
    if "pull_secret" in build.places:
        spec |= _of_strategy(there, ref, secret, present=build.places["pull_secret"])
    if "push_secret" in build.places:
        named = _named(at(there, "spec", "output", "pushSecret"), secret, present=build.places["push_secret"])
        spec |= {"output": {"pushSecret": named}} if named is not _AS_IT_IS else {}
    if "source_images" in build.places:
        spec |= _of_images(there, ref, secret, present=build.places["source_images"])
    return WantedObject(ref, {"spec": spec} if spec else {}, WHY, view=view)


#: A field that stays as it is.
_AS_IT_IS: Any = object()


def _named(have: object, secret: str, *, present: bool) -> Any:
    """Return the new value of a field: it is taken away only where it names this secret."""
    if present:
        return {"name": secret}
    return None if isinstance(have, Mapping) and have.get("name") == secret else _AS_IT_IS


def _of_strategy(there: Manifest, ref: Ref, secret: str, *, present: bool) -> dict[str, Any]:
    strategy = next((name for name in _STRATEGIES if at(there, "spec", "strategy", name) is not None), "")
    if not strategy:
        if not present:
            return {}
        told = at(there, "spec", "strategy", "type") or "none that pulls an image"
        raise ClusterProblem(f"build_configs: {ref} has the strategy {told}, which has no pull_secret")
    named = _named(at(there, "spec", "strategy", strategy, "pullSecret"), secret, present=present)
    return {"strategy": {strategy: {"pullSecret": named}}} if named is not _AS_IT_IS else {}


def _of_images(there: Manifest, ref: Ref, secret: str, *, present: bool) -> dict[str, Any]:
    """Return source.images with the secret in each. A list is written whole, with the version that was read."""
    have = list(at(there, "spec", "source", "images") or ())
    if not have and present:
        raise ClusterProblem(f"build_configs: {ref} has no source.images")
    changed = []
    for item in have:
        named = _named(item.get("pullSecret"), secret, present=present)
        rest = {key: value for key, value in item.items() if key != "pullSecret"}
        changed.append(item if named is _AS_IT_IS else {**rest, "pullSecret": named} if named else rest)
    return {"source": {"images": changed}} if changed != have else {}


def view(manifest: Manifest) -> list[str]:
    """Show which secret each place names."""
    spec: Mapping[str, Any] = at(manifest, "spec") or {}
    found = {f"strategy.{name}.pullSecret": at(spec, "strategy", name, "pullSecret") for name in _STRATEGIES}
    found["output.pushSecret"] = at(spec, "output", "pushSecret")
    for number, item in enumerate(at(spec, "source", "images") or ()):
        found[f"source.images[{number}].pullSecret"] = at(item, "pullSecret")
    return [f"spec.{place}: {at(value, 'name')}" for place, value in found.items() if value]
