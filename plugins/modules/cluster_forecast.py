#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cluster_forecast
short_description: Forecast what a change of registries does to an OpenShift 4 cluster
version_added: 1.0.0
description:
  - Reads manifests of a cluster from files and says what a policy would make of them. Nobody is contacted.
  - Says which files nodes would get, what that costs in each release, what the guards find, and where images would be
    pulled from.
  - The same for values is the filter P(dockyard.openshift.mco_forecast#filter), which reads no files.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
# BEGIN make docs: options
options:
  manifests:
    description:
      - Files with manifests of the cluster, as C(oc get -o yaml) writes them.
      - The task searches for a relative name where M(ansible.builtin.copy) searches for its source. It
        decrypts encrypted files.
    type: list
    elements: path
    required: true
  proposed:
    description:
      - Files with manifests to be applied.
      - An object of the same kind and name is merged into the one that is there; null removes a key.
    type: list
    elements: path
    default: []
  removed:
    description:
      - Objects to be deleted, each C(Kind/name) or C(Kind/namespace/name), after O(proposed) was applied.
      - Short names and plurals of oc count, such as C(icsp/old).
    type: list
    elements: str
    default: []
  policy:
    description:
      - The words of a registry policy by their names, applied after O(proposed). A mapping, as the variable
        C(registry_policy) is.
      - Words for hosts are left out with a note. Files that C(trust) names are read on the controller.
    type: raw
  hosted_registry_network:
    description:
      - The service network of the cluster the policy was written for.
      - OpenShift 4 takes no address range, so this one is left out of C(insecure) with a note; any other
        is refused.
    type: str
    default: 172.30.0.0/16
  warn_days:
    description: Warn of certificates that expire within so many days.
    type: int
    default: 30
  release:
    description:
      - The minor release, quoted, V(4.8) to V(4.23).
      - By default the one that ClusterVersion/version says.
    type: raw
  other_releases:
    description: Further releases for which to say the cost.
    type: list
    elements: raw
    default: []
  images:
    description: Images for which to say where nodes would pull them from.
    type: list
    elements: str
    default: []
  node_disruption_policy:
    description: Node disruption policies, instead of those of MachineConfiguration/cluster among the
      manifests.
    type: list
    elements: dict
  overridden:
    description: 'Names of guards to silence, or C(guard: found) for one finding of a guard.'
    type: list
    elements: raw
    default: []
  show:
    description: Whether to print the account, line by line, beside returning it.
    type: bool
    default: false
  from_variables:
    description:
      - Whether options that are not given are taken from variables.
      - O(policy) comes from C(forecast_policy), else C(registry_policy). O(other_releases) comes from
        C(forecast_releases), O(warn_days) from C(docker_registries_trust_warn_days), and every other
        option from C(forecast_...) of its name.
      - O(hosted_registry_network) comes from C(openshift_docker_hosted_registry_network), else C(openshift_portal_net),
        else C(openshift_master_portal_net).
    type: bool
    default: false
# END make docs
extends_documentation_fragment:
  - dockyard.openshift.attributes.controller
seealso:
  - plugin: dockyard.openshift.mco_forecast
    plugin_type: filter
  - module: dockyard.openshift.registry_policy
"""

EXAMPLES = r"""
- name: Say what the policy of the inventory would do to the cluster
  dockyard.openshift.cluster_forecast:
    manifests: [cluster.yml]
    policy: "{{ registry_policy }}"
    other_releases: ["4.16", "4.20"]
  register: found

- name: Show the account
  ansible.builtin.debug:
    msg: "{{ found.forecast.lines }}"
"""

RETURN = r"""
forecast:
  description: The forecast, as P(dockyard.openshift.mco_forecast#filter) gives it.
  returned: success
  type: dict
  contains:
    lines:
      description: The account, to be read.
      returned: success
      type: list
      elements: str
    disruption:
      description: The cost by release; none where nothing arrives.
      returned: success
      type: dict
    findings:
      description: What the guards found, each a C(guard), C(effect), C(found), C(sentence) and C(source).
      returned: success
      type: list
      elements: dict
    files:
      description: What nodes would have, path to text.
      returned: success
      type: dict
"""
