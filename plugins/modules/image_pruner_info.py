#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: image_pruner_info
short_description: Report when an OpenShift 4 cluster prunes images, and why it failed
version_added: 1.1.0
description:
  - Reads the pruner and its jobs; changes nothing.
  - Given the options of M(dockyard.openshift.image_pruner), it tells whether that task would change something.
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
  - module: dockyard.openshift.image_pruner
  - module: dockyard.openshift.image_registry_info
"""

EXAMPLES = r"""
- name: Which jobs failed?
  dockyard.openshift.image_pruner_info:
    kubeconfig: ~/.kube/config
  register: pruning
  failed_when: pruning.pruner.failed_jobs | length > 0
"""

RETURN = r"""
# BEGIN make docs: returned
pruner:
  description:
    - Whether it is C(there), its C(schedule), whether it is on C(suspend), what its C(conditions) say.
    - In C(failed_jobs) the C(name) and C(reason) of each job that failed since the last one that succeeded,
      and its C(remedy); also the job of somebody else for which the operator calls the pruner degraded.
      In C(failed_earlier) the jobs that failed before.
    - In C(unreadable), when a job of the pruner failed lately, the objects of the cluster with an image
      name that nobody can read, which end the job, each as C(object), C(image), C(reason) and C(remedy).
  returned: success
  type: dict
registry_state:
  description: What the registry's specification says in C(managementState).
  returned: success
  type: str
prunes_storage:
  description: Whether layers are removed from the storage of the registry, and not only objects of the
    API.
  returned: success
  type: bool
drift:
  description: Whether M(dockyard.openshift.image_pruner) with the same options would change something.
  returned: success
  type: bool
problems:
  description: Why M(dockyard.openshift.image_pruner) would refuse the same options.
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
