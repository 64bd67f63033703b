# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # The words of a registry policy; they mean the same for every target.
    DOCUMENTATION = r"""
options:
  search:
    description:
      - Registries that are tried, in order, for an image name without a registry.
      - A list, a comma separated text or a JSON text. Each is C(host) or C(host:port).
      - Omitted, the list is left alone; an empty list empties it. So it is with all lists here.
    type: raw
  blocked:
    description:
      - Scopes that must not be pulled from. A scope is C(host), C(host:port), either with a path, or C(*.domain).
      - V(public) means C(docker.io). V(all) stands alone and means everything but O(search) and O(allowed).
    type: raw
  allowed:
    description:
      - Scopes that may be pulled from beside those of O(search) when everything else is blocked.
      - Without O(blocked) it means O(blocked=all). With any other O(blocked) it is refused.
    type: raw
  insecure:
    description:
      - Scopes that are reached over plain HTTP, or without verifying their certificate.
      - Address ranges such as V(10.0.0.0/8) are taken where the engine knows them.
    type: raw
  mirrors:
    description:
      - Where images of a scope are looked for first. A list of mappings, or a JSON text of one.
      - C(source) is a scope. C(mirrors) is a list of C(host[:port][/path]), tried in order. C(pull) is V(all) (the
        default), V(digest) or V(tag), the pulls that the mirrors serve. C(contact_source) (default V(true)) says
        whether the source itself is tried when no mirror has the image.
      - docker mirrors C(docker.io) only, as a whole, and for all pulls.
    type: raw
  short_name_mode:
    description: How podman and its family resolve an image name without registry when several are searched.
    type: str
    choices: [enforcing, permissive, disabled]
  aliases:
    description:
      - Full image names by short name, for podman and its family.
      - An empty full name takes away an alias that other files define.
    type: dict
  hosted_registry_insecure:
    description: Whether O(hosted_registry_network) is one of O(insecure).
    type: bool
    default: false
  hosted_registry_network:
    description:
      - The service network of the cluster, in which the integrated registry has its address.
      - An engine that knows no address ranges leaves this one out with a note, instead of refusing it.
    type: str
    default: 172.30.0.0/16
"""

    # How a policy is brought to a host.
    APPLYING = r"""
options:
  mode:
    description:
      - With V(exact) the lists are ours; what else stands in them goes.
      - With V(merge) ours are put beside those of others, and later only ours are removed.
      - Without it, every engine has its own. docker of Red Hat's fork is V(exact), podman and its family V(merge).
    type: str
    choices: [exact, merge]
  unenforceable:
    description: What to do when an engine cannot enforce what is asked; V(warn) applies the rest.
    type: str
    choices: [fail, warn]
    default: fail
  foreign_scopes:
    description:
      - What becomes of a scope of others in C(policy.json) that accepts something outside the allow-list.
      - V(fail) names it and changes nothing, V(reject) makes it reject until the allow-list is lifted, V(keep) warns.
    type: str
    choices: [fail, reject, keep]
    default: fail
"""

    # Certificates of registries.
    TRUST = r"""
options:
  trust:
    description:
      - Registries whose certificates are to be trusted. A list of mappings, or a JSON text of one.
      - C(registry) is C(host) or C(host:port), as in names of images. C(aliases) are further names and addresses.
      - C(ca) holds the certificates of the authorities that sign for it, as PEM text; C(ca_file) names a file on the
        controller with them. Several of them are trusted side by side, for instance while one takes over.
      - C(client_cert) and C(client_key), or C(client_cert_file) and C(client_key_file), are what the registry is shown
        when it asks. Files may be encrypted with ansible-vault.
      - C(state) is V(present) (the default) or V(absent).
      - Omitted, everything is left alone; an empty list takes away all that was put on the host.
    type: raw
  warn_days:
    description: Warn of certificates that expire within so many days.
    type: int
    default: 30
"""

    # How certificates are brought to a host.
    TRUST_APPLYING = r"""
options:
  scope:
    description:
      - With V(system) authorities go into the trust store of the operating system, where all programs see them.
      - With V(engine) they go into C(certs.d) of the engines, where they count for their registry only.
      - With V(both) they go into both.
      - With V(auto) they go into the first; names with a port, addresses, and all names on docker before 1.13, which
        forgets the first when it finds anything in the second, get a directory in C(certs.d) as well.
      - A client certificate always goes into C(certs.d), because there is no other place for it.
    type: str
    choices: [auto, system, engine, both]
    default: auto
  purge:
    description:
      - Whether the list is all that is ours, so that what an earlier run put on the host for other registries goes.
      - With V(false) only the registries of the list are looked at.
    type: bool
    default: true
"""

    # For tasks of the role.
    VARIABLES = r"""
options:
  from_variables:
    description:
      - Whether options that are not given are taken from the variables of the role C(docker_registries), from
        C(registry_policy) and from the variables of openshift-ansible, as that role does.
    type: bool
    default: false
"""
