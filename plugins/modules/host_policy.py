#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: host_policy
short_description: Bring a whole registry policy to a host, registries and certificates at once
version_added: 1.0.0
description:
  - Does what M(dockyard.openshift.container_registries) and M(dockyard.openshift.registry_trust) do, with one look at
    the host, one plan, one commit and at most one restart of each engine.
  - Whole or not at all counts for everything together. When a registry is not believed afterwards, the new lists are
    taken back too.
  - A call that asks for nothing fails.
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
  trust:
    description:
      - Registries whose certificates the host shall trust. A list of mappings with C(registry), C(ca)
        or C(ca_file), and if wanted C(aliases), C(client_cert) and C(client_key) (or their files), and
        C(state); or a JSON text of one.
      - C(registry) is C(host) or C(host:port), as in names of images. C(aliases) are further names and
        addresses.
      - C(ca) holds the certificates of the authorities that sign for it, as PEM text; C(ca_file) names
        a file on the controller with them. Several authorities are trusted side by side, for instance
        while one replaces another.
      - C(client_cert) and C(client_key), or C(client_cert_file) and C(client_key_file), are what the
        host shows the registry when it asks. Files may be encrypted with ansible-vault.
      - C(state) is V(present) (the default) or V(absent).
      - Without it, all certificates stay as they are; an empty list removes everything that earlier runs
        put on the host.
    type: raw
  warn_days:
    description: Warn of certificates that expire within so many days.
    type: int
    default: 30
  scope:
    description:
      - V(system) puts authorities into the trust store of the operating system, where all programs see
        them. V(engine) puts them into C(certs.d) of the engines, where they count for their registry
        only. V(both) does both.
      - V(auto) uses the trust store. It adds a directory in C(certs.d) for names with a port, for addresses,
        and for all names on docker before 1.13, which forgets the trust store when it finds anything
        in C(certs.d).
      - A client certificate always goes into C(certs.d), because there is no other place for it.
    type: str
    choices: [auto, system, engine, both]
    default: auto
  purge:
    description:
      - Whether to remove what earlier runs put on the host for registries that the list no longer names.
      - V(false) looks at the registries of the list only.
    type: bool
    default: true
  verify:
    description: V(full) makes the host verify the certificates against its trust store and connect to
      the registries; a registry that cannot be reached is not a failure. V(store) does the first only,
      V(none) neither.
    type: str
    choices: [full, store, none]
    default: full
  credentials:
    description:
      - Logins to registries. A list of mappings with C(registry), C(username) and C(password), or a JSON
        text of one.
      - C(registry) is C(host), C(host:port) or, for podman, CRI-O and the kubelet, with a path, as in
        names of images.
      - In place of C(password) there may be C(token), for which the user counts for nothing, or C(auth),
        the base64 of C(user:password) as it stands in auth files. C(password_file), C(token_file) and
        C(auth_file) name a file on the controller, which may be encrypted with ansible-vault.
      - C(state) is V(present) (the default) or V(absent), which takes the registry's own entry out of
        the files, whoever put it there.
      - Without it, all logins stay as they are.
    type: raw
  auth_files:
    description:
      - The files to write instead of those that the engines of the host read, as absolute paths. A name
        that ends in C(.dockercfg) is the old form.
      - Unless given, they are for docker C(/root/.docker/config.json), for podman, skopeo, buildah and
        CRI-O C(/root/.config/containers/auth.json), or what C(crio.conf) calls its C(global_auth_file).
      - For the kubelet it is C(/var/lib/kubelet/config.json). Nodes of OpenShift up to 3.10 have a file
        of their own, C(/var/lib/origin/.docker/config.json). What OpenShift 4 writes itself is left alone.
    type: list
    elements: str
    default: []
  purge_credentials:
    description: Whether to remove the entries that earlier runs put into these files for registries that
      the list no longer names. Entries of others stay in any case.
    type: bool
    default: false
  verify_logins:
    description:
      - Whether the host itself tries each new login at its registry, after the files are written. If
        one is refused, everything is put back. A registry that cannot be reached is not a failure.
      - The secret is sent over HTTPS to the registry or to the token service that it names, and over
        HTTP only where the policy calls the registry C(insecure). No redirect is followed.
    type: bool
    default: false
  search:
    description:
      - Registries that engines try, in order, for an image name without a registry.
      - A list, a comma separated text or a JSON text. Each is C(host) or C(host:port).
      - Without it, the list on the host stays as it is; an empty list empties it. This holds for all
        lists here.
    type: raw
  blocked:
    description:
      - Scopes that engines must not pull from. V(public) means C(docker.io). V(all) stands alone and
        means everything but O(search) and O(allowed).
      - A scope is C(host), C(host:port), either with a path, or C(*.domain).
    type: raw
  allowed:
    description:
      - Scopes that engines may pull from beside those of O(search) when everything else is blocked.
      - Without O(blocked) it implies O(blocked=all). Any other value of O(blocked) beside it is refused.
    type: raw
  insecure:
    description:
      - Scopes that engines reach over plain HTTP, or without verifying their certificate.
      - Address ranges such as V(10.0.0.0/8) are allowed where the engine supports them.
    type: raw
  mirrors:
    description:
      - Where engines look first for images of a scope. A list of mappings with C(source), C(mirrors),
        and if wanted C(pull) (V(all), V(digest), V(tag)) and C(contact_source); or a JSON text of one.
      - C(source) is a scope. C(mirrors) is a list of C(host[:port][/path]), tried in order. C(pull) says
        which pulls the mirrors serve, V(all) unless given. C(contact_source) (V(true) unless given) says
        whether engines try the source itself when no mirror has the image.
      - docker mirrors C(docker.io) only, as a whole, and for all pulls.
    type: raw
  short_name_mode:
    description: How podman and its family resolve an image name without a registry when they search several
      registries, V(enforcing), V(permissive) or V(disabled).
    type: str
    choices: [enforcing, permissive, disabled]
  aliases:
    description: Full image names by short name, for podman and its family. An empty full name removes
      an alias that other files define.
    type: dict
  signatures:
    description:
      - Scopes whose images must be signed (sigstore); others than these need no signature. A list of
        mappings with C(scope) and C(key) or C(key_file), or a JSON text of one.
      - C(key) is a public key in PEM, as C(cosign.pub) holds it; C(key_file) names a file on the controller.
      - C(rekor_key) or C(rekor_key_file) is the public key of the log in which signatures must stand.
        C(signed_as) is the name under which the images of the scope were signed, where they are copies.
      - In place of a key, C(ca) or C(ca_file), C(issuer), C(email) and C(rekor_key) demand signatures
        by a person (keyless). That was not tested with real signatures.
      - podman, skopeo, buildah and CRI-O verify signatures; docker does not. Without it, what must be
        signed stays as it is; an empty list takes away what earlier runs demanded.
    type: raw
  hosted_registry_insecure:
    description: Whether to add O(hosted_registry_network) to O(insecure).
    type: bool
    default: false
  hosted_registry_network:
    description:
      - The service network of the cluster, which holds the address of its integrated registry.
      - An engine without address ranges leaves this one out with a note, instead of refusing it.
    type: str
    default: 172.30.0.0/16
  mode:
    description: V(exact) makes the lists exactly those of the policy and removes every other entry. V(merge)
      puts the entries of the policy beside those of others, and later removes only its own. Unless given,
      V(exact) for docker of Red Hat's fork (RHEL 7), and V(merge) for every other engine.
    type: str
    choices: [exact, merge]
  unenforceable:
    description: What to do when an engine cannot enforce what is asked; V(warn) applies the rest.
    type: str
    choices: [fail, warn]
    default: fail
  foreign_scopes:
    description: What to do with a scope of others in C(policy.json) that accepts images outside the allow-list.
      V(fail) names it and changes nothing, V(reject) makes it reject until the allow-list is lifted,
      V(keep) leaves it and warns.
    type: str
    choices: [fail, reject, keep]
    default: fail
  verify_pull:
    description:
      - Images that prove the lists, pulled by the engines of the host itself after a change; when one
        is not as it should be, everything is put back. Nothing is pulled unless this is set, or where
        nothing changes.
      - The task that only reports pulls them at every run. An image that was not there before is removed
        again.
      - With it comes a warning for each insecure registry, and one where V(all) is blocked and images
        of C(docker.io) are out of reach.
    type: dict
    suboptions:
      comes:
        description: Images that the host must be able to pull.
        type: list
        elements: str
        default: []
      refused:
        description: Images that it must not be able to pull, for whatever reason.
        type: list
        elements: str
        default: []
      pushed:
        description: Names under which an empty image is pushed and then pulled; it stays in the registry.
          CRI-O cannot push.
        type: list
        elements: str
        default: []
  from_variables:
    description: Whether to take options that are not given from the variables of the role C(docker_registries),
      from C(registry_policy) and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
