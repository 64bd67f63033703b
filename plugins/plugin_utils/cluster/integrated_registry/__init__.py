# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of an OpenShift 4 cluster as a feature of tasks: its specification, storage, credentials and health.

Which objects it consists of is here. What the operator would answer to a specification is computed without a cluster
in image_registry/.
"""

from __future__ import annotations

from ..api import Ref, Resource
from ..image_registry.surroundings import CONFIG_NAMESPACE, NAMESPACE

GROUP = "imageregistry.operator.openshift.io"
CONFIGS = Resource("Config", GROUP, "v1", "configs")
CONFIG = Ref(CONFIGS, "cluster")
PRUNER = Ref(Resource("ImagePruner", GROUP, "v1", "imagepruners"), "cluster")

CONFIG_MAPS = Resource("ConfigMap", "", "v1", "configmaps", namespaced=True)
SECRETS = Resource("Secret", "", "v1", "secrets", namespaced=True)
CLAIM = Resource("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", namespaced=True)
CLAIMS = Ref(CLAIM, namespace=NAMESPACE)
VOLUMES = Ref(Resource("PersistentVolume", "", "v1", "persistentvolumes"))
CLASSES = Ref(Resource("StorageClass", "storage.k8s.io", "v1", "storageclasses"))
PODS = Ref(Resource("Pod", "", "v1", "pods", namespaced=True), namespace=NAMESPACE)
DEPLOYMENTS = Resource("Deployment", "apps", "v1", "deployments", namespaced=True)
DEPLOYMENT = Ref(DEPLOYMENTS, "image-registry", NAMESPACE)
OPERATOR = Ref(DEPLOYMENTS, "cluster-image-registry-operator", NAMESPACE)
JOBS = Ref(Resource("Job", "batch", "v1", "jobs", namespaced=True), namespace=NAMESPACE)
#: Labels of nodes stand in their metadata.
NODES = Ref(Resource("Node", "", "v1", "nodes"), bare=True)
ROUTES = Ref(Resource("Route", "route.openshift.io", "v1", "routes", namespaced=True), namespace=NAMESPACE)

INFRASTRUCTURE = Ref(Resource("Infrastructure", "config.openshift.io", "v1", "infrastructures"), "cluster")
VERSION = Ref(Resource("ClusterVersion", "config.openshift.io", "v1", "clusterversions"), "version")

#: The authority of the routes that have no certificate of their own.
ROUTER_CA = Ref(CONFIG_MAPS, "default-ingress-cert", "openshift-config-managed")

#: The key of a ConfigMap under which the operator looks for authorities of an object store.
CA_KEY = "ca-bundle.crt"


def secret(name: str) -> Ref:
    """Name a secret of the registry's namespace."""
    return Ref(SECRETS, name, NAMESPACE)


def claim(name: str) -> Ref:
    """Name a claim of the registry's namespace."""
    return Ref(CLAIM, name, NAMESPACE)


def authorities(name: str) -> Ref:
    """Name a ConfigMap with authorities that the operator may read."""
    return Ref(CONFIG_MAPS, name, CONFIG_NAMESPACE)
