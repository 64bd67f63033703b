# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods of a node ``kubectl drain`` would evict, leave where they are, or refuse to touch.

Sources: kubectl 1.34 pkg/drain filters.go (oc adm drain of OpenShift 4), and Kubernetes 1.11 pkg/kubectl/cmd/drain.go
(oc adm drain of OpenShift 3), both observed in reference/observed-policy-credentials-drain.md.
"""

from __future__ import annotations

from ...problems import Problem


class DrainProblem(Problem):
    """What is wrong with the question; the sentence names the argument or the pod."""
