# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenShift 4: what its operators do with images, mirrors and signature policies, computed without a cluster.

Sources, cited below as MCO, RU, CI, OC and API: openshift/machine-config-operator (pkg/controller/
container-runtime-config, pkg/daemon), openshift/runtime-utils (pkg/registries), containers/image v5, openshift/oc
(pkg/cli/admin/migrate/icsp) and openshift/api (config/v1).
"""

from __future__ import annotations

from ...problems import Problem


class ManifestProblem(Problem):
    """Manifests that must be refused; the text is one sentence that names the object."""
