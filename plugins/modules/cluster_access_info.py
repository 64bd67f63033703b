#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cluster_access_info
short_description: Report which permissions on a cluster a task of this collection lacks
version_added: 1.0.0
description:
  - Asks the API server for every verb that the task may need, by access reviews; changes nothing.
  - The roles that allow the task and nothing else are in C(docs/registries-role.yml).
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
    description: Seconds after which the task gives up, however often the API server asks it to try again.
    type: int
    default: 600
  task:
    description: The task of this collection that is to be run.
    type: str
    choices:
      - cluster_registries
      - node_pools
      - mirrors_check
      - cluster_pull_secret
      - dockercfg_secret
      - registry_consumer
      - image_registry
      - image_registry_move
      - image_pruner
      - registry_proof
      - image_import
      - hosted_registry
      - node_drain
      - mirrors_migrate
    default: cluster_registries
  namespaces:
    description: The projects in which it is to be run, for tasks that work in projects.
    type: list
    elements: str
    default: []
# END make docs
seealso:
  - module: dockyard.openshift.cluster_registries
"""

EXAMPLES = r"""
- name: May this login configure the registries of the cluster?
  dockyard.openshift.cluster_access_info:
    kubeconfig: ~/.kube/config
  register: access

- name: Say what is missing
  ansible.builtin.assert:
    that: access.allowed
    fail_msg: "{{ access.missing }}"
"""

RETURN = r"""
allowed:
  description: Whether nothing is missing.
  returned: success
  type: bool
missing:
  description: What the login may not do, one sentence each.
  returned: success
  type: list
  elements: str
openshift:
  description: V(4), V(3), or null for a cluster that is plain Kubernetes.
  returned: success
  type: int
version:
  description: The release of OpenShift 4, else that of Kubernetes; empty when it may not be read.
  returned: success
  type: str
access:
  description: Every question and its answer, C(verb), C(resource), C(name), C(namespace), C(allowed) and C(reason).
  returned: success
  type: list
  elements: dict
"""
