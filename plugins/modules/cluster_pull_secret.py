#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cluster_pull_secret
short_description: Bring logins to registries into the pull secret of an OpenShift 4 cluster
version_added: 1.1.0
description:
  - Merges entries into C(openshift-config/pull-secret), or takes them out. All others, their order and every other
    byte stay, and so do labels and annotations.
  - An entry that no node could read is refused before anything is written. Where the secret has such an entry
    already, it is named, and can be mended alone.
  - Says which nodes will have the change, and what they notice of it; usually nothing. Warns of mirrors, of
    registries that are searched and of V(registry.redhat.io) without a login, because nodes use no other secret for
    them.
  - No password, token or text of an entry is in a result.
  - The task works on the controller, with the Python library C(kubernetes).
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
  expect_plan:
    description: Apply only the plan with this RV(plan.id), which a run in check mode returned; refuse
      any other.
    type: str
  server_dry_run:
    description:
      - Whether a run in check mode asks the API server to judge every change (C(dryRun)). Without it,
        check mode sends nothing but reads.
      - A real run with several changes always asks first, so that none is written when one would be refused.
    type: bool
    default: false
  manifests_to:
    description: A directory on the controller to which manifests of everything that is asked for are
      written, for GitOps. Nothing is written to the cluster then. What has to go from an object is null
      in its manifest while the cluster has it, and RV(notes) names it.
    type: path
  wait_timeout:
    description: Seconds to wait for an operator where one change must be in force before the next one.
    type: int
    default: 180
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
  - module: dockyard.openshift.cluster_pull_secret_info
  - module: dockyard.openshift.dockercfg_secret
"""

EXAMPLES = r"""
- name: Let all nodes pull from a mirror
  dockyard.openshift.cluster_pull_secret:
    kubeconfig: ~/.kube/config
    credentials:
      - registry: mirror.example.com:5000
        username: robot
        password: "{{ vault_robot_password }}"

- name: Take the login for a registry out
  dockyard.openshift.cluster_pull_secret:
    credentials:
      - registry: old.example.com
        state: absent

- name: Have exactly the entries of a file, and say which one may go
  dockyard.openshift.cluster_pull_secret:
    from_file: logins/pull-secret.json
    mode: exact
    lose: [old.example.com]
"""

RETURN = r"""
# BEGIN make docs: returned
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
written:
  description: The writes that were done, in their order; also where a later one failed.
  returned: always
  type: list
  elements: str
requests:
  description: How many requests of each method were sent.
  returned: success
  type: dict
# END make docs
"""
