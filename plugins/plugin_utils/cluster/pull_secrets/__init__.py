# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets with logins to registries, as objects of a cluster: what is in one, and what shall be.

Two tasks write them: `dockercfg_secret` those of projects, `cluster_pull_secret` the one of all nodes. Nothing here
shows a password, a token or the text of an entry.
"""

from __future__ import annotations

from ..api import Resource

SECRETS = Resource("Secret", "", "v1", "secrets", namespaced=True)
SERVICE_ACCOUNTS = Resource("ServiceAccount", "", "v1", "serviceaccounts", namespaced=True)
NAMESPACES = Resource("Namespace", "", "v1", "namespaces")
NEW, OLD = "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"
