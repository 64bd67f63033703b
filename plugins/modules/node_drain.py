#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: node_drain
short_description: Take a node of OpenShift or Kubernetes out of service, and put it back
version_added: 1.0.0
description:
  - Closes a node to new pods, evicts its pods as C(kubectl drain) decides, and waits until they are gone. An eviction
    that a budget, a webhook or a sick server forbids is asked for again until O(timeout).
  - Nothing is touched when a pod must not be evicted. Pods are listed again once the node is closed; where one came
    meanwhile that must not be evicted, none is. When a drain fails and the node is ready, it is opened again.
  - A node that somebody else has cordoned is drained, and stays cordoned afterwards.
  - OpenShift 3.11 and 4 and plain Kubernetes.
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
  node:
    description: The name of the node in the cluster.
    type: str
    required: true
  force:
    description: Whether pods go that no controller would start again.
    type: bool
    default: false
  ignore_daemonsets:
    description: Whether pods of daemon sets stay where they are, instead of stopping the drain.
    type: bool
    default: false
  delete_emptydir_data:
    description: Whether pods go whose data in an emptyDir is lost with them.
    type: bool
    default: false
  pod_selector:
    description: A label selector; other pods stay where they are.
    type: str
  skip_wait_for_delete_timeout:
    description: 'Seconds after which a pod that is being deleted is not waited for any longer; V(0):
      never.'
    type: int
    default: 0
  state:
    description:
      - V(drained) keeps new pods away from the node and waits until its pods are gone. V(in_service)
        waits until the node is ready and lets pods come back.
      - A node that somebody else has cordoned stays cordoned.
    type: str
    choices: [drained, in_service]
    default: drained
  grace_period:
    description: Seconds that pods have to end, instead of what they say themselves.
    type: int
  ready_timeout:
    description: Seconds that a node has to become ready.
    type: int
    default: 300
  max_out_of_service:
    description: How many nodes of the cluster may be out of service at once, whoever drains them with
      this option. A Lease counts them; the task waits for its turn.
    type: int
  lease_namespace:
    description: The namespace of that Lease.
    type: str
    default: default
# END make docs
seealso:
  - module: dockyard.openshift.node_drain_info
"""

EXAMPLES = r"""
- name: Empty a node before its container engine is restarted
  dockyard.openshift.node_drain:
    node: "{{ openshift_node_name }}"
    ignore_daemonsets: true
    delete_emptydir_data: true
    max_out_of_service: 1

- name: Open it again
  dockyard.openshift.node_drain:
    node: "{{ openshift_node_name }}"
    state: in_service
"""

RETURN = r"""
evict:
  description: The pods that go, with what a person should know of each.
  returned: O(state=drained)
  type: list
  elements: dict
  contains:
    pod:
      description: C(namespace/name).
      type: str
    text:
      description: The warning of C(kubectl drain), if it has one.
      type: str
skip:
  description: The pods that stay, in the same form.
  returned: O(state=drained)
  type: list
  elements: dict
refuse:
  description: The pods that stop a drain, in the same form.
  returned: O(state=drained)
  type: list
  elements: dict
budgets:
  description: The PodDisruptionBudgets that pods to be evicted are under.
  returned: O(state=drained)
  type: list
  elements: dict
  contains:
    budget:
      description: C(namespace/name).
      type: str
    allowed:
      description: How many evictions it allows now.
      type: int
    pods:
      description: Which of the pods, as C(namespace/name).
      type: list
      elements: str
cordoned:
  description: Whether the node was closed to new pods before the task.
  returned: success
  type: bool
account:
  description: What a person reads of it, line by line.
  returned: O(state=drained)
  type: list
  elements: str
notes:
  description: What was left as it is, and why.
  returned: O(state=in_service)
  type: list
  elements: str
"""
