#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: hosted_registry
short_description: Give the registry of OpenShift 3 authorities to trust, an image, and a storage
version_added: 1.1.0
description:
  - Brings authorities into the registry's pods as a ConfigMap with a volume and a mount, sets the image of its
    container, and sets where it keeps its images. Nothing else of its DeploymentConfig is touched, and what is not said
    stays.
  - Lists of the pod template are merged by name, as a strategic merge does it, over the version that was read.
  - The rollout is waited for. What pods read is written before it, and what they no longer need is removed after it.
  - The task works on the controller, with the Python library C(kubernetes). For OpenShift 4, see
    M(dockyard.openshift.image_registry).
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
  trust:
    description:
      - Registries whose authorities the hosted registry shall trust, for instance to pull through it.
        A list of mappings with C(registry) and C(ca) or C(ca_file), or a JSON text of one.
      - The authorities are put beside those of O(authorities) into a ConfigMap of ours, which becomes
        a volume of the registry's pods. An entry that is no longer named goes; an empty list removes
        ConfigMap and volume.
    type: raw
  authorities:
    description: The authorities of the system that the registry trusts as well, as PEM. They are needed
      once, because the directory of the registry's image that holds them is mounted over; afterwards
      those of the ConfigMap stay.
    type: str
  authorities_file:
    description: 'A file on the controller with O(authorities): C(/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem)
      of the registry''s image, or of a clean host. It must have no authority that the registry shall
      not trust.'
    type: path
  image:
    description: The image of the registry's container, for one that was built with more authorities in
      it. Unless given, it stays.
    type: str
  storage:
    description:
      - 'Where images are kept: one of V(pvc), V(emptyDir), V(s3), V(azure), V(swift), V(gcs). V(pvc)
        has C(claim); the object stores have the keys of docker/distribution. Without it, the storage
        stays as it is.'
      - No image is copied.
    type: dict
  claim:
    description: How the claim of O(storage) is made where it is not there. One that is there only grows.
    type: dict
    suboptions:
      size:
        description: Its size; V(100Gi) for a new one.
        type: str
      storage_class:
        description: Its storage class, unless it is the cluster's default.
        type: str
      access_modes:
        description: Its access modes. V(ReadWriteMany) for more than one replica, else V(ReadWriteOnce).
        type: list
        elements: str
      annotations:
        description: Annotations of a claim that is made.
        type: dict
      volume:
        description: 'A volume that is made for the claim in place of one of a storage class: one of V(nfs),
          V(glusterfs), V(cinder), V(hostPath), with the keys of the API.'
        type: dict
      volume_name:
        description: The name of that volume; unless given, the claim's.
        type: str
  kind:
    description: What runs the registry.
    type: str
    choices: [DeploymentConfig, Deployment, DaemonSet]
    default: DeploymentConfig
  namespace:
    description: The project of the registry.
    type: str
    default: default
  name:
    description: The name of what runs it.
    type: str
    default: docker-registry
  container:
    description: The registry's container in its pods.
    type: str
    default: registry
  allow:
    description: 'Losses that do not stop the task: C(images-left-behind), images in the old place that
      no pod would find any more.'
    type: list
    elements: str
    default: []
  warn_days:
    description: Warn of authorities that expire in so many days.
    type: int
    default: 30
  from_variables:
    description: Whether to take options that are not given from variables C(hosted_registry_...), and
      O(storage) and O(claim) from C(openshift_hosted_registry_storage_...).
    type: bool
    default: false
  wait:
    description: Whether to wait until all pods are new and serve. When that fails, the cause is told.
    type: bool
    default: true
  rollback:
    description: Whether what was changed is put back when the rollout does not get there in time.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.hosted_registry_info
  - module: dockyard.openshift.master_config
"""

EXAMPLES = r"""
- name: Pull through the registry from one with a certificate of our own authority
  dockyard.openshift.hosted_registry:
    remote_kubeconfig: /etc/origin/master/admin.kubeconfig
    trust:
      - registry: registry.example.com
        ca_file: files/example-ca.pem
    authorities_file: files/tls-ca-bundle.pem

- name: Or run an image that was built with the authority in it
  dockyard.openshift.hosted_registry:
    kubeconfig: ~/.kube/config
    image: registry.example.com/openshift3/ose-docker-registry:v3.11-ca

- name: Keep images on a claim that is made if needed
  dockyard.openshift.hosted_registry:
    storage:
      pvc:
        claim: registry-claim
    claim:
      size: 100Gi
      access_modes: [ReadWriteMany]
    rollback: true
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
