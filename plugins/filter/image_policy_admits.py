# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3 import (
    admission,
    image_policy,
    known,
    releases,
    request,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import texts
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters

_CALLED = "image_policy_admits"


def image_policy_admits(
    subject: Any,
    policy: Any,
    release: Any = "3.11",
    namespace: Any = "default",
    integrated_registry: Any = None,
    known: Any = (),
) -> Any:
    """Return one answer for one object or image, a list of them for a list."""
    return filters.filtered(_answers, subject, policy, release, namespace, integrated_registry, known, called=_CALLED)


def _answers(subject: Any, policy: Any, release: Any, namespace: Any, integrated_registry: Any, manifests: Any) -> Any:
    which = releases.find(release)
    loaded = image_policy.load(filters.text_or_mapping(policy, "policy"), which)
    where = filters.text(namespace, "namespace")
    registry = filters.optional_text(integrated_registry, "integrated_registry")
    api = known.read(manifests, where)

    def answer(one: Any) -> Any:
        if isinstance(one, list):
            return [answer(each) for each in one]
        if isinstance(one, Mapping) and _is_list(one):
            return [answer(each) for each in texts.documents(one)]
        return admission.admits(loaded, _request(one, where, which), admission.Resolver(which, api, registry))

    return answer(subject)


def _request(subject: Any, namespace: str, release: releases.Release) -> request.Creation:
    if isinstance(subject, Mapping):
        return request.of_manifest(subject, namespace, release)
    image = filters.text(subject, "what is asked about, unless it is a manifest,")
    if len(image.splitlines()) > 1:
        raise filters.ArgumentProblem("an image is one line; make manifests of a text with from_yaml or from_yaml_all")
    return request.of_image(image, namespace)


def _is_list(manifest: Mapping[str, Any]) -> bool:
    return str(manifest.get("kind", "")).endswith("List") and "items" in manifest


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {_CALLED: image_policy_admits}
