#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: registry_proof
short_description: Prove that the registry of an OpenShift cluster can be used from outside
version_added: 1.1.0
description:
  - Logs in to the registry through its route, pushes a tiny image, pulls it again and compares every digest, and reads
    the page with its metrics, as asked for in O(proofs). The controller does it, without an engine and without a
    command line.
  - The certificate of the registry is always verified, with the authority that the cluster has for the route or with
    O(registry_ca). The login goes to the registry and to the token service that it names, and nowhere else.
  - A registry that answers 503, or does not answer, is asked again for O(patience) seconds; the result says which of
    the two it was.
  - The image of V(push) stays in its project, as the image stream O(name). In check mode nothing is pushed.
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
  proofs:
    description: 'What is tried, in this order: V(login), V(push) of a tiny image, V(pull) of the same
      or of another image, V(metrics), the page with the metrics of the registry.'
    type: list
    elements: str
    choices: [login, push, pull, metrics]
    default:
      - login
  project:
    description: The project of the image, for V(push) and V(pull).
    type: str
  name:
    description: The name of the image.
    type: str
    default: dockyard-registry-proof
  tag:
    description: The tag of the image.
    type: str
    default: latest
  registry:
    description: The registry as C(host[:port]). Unless given, the host of the default route of the cluster.
    type: str
  registry_ca:
    description: Certificates (PEM) that sign for the registry, beside those of the controller. Unless
      given, those that the cluster has for its route. There is no option to go without.
    type: str
  registry_username:
    description: The user of the login. With a token the registry takes any name without a colon.
    type: str
    default: dockyard
  registry_password:
    description: The password, or a token. Unless given, the token with which the task uses the cluster.
    type: str
  patience:
    description: Seconds for which a registry that answers 503, or not at all, is asked again before it
      is judged.
    type: int
    default: 60
  from_variables:
    description: Whether to take options that are not given from variables C(registry_proof_...).
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.image_registry
"""

EXAMPLES = r"""
- name: Log in through the default route with the token of this login
  dockyard.openshift.registry_proof:
    kubeconfig: ~/.kube/config

- name: Push to and pull from a project, and read the metrics
  dockyard.openshift.registry_proof:
    proofs: [login, push, pull, metrics]
    project: team
    registry_username: robot
    registry_password: "{{ vault_robot_token }}"
  register: proof

- name: Say how the image is called
  ansible.builtin.debug:
    msg: "{{ proof.references.outside }} outside, {{ proof.references.inside }} for pods"
"""

RETURN = r"""
registry:
  description: The registry that was asked, C(host[:port]).
  returned: success
  type: str
references:
  description: How the image is called, C(outside) of the cluster and C(inside) of it. Empty without O(project).
  returned: success
  type: dict
proofs:
  description:
    - Each C(proof) with its C(outcome) and C(reason), in the order in which they were tried.
    - C(outcome) is V(accepted), V(refused), V(unasked) (the registry wants no login) or V(undecided) (nobody can tell).
      The task fails where it is V(refused) or V(undecided).
  returned: success
  type: list
  elements: dict
"""
