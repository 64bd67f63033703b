#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: image_registry_move
short_description: Move the registry of an OpenShift 4 cluster to another storage, with its images
version_added: 1.1.0
description:
  - Makes the registry read-only, copies its images with a Job, compares every blob with its digest, switches the
    storage, waits until all pods use it, pulls an image from before, and lets pushes in again.
  - Every step is found by looking at the cluster, so that a run that was interrupted is finished by the next one. What
    has to be remembered stands in the annotation C(dockyard.openshift/move) of Config/cluster.
  - The old storage is never deleted. It is in use until the switch, and put back when the new one does not serve.
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
  release:
    description: The minor release whose operator is asked, quoted, unless it is what ClusterVersion says.
    type: raw
  from_variables:
    description: Whether to take options that are not given from variables C(image_registry_...).
    type: bool
    default: false
  data:
    description: 'What becomes of the images that are there: V(copy) copies them with a Job, compares
      every blob with its digest, and switches then. V(abandon) leaves them where they are, and says how
      many can no longer be pulled.'
    type: str
    choices: [copy, abandon]
  copy_image:
    description: The image of the Job that copies. Between two claims it needs a shell with C(find), C(cp),
      C(cmp) and C(sha256sum), as the images of RHEL UBI have them; where an object store takes part,
      C(rclone) as well.
    type: str
  proof:
    description: Whether an image from before is pulled after the switch, by a pod in its project. When
      that fails, the old storage is put back.
    type: str
    choices: [pull, waive]
    default: pull
  proof_image:
    description: The image of that pod, as V(PROJECT/NAME:TAG), unless one is chosen among the streams.
    type: str
  state:
    description: 'V(cancelled) gives up a move that has not switched yet: pushes are let in again, nothing
      else changes.'
    type: str
    choices: [moved, cancelled]
    default: moved
  wait_timeout:
    description: Seconds to wait for each rollout of the registry, and for the pull.
    type: int
    default: 600
  copy_timeout:
    description: Seconds to wait for the copy. A copy that takes longer goes on, and the next run finds
      it.
    type: int
    default: 14400
# END make docs
seealso:
  - module: dockyard.openshift.image_registry
  - module: dockyard.openshift.image_registry_info
"""

EXAMPLES = r"""
- name: From a bucket to a claim of OpenShift Data Foundation, with all images
  dockyard.openshift.image_registry_move:
    kubeconfig: ~/.kube/config
    storage:
      pvc:
        claim: registry
    claim:
      size: 500Gi
      storage_class: ocs-storagecluster-cephfs
      access_mode: ReadWriteMany
    data: copy
    copy_image: registry.example.com/tools/rclone:1

- name: To a claim, without the images of before
  dockyard.openshift.image_registry_move:
    storage:
      pvc:
        claim: registry
    claim: {}
    data: abandon

- name: Give up a move that has not switched yet
  dockyard.openshift.image_registry_move:
    state: cancelled
"""

RETURN = r"""
account:
  description: The outcome as text for a person.
  returned: success
  type: list
  elements: str
steps:
  description: The steps that were left to do, in their order.
  returned: success
  type: list
  elements: str
images:
  description: How many images were pushed to the registry itself.
  returned: when there was something to do
  type: int
copied:
  description: How many C(blobs) and C(files) were copied and compared.
  returned: when images were copied
  type: dict
written:
  description: The writes that were done, in their order.
  returned: when something was done
  type: list
  elements: str
"""
