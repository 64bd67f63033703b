#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: fleet_report
short_description: Report how every host and cluster of a run stands, as a page, as JSON and as metrics
version_added: 1.0.0
description:
  - Reads what earlier tasks of the run registered for each host and cluster, and says it once for all of them.
  - Writes on request one HTML page that needs no network, and the same as JSON beside it.
  - Nobody is contacted. Files are written in check mode too, because a plan is to be read.
  - The playbooks C(site), C(plan) and C(verify) end with it.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
# BEGIN make docs: options
options:
  hosts:
    description: Hosts to speak of. One of which nothing at all is registered was not looked at.
    type: list
    elements: str
    default: []
  clusters:
    description: Hosts of the inventory that stand for clusters.
    type: list
    elements: str
    default: []
  expected:
    description: What it is about, as in O(results), and the hosts and clusters that were to be asked
      for it. One of which nothing is registered is said not to have been looked at.
    type: dict
    default: {}
  run:
    description: The name of the run, for a person.
    type: str
    default: report
  page:
    description:
      - A file on the controller for the report as one HTML page, which needs no network. Its name ends
        in C(.html); the same as JSON is written beside it, in a file whose name ends in C(.json).
      - Both are readable for their owner only, and are written in check mode too.
    type: path
  metrics:
    description: A file on the controller for drift and days left as metrics of Prometheus, readable for
      everybody; written in check mode too.
    type: path
  results:
    description: The registered variables of hosts that are read, and what each is about.
    type: dict
    default:
      docker_registries_result: registries
      docker_registries_info: registries
      image_policy_result: image policy
      registry_storage_hosted: integrated registry
      registry_storage_hosted_found: integrated registry
      node_storage_info: storage
      node_storage_plan: storage
      node_storage_result: storage
      image_policy_trust_result: trust of the master
      image_policy_info: image policy
  cluster_results:
    description: The registered variables of clusters that are read, and what each is about.
    type: dict
    default:
      registry_access_cluster: pull secret
      registry_access_cluster_found: pull secret
      registry_access_result: logins of projects
      registry_access_found: logins of projects
      registry_access_imports: imports
      cluster_result: registries
      cluster_info: registries
      image_policy_nodes_result: nodes
      registry_storage_result: image registry
      registry_storage_info: image registry
      registry_storage_pruner: image pruner
      registry_storage_pruner_info: image pruner
# END make docs
extends_documentation_fragment:
  - dockyard.openshift.attributes.controller
"""

EXAMPLES = r"""
- name: Report
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Write one page for every host
      dockyard.openshift.fleet_report:
        hosts: "{{ groups.nodes }}"
        page: plan.html
      register: told

    - name: Fail where a host was not reached
      ansible.builtin.fail:
        msg: "{{ told.failing }}"
      when: told.failing | length > 0
"""

RETURN = r"""
account:
  description: The report as text for a person, one line each.
  returned: success
  type: list
  elements: str
failing:
  description: Hosts and clusters that failed, were not reached or not looked at, with the reason.
  returned: success
  type: list
  elements: str
drifted:
  description: The names of those that differ from what is asked for.
  returned: success
  type: list
  elements: str
summary:
  description: The counts of the report, as in the JSON file.
  returned: success
  type: dict
files:
  description: The files that were written.
  returned: success
  type: list
  elements: str
"""