# END make docs
seealso:
  - module: dockyard.openshift.host_policy_info
  - module: dockyard.openshift.container_registries
  - module: dockyard.openshift.registry_trust
"""

EXAMPLES = r"""
- name: Search the company's registry, and believe it
  dockyard.openshift.host_policy:
    search: registry.example.com:5000
    trust:
      - registry: registry.example.com:5000
        ca_file: company-ca.crt

- name: What the inventory says
  dockyard.openshift.host_policy:
    from_variables: true
"""

RETURN = r"""
# BEGIN make docs: returned
policy:
  description: The words of the policy about lists, mirrors and names, as they were understood.
  returned: success
  type: dict
engines:
  description:
    - The engines found, with the lists that each one answered when it was asked last. That is after a
      change, and in check mode before it.
    - The lists are null where the engine was not asked, or cannot say. See RV(planned) for what its files
      say.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Short name.
      type: str
      sample: docker-fork
    title:
      description: Full name.
      type: str
    version:
      description: Version, as the engine reports it.
      type: str
    search:
      description: Search list in force.
      type: list
      elements: str
    blocked:
      description: Blocked scopes in force.
      type: list
      elements: str
    insecure:
      description: Insecure scopes in force.
      type: list
      elements: str
planned:
  description: The lists in the files of each engine once the plan is applied, whether it has read them
    or not.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Short name, as in RV(engines).
      type: str
    search:
      description: Search list.
      type: list
      elements: str
    blocked:
      description: Blocked scopes; V(all) when all but the allowed ones are.
      type: list
      elements: str
    insecure:
      description: Insecure scopes.
      type: list
      elements: str
    mirrors:
      description: Mirrors, as the engine shows them.
      type: list
      elements: str
