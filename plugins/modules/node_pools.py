#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: node_pools
short_description: Wait until the nodes of OpenShift 4 have what the cluster says, pause and resume their pools
version_added: 1.0.0
description:
  - A change of registries is done when every node has it. This task computes from the objects of the cluster which
    files nodes shall have, waits until the rendered config of each pool holds them, and then until each node has that
    config and is done with it. So a condition that is left from the last rollout does not end it, nor does the first of
    two steps of a render; a node that joins is counted in.
  - A line says what becomes of each node. What holds a drain for more than O(explain_after) seconds is named, with pod,
    namespace, and the budget, the finalizers or the webhook. An API server that is away is waited for.
  - It ends at once when a node degrades, and when the time of a node is over, with the node and its reason.
  - A paused pool is named before and after, and never waited for.
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
  pools:
    description: The names of the MachineConfigPools. Unless given, all of them.
    type: list
    elements: str
  release:
    description: The minor release of the cluster, quoted, unless it is what ClusterVersion says.
    type: raw
  state:
    description:
      - V(updated) waits until every node of the pools has the files that follow from the objects of the
        cluster, and is done with them.
      - V(paused) pauses the pools, so that several changes roll out once. V(resumed) lifts what V(paused)
        has paused, and does not wait. A pool that somebody else has paused stays paused.
    type: str
    choices: [updated, paused, resumed]
    default: updated
  compare:
    description: Whether configs are compared with the files that follow from the objects of the cluster.
      Without it, the task waits until the pools have been updated for half a minute, and nothing is verified.
    type: bool
    default: true
  accept_paused:
    description: Whether the task ends well though a pool is paused and its nodes keep old files. It is
      never waited for.
    type: bool
    default: false
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
  - module: dockyard.openshift.node_pools_info
  - module: dockyard.openshift.cluster_registries
"""

EXAMPLES = r"""
- name: Several changes that roll out once
  block:
    - name: Pause the pools
      dockyard.openshift.node_pools:
        state: paused

    - name: Bring the policy to the cluster
      dockyard.openshift.cluster_registries:
        from_variables: true
  always:
    - name: Resume what was paused, also after a failure
      dockyard.openshift.node_pools:
        state: resumed

- name: Wait until every node has it
  dockyard.openshift.node_pools:
    node_timeout: 2700
"""

RETURN = r"""
pools:
  description: The pools in the order of their names.
  returned: O(state=updated)
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
  returned: O(state=updated)
  type: list
  elements: str
notes:
  description: What is worth knowing beside it, such as pools that somebody has paused.
  returned: always
  type: list
  elements: str
verified:
  description: Whether every node was seen with the files that follow from the objects of the cluster.
  returned: O(state=updated)
  type: bool
waited:
  description: Seconds that it took.
  returned: O(state=updated)
  type: float
switched:
  description: The pools that were paused or resumed.
  returned: O(state=paused) or O(state=resumed)
  type: list
  elements: str
"""
