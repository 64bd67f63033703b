#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: image_pruner
short_description: Configure when an OpenShift 4 cluster prunes images
version_added: 1.1.0
description:
  - Merges what is said over the specification of the pruner; other fields stay.
  - The pruner runs whatever the state of the registry is, but removes layers from its storage only while it is Managed.
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
  schedule:
    description: 'When to prune: five fields of cron, or V(@daily) and the like; empty means every midnight.'
    type: str
  suspend:
    description: Whether pruning pauses.
    type: bool
  keep_tag_revisions:
    description: How many revisions of a tag are kept.
    type: int
  keep_younger_than:
    description: Images younger than this are kept, as V(60m) or V(48h).
    type: str
  ignore_invalid_image_references:
    description: Whether objects with an unreadable image name are passed over. Such a name fails the
      job.
    type: bool
  log_level:
    description: How much the job logs.
    type: str
    choices: [Normal, Debug, Trace, TraceAll]
  successful_jobs_history_limit:
    description: How many jobs that succeeded are kept.
    type: int
  failed_jobs_history_limit:
    description: How many jobs that failed are kept.
    type: int
  node_selector:
    description: Labels of the nodes for the job, merged over those there.
    type: dict
  tolerations:
    description: Tolerations of the job, as in the API.
    type: list
    elements: dict
  affinity:
    description: Affinity of the job, as in the API, merged over what is there.
    type: dict
  resources:
    description: Requests and limits of the job, merged over what is there.
    type: dict
  remove_failed_jobs:
    description: Whether failed jobs are removed. One that failed by a passing fault keeps the operator
      degraded until the next that succeeds.
    type: bool
    default: false
  from_variables:
    description: Whether to take options that are not given from variables C(image_pruner_...).
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.image_pruner_info
  - module: dockyard.openshift.image_registry
"""

EXAMPLES = r"""
- name: Prune on Sundays
  dockyard.openshift.image_pruner:
    kubeconfig: ~/.kube/config
    schedule: 0 3 * * 0
    keep_tag_revisions: 5
    keep_younger_than: 96h

- name: End the state Degraded after a passing fault
  dockyard.openshift.image_pruner:
    remove_failed_jobs: true
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
