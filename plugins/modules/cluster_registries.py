#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cluster_registries
short_description: Configure which image registries an OpenShift 4 cluster searches, blocks, mirrors and trusts
version_added: 1.0.0
description:
  - Brings a registry policy to one cluster in one plan. It becomes Image/cluster, mirror sets, a ConfigMap with trusted
    authorities and, if wanted, a node disruption policy.
  - Before anything is written, it says what the change does to the nodes of this cluster, pool by pool. It refuses what
    would lock the cluster out of its own images.
  - Entries and objects of others stay. Writes are patches of what differs, for the version of the object that was read.
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
  search:
    description:
      - Registries that nodes search, in order, for an image name without a registry.
      - On OpenShift 4 a change of it reboots every node, unless O(node_disruption=reload).
      - A list, a comma separated text or a JSON text. Without it, the list of the cluster stays as it
        is; an empty list empties it. This holds for all lists here.
    type: raw
  blocked:
    description:
      - Scopes that nodes must not pull from. V(all) stands alone and means everything but O(search),
        O(allowed), the sources of O(mirrors) and O(mirrors_from), and what the cluster itself is made
        of.
      - A scope is C(host), C(host:port), either with a path, or C(*.domain).
    type: raw
  allowed:
    description:
      - Scopes that nodes may pull from when everything else is blocked. The repositories of the release
        and the integrated registry are always added.
      - Without O(blocked) it implies O(blocked=all). Any other value of O(blocked) beside it is refused.
    type: raw
  insecure:
    description: Scopes that nodes reach over plain HTTP, or without verifying their certificate.
    type: raw
  mirrors:
    description:
      - Where nodes look first for images of a scope. A list of mappings with C(source), C(mirrors), and
        if wanted C(pull) (V(all), V(digest), V(tag)) and C(contact_source); or a JSON text of one.
      - It becomes an ImageDigestMirrorSet and an ImageTagMirrorSet, or an ImageContentSourcePolicy where
        the API has nothing newer. Mirror sets of others stay.
    type: raw
  mirrors_from:
    description:
      - 'Files with mirror sets that are taken as they are: objects that oc-mirror wrote, or the lists
        C(imageDigestSources) and C(imageContentSources) of install-config.yaml.'
      - An object of others with the same name is extended, source by source, with O(mode=merge), and
        replaced with O(mode=exact).
    type: list
    elements: path
  trust:
    description:
      - Registries whose authorities nodes, builds and the integrated registry trust. A list of mappings
        with C(registry), C(ca) or C(ca_file), and if wanted C(aliases) and C(state); or a JSON text of
        one.
      - A ConfigMap that Image/cluster names already is extended.
    type: raw
  signatures:
    description:
      - Scopes whose images nodes take only with a signature (sigstore). A list of mappings with C(scope)
        and C(key) or C(key_file), a public key in PEM; or a JSON text of one. For C(rekor_key), C(signed_as)
        and signatures without a key see M(dockyard.openshift.container_registries).
      - Each scope becomes a ClusterImagePolicy, which OpenShift has from 4.20 on, and from 4.16 on with
        a feature set of previews. Policies of others and of namespaces stay.
    type: raw
  import:
    description:
      - 'Registries that users may import image streams from: a list of names or of mappings with C(domainName)
        and C(insecure); a text; or C(imagePolicyConfig) of OpenShift 3.'
      - C(*) and C(?) are wildcards. A name without a port means port 443, or 80 when C(insecure). An
        empty list allows every registry. Users who may create images are not held back by it, so it is
        not a border of security.
    type: raw
  external_hostnames:
    description: Names of the integrated registry outside of the cluster; the first is used in references.
    type: list
    elements: str
  import_mode:
    description: How image streams import manifest lists, unless they say it themselves.
    type: str
    choices: [Legacy, PreserveOriginal]
  node_disruption:
    description: V(reload) makes a node disruption policy by which a search list reloads CRI-O (4.17 and
      later). It is written first and waited for. V(default) takes it away again.
    type: str
    choices: [reload, default]
  additional_registries:
    description: Registries that hosts of OpenShift 3 search. With O(blocked=all) nodes of OpenShift 4
      may pull from them; they do not search them, which would reboot every node.
    type: raw
  hosted_registry_network:
    description:
      - The service network of the cluster the policy was written for.
      - OpenShift 4 takes no address range, so this one is left out of O(insecure) with a note; any other
        is refused.
    type: str
    default: 172.30.0.0/16
  mode:
    description: V(merge) puts entries beside those of others, and later removes only its own. V(exact)
      makes the lists exactly those of the policy.
    type: str
    choices: [exact, merge]
    default: merge
  release:
    description: The minor release to forecast for, quoted, unless it is what ClusterVersion says.
    type: raw
  max_disruption:
    description: The most that nodes may notice. A change with a higher forecast is refused.
    type: str
    choices: [none, reload, restart, drain, reboot]
    default: drain
  overridden:
    description: Names of guards that do not stop the task.
    type: list
    elements: str
    default: []
  warn_days:
    description: Warn of certificates that expire within so many days.
    type: int
    default: 30
  from_variables:
    description: 'Whether to take options that are not given from variables: C(image_policy_...) of their
      names, else C(registry_policy), else the variables of openshift-ansible.'
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.cluster_registries_info
  - module: dockyard.openshift.cluster_forecast
"""

EXAMPLES = r"""
- name: Show what a mirror and a blocked registry would do to the nodes
  dockyard.openshift.cluster_registries:
    kubeconfig: ~/.kube/config
    blocked: docker.io
    mirrors:
      - source: quay.io/example
        mirrors: [mirror.example.com:5000/example]
  check_mode: true
  register: planned

- name: Apply exactly that
  dockyard.openshift.cluster_registries:
    kubeconfig: ~/.kube/config
    blocked: docker.io
    mirrors:
      - source: quay.io/example
        mirrors: [mirror.example.com:5000/example]
    expect_plan: "{{ planned.plan.id }}"

- name: Search a registry without rebooting nodes (4.17 and later)
  dockyard.openshift.cluster_registries:
    search: registry.example.com
    node_disruption: reload
    max_disruption: reload

- name: Take the mirror sets of oc-mirror as they are
  dockyard.openshift.cluster_registries:
    mirrors_from: [working-dir/cluster-resources/idms-oc-mirror.yaml]

- name: Write the manifests for a repository instead
  dockyard.openshift.cluster_registries:
    from_variables: true
    manifests_to: cluster-config/registries
"""

RETURN = r"""
# BEGIN make docs: returned
policy:
  description: The words of the policy, as they were understood.
  returned: success
  type: dict
forecast:
  description:
    - What nodes would get, what that costs and what the guards find, as P(dockyard.openshift.mco_forecast#filter)
      gives it for the objects of this cluster.
    - In addition C(pools), the pools of nodes, and C(new), the findings that the cluster does not have
      already.
  returned: when something changes
  type: dict
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
