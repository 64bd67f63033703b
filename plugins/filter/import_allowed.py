# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3 import import_policy, releases
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import filters

_CALLED = "import_allowed"


def import_allowed(
    image: Any,
    config: Any,
    release: Any = "3.11",
    integrated_registry: Any = None,
    insecure: Any = False,
    of: Any = "import",
) -> Any:
    """Return one answer for one image, a list of them for a list."""
    return filters.filtered(_answers, image, config, release, integrated_registry, insecure, of, called=_CALLED)


def _answers(image: Any, config: Any, release: Any, integrated_registry: Any, insecure: Any, of: Any) -> Any:
    which = releases.find(release, with_4=True)
    policy = import_policy.load(filters.text_or_mapping(config, "config", or_none=True), which)
    registry = filters.optional_text(integrated_registry, "integrated_registry")
    if not isinstance(insecure, bool):
        raise filters.ArgumentProblem("insecure must be true or false")
    if of not in import_policy.KINDS:
        raise filters.ArgumentProblem(f"of must be one of {', '.join(import_policy.KINDS)}")
    images = [filters.text(one, "an image") for one in (image if isinstance(image, list) else [image])]
    found = [import_policy.allowed(name, policy, which, registry, insecure, of) for name in images]
    return found if isinstance(image, list) else found[0]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {_CALLED: import_allowed}
