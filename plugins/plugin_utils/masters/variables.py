# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What variables of openshift-ansible said of masters: two of them added up, and one seldom tells a release.

Sources: openshift-ansible 3.6 to 3.11, roles/openshift_facts (migrate_admission_plugin_facts), hosts.example
(openshift_image_tag is the tag of an image, whatever it is called).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..cluster.merge_patch import applied
from ..openshift_ansible import release_in
from ..variables import Fill
from .asked import plugins_in

PLUGINS = "openshift_master_admission_plugin_config"
#: Its older name, for plug-ins of Kubernetes. Both were merged; where both say something, this one won.
OLDER = "openshift_master_kube_admission_plugin_config"
TAG = "openshift_image_tag"

Ask = Callable[[str], Any]


@dataclass(frozen=True)
class MastersFill(Fill):
    """Gives options the values of variables, with what openshift-ansible made of them."""

    def __call__(self, options: Iterable[str], value_of: Ask) -> dict[str, tuple[str, Any]]:
        """Return, for each option that some variable sets, that variable and its value. Raises Problem."""
        found = super().__call__(options, value_of)
        name, value = found.get("image_policy", ("", None))
        if name == PLUGINS and (older := value_of(OLDER)) is not None:
            found["image_policy"] = (PLUGINS, applied(plugins_in(PLUGINS, value), plugins_in(OLDER, older)))
        name, value = found.get("release", ("", None))
        if name == TAG and release_in(value) is None:  # "latest" leaves the release to the host
            del found["release"]
        return found

    def trail(self, origins: Mapping[str, str], value_of: Ask) -> dict[str, tuple[str, ...]]:
        """Return, for each option that adds up from several variables, all of them."""
        adds_up = origins.get("image_policy") == PLUGINS and value_of(OLDER) is not None
        return super().trail(origins, value_of) | ({"image_policy": (PLUGINS, OLDER)} if adds_up else {})
