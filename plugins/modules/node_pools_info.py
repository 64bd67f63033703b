#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: node_pools_info
short_description: Report where the nodes of OpenShift 4 stand, and whether their files are what the cluster says
version_added: 1.0.0
description:
  - Compares the rendered MachineConfig that each node has now with the files that follow from the objects of the
    cluster. No command is run on a node, and only C(get) and C(list) are asked of the API.
  - Names what somebody has written into the MachineConfigs of the operator, which it will revert, and authorities that
    ControllerConfig does not carry to the nodes.
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
  pools:
    description: The names of the MachineConfigPools. Unless given, all of them.
    type: list
    elements: str
  release:
    description: The minor release of the cluster, quoted, unless it is what ClusterVersion says.
    type: raw
# END make docs
seealso:
  - module: dockyard.openshift.node_pools
"""

EXAMPLES = r"""
- name: Does every node have what the cluster says?
  dockyard.openshift.node_pools_info:
  register: nodes
  failed_when: nodes.drift
"""

RETURN = r"""
pools:
  description: The pools in the order of their names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the MachineConfigPool.
      type: str
    state:
      description: >-
        V(updated), V(rendering) (its config does not hold yet what it shall), V(rolling), V(paused) (with something
        to do), V(degraded) or V(empty).
      type: str
    paused:
      description: Whether it is paused.
      type: bool
    paused_by_us:
      description: Whether a task of this collection has paused it.
      type: bool
    config:
      description: The rendered MachineConfig that its nodes shall have.
      type: str
    as_expected:
      description: Whether that config holds what follows from the objects of the cluster; null when nobody can tell.
      type: bool
    differences:
      description: By path, the lines that are too many (C(-)) and that are missing (C(+)) in that config.
      type: dict
    machines:
      description: How many nodes it has.
      type: int
    done:
      description: How many of them have the config and are done with it.
      type: int
    nodes:
      description: >-
        Each node with C(name), C(phase), C(current), C(desired), C(state), C(reason) and C(as_expected) (whether the
        config that it has now holds what it shall).
      type: list
      elements: dict
account:
  description: What a person reads of it, line by line.
  returned: success
  type: list
  elements: str
notes:
  description: What is worth knowing beside it, such as pools that somebody has paused.
  returned: always
  type: list
  elements: str
problems:
  description: What is not as it shall be, each as a sentence.
  returned: success
  type: list
  elements: str
drift:
  description: Whether something is not as it shall be, or could not be compared.
  returned: success
  type: bool
"""
