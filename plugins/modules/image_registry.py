#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: image_registry
short_description: Configure the registry of an OpenShift 4 cluster and wait until it is so
version_added: 1.1.0
description:
  - Merges what is said over the specification of the registry operator; fields, routes and tolerations of others stay.
  - Before anything is written, it tells what the operator would refuse or pass over without a word. A loss of data
    stops the task unless O(allow) names it.
  - Afterwards it waits until the pods really serve from the storage that was asked for. If they do not, it says why.
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
  state:
    description:
      - Whether the operator runs a registry. Platforms without storage of their own start as V(Removed);
        with O(storage) they become V(Managed) in the same change.
      - V(Removed) deletes storage that the operator made; O(allow) must have C(storage-deleted) then.
    type: str
    choices: [Managed, Removed, Unmanaged, Force]
  storage:
    description:
      - 'Where images are kept: one backend of V(s3), V(gcs), V(azure), V(swift), V(ibmcos), V(oss), V(pvc),
        V(emptyDir), with its keys as in the API. Without it, the storage stays as it is.'
      - 'A change of the backend takes the old one out of the specification and sets C(managementState:
        Unmanaged), so that no later change deletes what a person made. No image is copied.'
    type: dict
  claim:
    description: How the claim of O(storage) is made where it is not there. One that is there only grows.
    type: dict
    suboptions:
      size:
        description: Its size; V(100Gi) for a new one.
        type: str
      storage_class:
        description: Its storage class, unless it is the cluster's default. An empty one binds it to a
          volume that is there already.
        type: str
      access_mode:
        description: Its access mode. V(ReadWriteMany) for more than one replica, else V(ReadWriteOnce).
        type: str
        choices: [ReadWriteMany, ReadWriteOnce]
  credentials:
    description:
      - The login for the storage, for the secret C(image-registry-private-configuration-user).
      - 'Keys for s3: C(access_key), C(secret_key). For gcs: C(key_file), its content. For azure: C(account_key).
        For ibmcos: C(iam_api_key). For oss: C(access_key_id), C(access_key_secret).'
      - 'Keys for swift: C(username) and C(password), or C(token_id), or C(application_credential_id),
        C(application_credential_name) and C(application_credential_secret).'
    type: dict
  storage_ca:
    description: Certificates of the authority of an object store, as PEM. They go into the ConfigMap
      of C(openshift-config) that C(storage.s3.trustedCA.name) names. V(service) takes the authority of
      the cluster that signs for its services, where the store is one.
    type: str
  replicas:
    description: How many pods serve images.
    type: int
  rollout_strategy:
    description: How pods are replaced. A claim that is ReadWriteOnce needs V(Recreate) and one replica.
    type: str
    choices: [RollingUpdate, Recreate]
  log_level:
    description: How much the registry logs.
    type: str
    choices: [Normal, Debug, Trace, TraceAll]
  operator_log_level:
    description: How much the operator logs.
    type: str
    choices: [Normal, Debug, Trace, TraceAll]
  logging:
    description: The number that O(log_level) replaced; for old clusters.
    type: int
  read_only:
    description: Whether pushes are refused.
    type: bool
  disable_redirect:
    description: Whether clients get images through the registry, and are not sent to the object store.
    type: bool
  requests:
    description:
      - 'Limits of requests at a time: C(read), C(write).'
      - Its keys are those of the API; without O(mode=exact) it is merged over what is there.
    type: dict
  registry_proxy:
    description:
      - 'The proxy of the registry: C(http), C(https), C(noProxy).'
      - Its keys are those of the API; without O(mode=exact) it is merged over what is there.
    type: dict
  default_route:
    description: Whether the registry has its default route.
    type: bool
  routes:
    description: Further routes. Those of others stay, unless O(mode=exact).
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the route.
        type: str
        required: true
      hostname:
        description: The host; without it, the cluster makes one.
        type: str
      secret_name:
        description: A secret with C(tls.crt), C(tls.key) and C(tls.cacrt).
        type: str
      certificate:
        description: The certificate and its chain, as PEM; the secret is made of it.
        type: str
      key:
        description: The private key, as PEM.
        type: str
      ca:
        description: Certificates of the authority, as PEM.
        type: str
      state:
        description: Whether the route is there.
        type: str
        choices: [present, absent]
        default: present
  access:
    description: Who may use the registry. Each entry has one of C(user), C(group) and C(service_account),
      and becomes a binding of its own in each of its C(projects); bindings of others stay.
    type: list
    elements: dict
    suboptions:
      role:
        description: V(viewer) pulls, V(editor) pulls and pushes, V(puller) lets pods of other projects
          pull, V(metrics) reads the metrics of the registry.
        type: str
        required: true
        choices: [viewer, editor, puller, metrics]
      user:
        description: The name of a user.
        type: str
      group:
        description: The name of a group, as V(system:serviceaccounts:PROJECT).
        type: str
      service_account:
        description: A service account, as V(PROJECT/NAME).
        type: str
      projects:
        description: The projects whose images are meant. V(metrics) has none.
        type: list
        elements: str
      state:
        description: Whether the subject may.
        type: str
        choices: [present, absent]
        default: present
  node_selector:
    description:
      - Labels of the nodes for the pods.
      - Its keys are those of the API; without O(mode=exact) it is merged over what is there.
    type: dict
  tolerations:
    description: Tolerations of the pods, as in the API. Those of others stay, unless O(mode=exact).
    type: list
    elements: dict
  affinity:
    description:
      - Affinity of the pods.
      - Its keys are those of the API; without O(mode=exact) it is merged over what is there.
    type: dict
  topology_spread_constraints:
    description: How pods are spread, as in the API. Those of others stay, unless O(mode=exact).
    type: list
    elements: dict
  resources:
    description:
      - Requests and limits of the pods.
      - Its keys are those of the API; without O(mode=exact) it is merged over what is there.
    type: dict
  mode:
    description: V(merge) puts entries beside those of others. V(exact) makes mappings and lists that
      are given exactly as given; an empty one goes. Of the same O(storage), the keys stay that the operator
      fills in. Options that are not given change nothing.
    type: str
    choices: [merge, exact]
    default: merge
  allow:
    description: 'Losses that do not stop the task: C(storage-deleted), C(images-left-behind), C(storage-deletable),
      C(images-differ), C(nothing-applied), C(one-disk).'
    type: list
    elements: str
    default: []
  release:
    description: The minor release whose operator is asked, quoted, unless it is what ClusterVersion says.
    type: raw
  warn_days:
    description: Warn of certificates that expire in so many days.
    type: int
    default: 30
  from_variables:
    description: Whether to take options that are not given from variables C(image_registry_...).
    type: bool
    default: false
  wait:
    description: 'Whether to wait until the registry really is as asked for: conditions of this generation,
      the rollout of its Deployment, and the storage that its pods have. When O(wait_timeout) is over,
      the cause is told.'
    type: bool
    default: true
  rollback:
    description: Whether what was changed is put back when the registry does not get there in time.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.image_registry_info
  - module: dockyard.openshift.image_pruner
"""

EXAMPLES = r"""
- name: Start the registry of a cluster on bare metal, on a claim that is made if needed
  dockyard.openshift.image_registry:
    kubeconfig: ~/.kube/config
    storage:
      pvc:
        claim: registry
    claim:
      size: 200Gi
      storage_class: ocs-storagecluster-cephfs
    replicas: 2

- name: Keep images in a store that speaks S3
  dockyard.openshift.image_registry:
    storage:
      s3:
        bucket: images
        region: us-east-1
        regionEndpoint: https://s3.example.com
        trustedCA:
          name: s3-ca
    storage_ca: "{{ lookup('ansible.builtin.file', 's3-ca.pem') }}"
    credentials:
      access_key: "{{ vault_s3_access_key }}"
      secret_key: "{{ vault_s3_secret_key }}"
    allow: [images-left-behind]
    rollback: true

- name: Expose it under a name of its own
  dockyard.openshift.image_registry:
    routes:
      - name: public
        hostname: registry.example.com
        certificate: "{{ lookup('ansible.builtin.file', 'registry.pem') }}"
        key: "{{ vault_registry_key }}"
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
