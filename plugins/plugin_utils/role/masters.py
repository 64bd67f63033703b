# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role image_policy, as this package has those of docker_registries."""

from __future__ import annotations

from .. import masters
from ..cluster import registries as clusters
from . import Asked, from_variables_of, names_of
from .hosts import NAMES

#: What the role image_policy reads or sets, behind its prefix, beside the options of its tasks of masters and clusters.
_OF_MASTERS = (
    "result", "info", "trust_result", "pause", "wait", "accept_paused", "node_timeout", "render_timeout",
    "explain_after", "images", "cluster_result", "nodes_result", "cluster_info", "nodes_info",
)  # fmt: skip
NAMES_OF_IMAGE_POLICY = names_of(masters.PREFIX, (masters.VARIABLES, clusters.VARIABLES), _OF_MASTERS, NAMES.shared)


class AskedOfMasters(Asked):
    """The same for the role image_policy."""

    asking = masters.ASKING
    nothing_asked = (
        "nothing is asked for: neither image_policy_rules nor image_policy_imports nor openshift-ansible's variables "
        "say what the master {host} should get, so nothing was looked at; is group_vars beside the hosts file?"
    )
    from_variables = from_variables_of("C(image_policy) and from the variables of openshift-ansible")
    names = NAMES_OF_IMAGE_POLICY
