#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: master_config
short_description: Say what masters of OpenShift 3 admit and let people import
version_added: 1.0.0
description:
  - Edits the image policy, the settings of imports and the order of admission plug-ins in C(master-config.yaml) of one
    master, key by key. Comments, order, quotes, owner, mode, label and every other byte of the file stay.
  - The file as it would be is checked by the rules of the master's own release before anything is written. A file that
    cannot be read, or has a key twice, is refused with its line.
  - What runs on the host is restarted, the API before the controllers, which are one unit, two units or static pods.
    C(/healthz) must answer; when it does not, the old file and the services are put back.
  - Nothing of the file is shown but the parts that this task writes.
  - Every master needs it. The playbook C(dockyard.openshift.masters) goes from one to the next.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
extends_documentation_fragment:
  - dockyard.openshift.attributes
# BEGIN make docs: options
options:
  activation:
    description: What to do when an engine must be restarted to see what changed. V(if_idle) refuses,
      before anything is written, a restart that would take down running containers. V(now) restarts the
      engine. V(defer) does not, and RV(pending) says so in every run until the engine was restarted.
    type: str
    choices: [now, if_idle, defer]
    default: if_idle
  expect_plan:
    description: Apply only the plan with this RV(plan.id), which a run in check mode returned; refuse
      any other.
    type: str
  state:
    description: 'V(absent) takes everything off the host that this collection ever put there, whatever
      else is asked for: entries of lists, certificates, and what is remembered of them. Entries of others
      stay.'
    type: str
    choices: [present, absent]
    default: present
  undo:
    description:
      - Take back the plan with this RV(plan.id) instead of bringing anything to the host. Of several,
        the one that is the last on the host.
      - Every file becomes what it was before, services look at their files again, and each engine is
        asked whether it agrees. Refused when it is not the last plan that changed the host, or when a
        file of it was changed since.
    type: list
    elements: str
    default: []
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
  - module: dockyard.openshift.master_config_info
  - module: dockyard.openshift.registry_trust
  - plugin: dockyard.openshift.image_policy_problems
    plugin_type: filter
  - plugin: dockyard.openshift.import_policy_problems
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Run images of two registries only, beside those of the platform
  dockyard.openshift.master_config:
    image_policy:
      executionRules:
        - name: our-registries
          onResources: [{resource: pods}, {resource: builds}]
          matchRegistries: [registry.example.com, registry.access.redhat.com]

- name: Import from two registries only
  dockyard.openshift.master_config:
    allowed_registries_for_import:
      - registry.example.com:5000
      - domainName: "*.example.org"
    image_policy_config:
      maxImagesBulkImportedPerRepository: 10
      additionalTrustedCA: /etc/origin/master/registry-ca.crt # 3.11

- name: Take one rule away
  dockyard.openshift.master_config:
    image_policy:
      executionRules:
        - name: our-registries
          state: absent
"""

RETURN = r"""
# BEGIN make docs: returned
master:
  description: The master as it is once the plan is carried out.
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
rolled_back:
  description: Whether something failed and everything was put back.
  returned: always
  type: bool
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