pulled:
  description: What came of each image of O(verify_pull).
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: The image.
      type: str
    engine:
      description: The program that pulled it.
      type: str
    expected:
      description: One of V(comes), V(refused), V(pushed).
      type: str
    ok:
      description: Whether it was as expected.
      type: bool
    said:
      description: What happened, in one line.
      type: str
logins:
  description: The logins that were asked for, without their secrets.
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: The registry, or a part of it.
      type: str
    username:
      description: The user; null for one that is to be absent.
      type: str
    state:
      description: V(present) or V(absent).
      type: str
auth_files:
  description: The files for logins of this host's engines, as they are once the plan is carried out.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    read_by:
      description: The engines that read it.
      type: str
    problem:
      description: Why engines cannot read it; null when they can.
      type: str
    entries:
      description: Its entries, those of others too, and helpers. Never a secret.
      type: list
      elements: dict
      contains:
        key:
          description: The key of the entry; empty for the helper of everything (C(credsStore)).
          type: str
        kind:
          description:
            - V(basic) for user and password, V(token) for an identity token, V(helper) for a program
              that is asked, V(empty) for an entry that podman and CRI-O find no login in.
          type: str
        username:
          description: The user; null for a helper.
          type: str
        helper:
          description: Name of the helper; null for an entry.
          type: str
logins_verified:
  description: What the host found out of the logins; empty unless O(verify_logins), and when nothing
    changed.
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: The registry of the login.
      type: str
    outcome:
      description:
        - V(accepted), V(unasked) where the registry wants no login, or V(undecided) where it could not
          be asked. V(refused) fails the task.
      type: str
    reason:
      description: Who said so, or why nobody did.
      type: str
registries:
  description: The registries that the host shall trust.
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: Name of the registry.
      type: str
    names:
      description: Name and aliases of the registry.
      type: list
      elements: str
    certificates:
      description: The authorities that sign for it.
      type: list
      elements: dict
      contains:
        subject:
          description: Subject of the certificate.
          type: str
        issuer:
          description: Issuer of the certificate.
          type: str
        fingerprint:
          description: SHA-256 fingerprint, hexadecimal.
          type: str
        not_before:
          description: Start of its validity, in UTC.
          type: str
        not_after:
          description: End of its validity, in UTC.
          type: str
        days_left:
          description: Whole days until the certificate expires; negative after that.
          type: int
verified:
  description: What the host reports for each registry that it tried to reach; empty when nothing changed.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name or address of the registry.
      type: str
    engine:
      description: The engine whose view of trust was used.
      type: str
    outcome:
      description: V(trusted), or V(unreachable), which is not a failure. V(untrusted) fails the task.
      type: str
    reason:
      description: Reason for the outcome.
      type: str
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
