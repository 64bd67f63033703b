# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of OpenShift 3 as a feature of tasks: the authorities that it trusts, its image, its storage.

Nobody owns its deployment but people: there is no operator. So only parts of ours are in it, known by their names,
and everything else stays.
"""

from __future__ import annotations

from ..api import Resource

CONFIG_MAPS = Resource("ConfigMap", "", "v1", "configmaps", namespaced=True)
SECRETS = Resource("Secret", "", "v1", "secrets", namespaced=True)
CLAIMS = Resource("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", namespaced=True)
VOLUMES = Resource("PersistentVolume", "", "v1", "persistentvolumes")
CLASSES = Resource("StorageClass", "storage.k8s.io", "v1", "storageclasses")
PODS = Resource("Pod", "", "v1", "pods", namespaced=True)
CONTROLLERS = Resource("ReplicationController", "", "v1", "replicationcontrollers", namespaced=True)
#: What may run the registry, by its kind.
WORKLOADS = {
    one.kind: one
    for one in (
        Resource("DeploymentConfig", "apps.openshift.io", "v1", "deploymentconfigs", namespaced=True),
        Resource("Deployment", "apps", "v1", "deployments", namespaced=True),
        Resource("DaemonSet", "apps", "v1", "daemonsets", namespaced=True),
    )
}
