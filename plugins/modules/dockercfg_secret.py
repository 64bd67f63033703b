#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: dockercfg_secret
short_description: Bring logins to registries into secrets of projects, and link them
version_added: 1.1.0
description:
  - Makes a secret of the type C(kubernetes.io/dockerconfigjson) or C(kubernetes.io/dockercfg) in any number of
    projects, or merges logins into it. Other entries, their order, annotations and every other byte stay.
  - Links it to service accounts for pods and for builds, and names it in BuildConfigs. Of every list and object
    only what was asked for changes. Objects are written with the version that was read; one that somebody else
    wrote in between is read again.
  - No password, token or text of an entry is in a result. A difference shows registry and user, and a mark by which
    two secrets are told apart within one run.
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
  name:
    description: The name of the secret.
    type: str
    required: true
  namespaces:
    description: The projects that the secret is for.
    type: list
    elements: str
    aliases:
      - namespace
  namespace_selector:
    description: A label selector, as V(team=a,env in (test,dev)), of further projects. Those that are
      being deleted are left out.
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
  type:
    description: The type of the secret. Unless given, it stays, and a new one is V(kubernetes.io/dockerconfigjson).
    type: str
    choices: [kubernetes.io/dockerconfigjson, kubernetes.io/dockercfg]
  from_service_account:
    description:
      - 'A service account whose token is the password: of this cluster, or of the one that C(cluster)
        says, whose registry is used.'
      - The token is read in every run, so that a new one reaches the secrets. It is never part of a result.
    type: dict
    suboptions:
      service_account:
        description: The service account, as V(PROJECT/NAME).
        type: str
        required: true
      registries:
        description: The names under which the registry is used in names of images.
        type: list
        elements: str
        required: true
      username:
        description: The user, for which the registry of OpenShift does not care.
        type: str
        default: serviceaccount
      cluster:
        description: 'How to log in to the other cluster: a mapping of the options of this task that begin
          with O(kubeconfig) and end with O(impersonate_groups).'
        type: dict
  link:
    description: Service accounts that the secret is linked to. Other entries of their lists, and their
      order, stay.
    type: list
    elements: dict
    suboptions:
      service_account:
        description: The name of the service account.
        type: str
        required: true
      for:
        description: V(pull) is for pods (C(imagePullSecrets)). V(mount) is for builds, which take it
          to pull and to push (C(secrets)), usually with the service account C(builder).
        type: str
        choices: [pull, mount, both]
        default: pull
      state:
        description: Whether it is linked.
        type: str
        choices: [present, absent]
        default: present
  build_configs:
    description: BuildConfigs that name the secret themselves. V(absent) takes the field away where it
      names this secret; without an option it stays as it is.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the BuildConfig.
        type: str
        required: true
      pull_secret:
        description: Whether the build names it for the image that it builds on (C(pullSecret) of the
          strategy).
        type: str
        choices: [present, absent]
      push_secret:
        description: Whether the build names it for the image that it pushes (C(output.pushSecret)).
        type: str
        choices: [present, absent]
      source_images:
        description: Whether every image of C(source.images) names it.
        type: str
        choices: [present, absent]
  create_namespaces:
    description: Whether projects of O(namespaces) that are not there are made.
    type: bool
    default: false
  replace:
    description: Whether a secret of this name that cannot be changed (it is immutable, or of another
      type) is deleted and made anew, with the entries that it had; and whether with O(state=absent) one
      goes that this task did not make. What a controller made stays in any case.
    type: bool
    default: false
  state:
    description: V(absent) unlinks the secret from every service account of these projects and deletes
      it. It is taken from BuildConfigs that O(build_configs) names.
    type: str
    choices: [present, absent]
    default: present
  from_variables:
    description: Whether to take options that are not given from variables C(registry_access_...) of their
      names, and O(credentials) else from C(registry_policy) and the variables of openshift-ansible.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.dockercfg_secret_info
  - module: dockyard.openshift.cluster_pull_secret
  - module: dockyard.openshift.registry_auth
"""

EXAMPLES = r"""
- name: Let pods of two projects pull, and builds pull and push
  dockyard.openshift.dockercfg_secret:
    name: registry-login
    namespaces: [web, shop]
    credentials:
      - registry: registry.example.com:5000
        username: robot
        password: "{{ vault_robot_password }}"
    link:
      - service_account: default
      - service_account: builder
        for: mount

- name: The same for every project of a team, from a file that ansible-vault encrypted
  dockyard.openshift.dockercfg_secret:
    name: registry-login
    namespace_selector: team=shop
    from_file: logins/config.json

- name: Use the registry of another cluster, with the token of a service account there
  dockyard.openshift.dockercfg_secret:
    name: other-registry
    namespaces: [shop]
    from_service_account:
      service_account: images/puller
      registries: [default-route-openshift-image-registry.apps.registry.example.com]
      cluster:
        kubeconfig: ~/.kube/registry
    build_configs:
      - name: shop
        pull_secret: present
        push_secret: present

- name: Unlink it everywhere and delete it
  dockyard.openshift.dockercfg_secret:
    name: registry-login
    namespaces: [web]
    state: absent
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
