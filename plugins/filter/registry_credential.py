# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.credentials import pull_secrets as secrets
from ansible_collections.dockyard.openshift.plugins.plugin_utils.credentials.answers import Source
from ansible_collections.dockyard.openshift.plugins.plugin_utils.credentials.lookup import look_up
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.references import parse_normalized, quoted
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters


def registry_credential(image: Any, auth_files: Any = (), pull_secrets: Any = (), engine: Any = "podman") -> Any:
    """Return one result for one image, a list of them for a list."""
    return filters.filtered(_results, image, auth_files, pull_secrets, engine, called="registry_credential")


def _results(image: Any, auth_files: Any, pull_secrets: Any, engine: Any) -> Any:
    images = image if isinstance(image, list) else [image]
    references = [parse_normalized(filters.text(item, "an image")) for item in images]
    files = [_file(number, item) for number, item in enumerate(_items(auth_files, "auth_files"), 1)]
    kept = [_secret(number, item) for number, item in enumerate(_items(pull_secrets, "pull_secrets"), 1)]
    of_pod = [secret for secret in kept if secret]
    name = filters.text(engine, "engine")
    results = [look_up(name, reference, files, of_pod).result(reference) for reference in references]
    return results if isinstance(image, list) else results[0]


def _items(value: Any, argument: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise filters.ArgumentProblem(f"{argument} must be a list")
    return list(value)


def _file(number: int, item: Any) -> Source:
    """Read one item of auth_files; no sentence here repeats a value, which may be a secret."""
    if not isinstance(item, Mapping) or set(item) != {"name", "content"}:
        raise filters.ArgumentProblem(f"item {number} of auth_files must have name and content and nothing else")
    name, content = item["name"], item["content"]
    if not isinstance(name, str) or not name:
        raise filters.ArgumentProblem(f"the name of item {number} of auth_files must be text")
    if isinstance(content, Mapping):  # core 2.16 makes a mapping of a template that gives JSON
        content = json.dumps(content)
    if not isinstance(content, str):
        raise filters.ArgumentProblem(f"the content of {quoted(name)} in auth_files must be text")
    return Source(name, content, name.endswith(".dockercfg"))


def _secret(number: int, manifest: Any) -> Source | None:
    try:
        return secrets.read(manifest)
    except secrets.SecretProblem as problem:
        raise filters.ArgumentProblem(f"item {number} of pull_secrets {problem}") from None


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"registry_credential": registry_credential}
