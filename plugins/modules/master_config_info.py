#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: master_config_info
short_description: Report what a master of OpenShift 3 admits and lets people import
version_added: 1.0.0
description:
  - Tells the release of a master, what runs there, its image policy and settings of imports, and what is wrong with
    them. Nothing else of its file is shown, and nothing is changed.
  - Given the options of M(dockyard.openshift.master_config), it tells whether that task would change something.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.attributes.info
# BEGIN make docs: options
options:
  query:
    description: A JMESPath query over all returned values but the plan, its notes and what is pending.
      Its answer is RV(selected).
    type: str
  image_policy:
    description:
      - 'The policy of the plug-in C(openshift.io/ImagePolicy): a mapping with C(executionRules), C(resolutionRules)
        and C(resolveImages), or a JSON or YAML text of one; with or without the keys around it.'
      - Rules are merged by C(name). A rule with C(state) V(absent) goes. Rules of others stay.
      - A master without a policy keeps what it does by default (C(execution-denied)). Where a rule allows
        something, whatever no rule allows is rejected; so the rules C(platform-images) and C(platform-streams)
        are added, which keep the platform's own images admitted. Name them with C(state) V(absent) to
        do without.
      - A key that no master reads, or a rule that never applies, is refused.
    type: raw
  image_policy_config:
    description:
      - 'Keys of C(imagePolicyConfig): a mapping or a JSON or YAML text of one, with or without the key
        C(imagePolicyConfig) around it. A key that is null is taken away, keys that are not named stay.'
      - Its C(allowedRegistriesForImport) is a list of mappings with C(domainName) and C(insecure).
    type: raw
  allowed_registries_for_import:
    description: 'The registries that people may import from, in place of the list in O(image_policy_config):
      texts C(host[:port]), or mappings with C(domainName), C(insecure) and C(state). Merged by C(domainName).'
    type: raw
  import_trust:
    description:
      - Registries whose authorities imports trust. A list of mappings with C(registry) and C(ca) or C(ca_file),
        or a JSON text of one; an empty list takes away what earlier runs put there.
      - 'On 3.11 they go into a file of their own, which C(additionalTrustedCA) names. Masters before
        read the trust store of the host: the role brings them there with M(dockyard.openshift.registry_trust),
        which restarts the master.'
    type: raw
  plugin_order:
    description: All admission plug-ins in their order, for C(admissionConfig.pluginOrderOverride). An
      empty list takes it away.
    type: raw
  purge:
    description: Whether rules, and registries for imports, of others go as well when they are not named
      here. Those that earlier runs put there go in any case.
    type: bool
    default: false
  release:
    description: The release of the masters, such as V(3.11) (in quotes for 3.10). Unless given, it is
      looked up on the host.
    type: raw
  registry_addresses:
    description: Addresses C(IP:port) of the service of the integrated registry, which images of the platform
      may have in their names. Unless given, those in the rules count, else the API is asked with the
      master's own C(admin.kubeconfig).
    type: raw
  master_config:
    description: The configuration file of the master.
    type: str
    default: /etc/origin/master/master-config.yaml
  timeout:
    description: How many seconds C(/healthz) of a restarted master may take to answer before the old
      file and the services are put back.
    type: int
    default: 180
  from_variables:
    description: Whether to take options that are not given from the variables of the role C(image_policy)
      and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.master_config
"""

EXAMPLES = r"""
- name: Look at a master
  dockyard.openshift.master_config_info:
  register: found

- name: Refuse to go on with a file that has mistakes
  ansible.builtin.assert:
    that: found.master.findings | selectattr('effect', 'equalto', 'refuse') | length == 0
"""

RETURN = r"""
# BEGIN make docs: returned
master:
  description: The master as it is.
  returned: success
  type: dict
  contains:
    path:
      description: The configuration file.
      type: str
    release:
      description: The release.
      type: str
      sample: '3.11'
    services:
      description: What runs here and reads the file, in the order of restarts.
      type: list
      elements: str
    image_policy_file:
      description: The file that holds the image policy, which is another one where the plug-in has a
        C(location).
      type: str
    image_policy:
      description: The image policy; null where there is none and the default counts.
      type: dict
    image_policy_config:
      description: The settings of imports (C(imagePolicyConfig)); null where there are none.
      type: dict
    plugin_order:
      description: The admission plug-ins in their order; null where the default counts.
      type: list
      elements: str
    findings:
      description: What the master would refuse of its file, what a person would regret, and what has
        no effect.
      type: list
      elements: dict
      contains:
        effect:
          description: V(refuse) for what stops the master, else V(warn).
          type: str
        path:
          description: Where it is.
          type: str
        sentence:
          description: What is wrong.
          type: str
drift:
  description: Whether M(dockyard.openshift.master_config) with the same options would change something.
  returned: success
  type: bool
problems:
  description: Why M(dockyard.openshift.master_config) would refuse the same options.
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
asked_by:
  description:
    - Each option that says what is wanted, with the variables that it was taken from, or its own name
      where the task gives it.
  returned: success
  type: dict
  sample:
    search:
      - registry_policy.search
    insecure:
      - openshift_docker_insecure_registries
      - openshift_docker_options
# END make docs
"""
