#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: mirrors_migrate
short_description: Move ImageContentSourcePolicies of OpenShift 4 to ImageDigestMirrorSets
version_added: 1.0.0
description:
  - On a cluster, the new objects are created, every pool is waited for, it is proved that no file of a node differs,
    and only then the old objects are deleted. There is no moment with neither, and a run that was killed is gone on
    with.
  - With O(files), manifests are converted to manifests as C(oc adm migrate icsp) does it.
  - Refused before the first write are releases in which both kinds side by side stop the operator, a hosted cluster, an
    object of the same name with other mirrors, objects that a tool for GitOps keeps, and mirror sets whose files would
    differ without the old objects.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.attributes.cluster
# BEGIN make docs: options
options:
  kubeconfig:
    description:
      - 'A kubeconfig: its path on the controller, or its content as a mapping.'
      - Without any option, the kubeconfig of E(K8S_AUTH_KUBECONFIG), of E(KUBECONFIG) or C(~/.kube/config)
        is taken; inside a cluster, the service account of the pod.
    type: raw
  remote_kubeconfig:
    description: The path of a kubeconfig on the host that the task runs for, as C(/etc/origin/master/admin.kubeconfig)
      on the first master of OpenShift 3. It is read with C(become), and is never written anywhere.
    type: str
  context:
    description: The context of the kubeconfig, unless it is the current one.
    type: str
  host:
    description: The address of the API server, as C(https://api.example.com:6443).
    type: str
  api_key:
    description: A bearer token.
    type: str
  username:
    description: A user for basic authentication.
    type: str
  password:
    description: The password of O(username).
    type: str
  ca_cert:
    description: A file on the controller with the authorities that sign for the API server.
    type: path
    aliases:
      - ssl_ca_cert
  validate_certs:
    description: Whether the certificate of the API server must be valid. V(true) unless the kubeconfig
      says.
    type: bool
    aliases:
      - verify_ssl
  client_cert:
    description: A file on the controller with a client certificate.
    type: path
    aliases:
      - cert_file
  client_key:
    description: A file on the controller with the key of O(client_cert).
    type: path
    aliases:
      - key_file
  proxy:
    description: The address of an HTTP proxy to the API server.
    type: str
  no_proxy:
    description: Hosts that are reached without a proxy, separated by commas.
    type: str
  proxy_headers:
    description: What the proxy is told.
    type: dict
    suboptions:
      proxy_basic_auth:
        description: C(USER:PASSWORD) for the proxy.
        type: str
      basic_auth:
        description: The same in the header Authorization.
        type: str
      user_agent:
        description: The header User-Agent.
        type: str
  persist_config:
    description: 'Taken because kubernetes.core has it, and without effect: no kubeconfig is ever written,
      renewed tokens stay in memory.'
    type: bool
  impersonate_user:
    description: A user in whose name requests are made.
    type: str
  impersonate_groups:
    description: Groups in whose name requests are made.
    type: list
    elements: str
  request_timeout:
    description: Seconds in which the API server has to answer a request.
    type: int
    default: 30
  timeout:
    description: Seconds after which a wait ends. Unless given, only the times of nodes end it.
    type: int
  names:
    description: The names of the ImageContentSourcePolicies. Unless given, all of the cluster.
    type: list
    elements: str
  files:
    description: Manifests of ImageContentSourcePolicies on the controller. They are converted to files
      below O(to), and no cluster is contacted.
    type: list
    elements: path
  to:
    description: A directory on the controller for the new manifests, one a file, named alike in every
      run.
    type: path
  overridden:
    description: 'Names of guards that do not stop the task: C(managed-by-others), when a tool for GitOps
      keeps the old objects.'
    type: list
    elements: str
    default: []
  node_timeout:
    description: Seconds that one node may take, from the moment that it is told of its config; a drain
      alone may take an hour before the cluster gives up.
    type: int
    default: 5400
  render_timeout:
    description: Seconds until the config of a pool has to hold what follows from the objects of the cluster.
    type: int
    default: 300
  explain_after:
    description: Seconds of a drain after which what holds it is named, and again as often.
    type: int
    default: 60
# END make docs
seealso:
  - module: dockyard.openshift.node_pools
  - plugin: dockyard.openshift.icsp_to_idms
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Migrate all of a cluster
  dockyard.openshift.mirrors_migrate:

- name: Convert what oc-mirror wrote long ago
  dockyard.openshift.mirrors_migrate:
    files: [imageContentSourcePolicy.yaml]
    to: manifests
"""

RETURN = r"""
created:
  description: The objects that were made.
  returned: always
  type: list
  elements: str
deleted:
  description: The objects that were deleted.
  returned: always
  type: list
  elements: str
manifests:
  description: The files with the new objects.
  returned: O(files) is given
  type: list
  elements: str
account:
  description: What a person reads of it, line by line.
  returned: success
  type: list
  elements: str
notes:
  description: What is worth knowing beside it.
  returned: always
  type: list
  elements: str
"""
