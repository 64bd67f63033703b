#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cluster_pull_secret_info
short_description: Report the pull secret of an OpenShift 4 cluster, and who lacks a login
version_added: 1.1.0
description:
  - Reads the secret, mirror sets and pools of nodes; changes nothing.
  - Given the options of M(dockyard.openshift.cluster_pull_secret), it tells whether that task would change
    something.
  - No password, token or text of an entry is in a result.
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
  query:
    description: A JMESPath query over all returned values but the plan, its notes and what is pending.
      Its answer is RV(selected).
    type: str
  credentials:
    description:
      - Logins to registries. A list of mappings with C(registry), C(username) and C(password), or a JSON
        text of one.
      - C(registry) is C(host), C(host:port) or, for podman, CRI-O and the kubelet, with a path, as in
        names of images.
      - In place of C(password) there may be C(token), for which the user counts for nothing, or C(auth),
        the base64 of C(user:password) as it stands in auth files. C(password_file), C(token_file) and
        C(auth_file) name a file on the controller, which may be encrypted with ansible-vault.
      - C(state) is V(present) (the default) or V(absent), which takes the registry's own entry out of
        the files, whoever put it there.
      - Without it, all logins stay as they are.
    type: raw
  from_file:
    description:
      - A file on the controller with logins, a C(.dockercfg), C(config.json) or C(auth.json), which may
        be encrypted with ansible-vault.
      - One with a broken entry, or that leaves its logins to a program, is refused.
    type: path
  mode:
    description: V(merge) keeps all other entries, their order and their bytes. V(exact) takes all others
      away, if O(lose) names them.
    type: str
    choices: [exact, merge]
    default: merge
  lose:
    description: The registries whose entries may go with O(mode=exact).
    type: list
    elements: str
    default: []
  from_variables:
    description: Whether to take options that are not given from variables C(cluster_pull_secret_...)
      of their names, and O(credentials) else from C(registry_policy) and the variables of openshift-ansible.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.cluster_pull_secret
"""

EXAMPLES = r"""
- name: Which mirrors have no login?
  dockyard.openshift.cluster_pull_secret_info:
    kubeconfig: ~/.kube/config
  register: found
"""

RETURN = r"""
# BEGIN make docs: returned
there:
  description: Whether there is a pull secret.
  returned: success
  type: bool
logins:
  description: The C(registry) and C(username) of each entry, in its order. The user is null where engines
    disagree on the entry.
  returned: success
  type: list
  elements: dict
broken:
  description: The entries that spoil the secret, a sentence each.
  returned: success
  type: list
  elements: str
without_login:
  description: Mirrors, registries that are searched and those of the platform for which nodes have no
    login, a sentence each.
  returned: success
  type: list
  elements: str
pools:
  description: The pools of nodes that have the secret in a file.
  returned: success
  type: list
  elements: dict
drift:
  description: Whether M(dockyard.openshift.cluster_pull_secret) with the same options would change something.
  returned: success
  type: bool
problems:
  description: Why M(dockyard.openshift.cluster_pull_secret) would refuse the same options.
  returned: success
  type: list
  elements: str
selected:
  description: What O(query) selects.
  returned: success
  type: raw
account:
  description: The outcome as text for a person. A headline, then the plan or the differences, one line
    each.
  returned: success
  type: list
  elements: str
plan:
  description: What changes and why. C(changes) is empty when there is nothing to do.
  returned: success
  type: dict
  contains:
    id:
      description: Identifies this plan. The same id means the same changes to the same files, down to
        what is sent.
      type: str
    text:
      description: The plan as text for a person, several lines.
      type: str
    disruption:
      description: The largest disruption that running workloads notice.
      type: str
      sample: restart
    changes:
      description: One entry for each file and each step.
      type: list
      elements: dict
      contains:
        what:
          description: Path of the file, or the step.
          type: str
        why:
          description: What asked for this change.
          type: str
        before:
          description: Our settings in the file before, one a line.
          type: str
        after:
          description: Our settings in the file afterwards, one a line.
          type: str
        disruption:
          description: One of V(none), V(reload), V(restart), V(drain), V(reboot).
          type: str
        whom:
          description: The unit or engine that is disturbed.
          type: str
        undo:
          description: How this change is undone when something fails.
          type: str
        asked_by:
          description:
            - The variables without which this change would not be, or options of the task that the task
              itself gives.
            - Empty for what an interrupted run has left to do.
          type: list
          elements: str
          sample:
            - registry_policy.search
            - openshift_docker_options
notes:
  description: Remarks for a person, for instance how an entry was understood.
  returned: success
  type: list
  elements: str
pending:
  description: What keeps it from being in force, restarts that were deferred or pools whose nodes are
    not up to date.
  returned: success
  type: list
  elements: str
diff:
  description: What changes in the settings of each file, in diff mode.
  returned: in diff mode
  type: list
  elements: dict
# END make docs
"""
