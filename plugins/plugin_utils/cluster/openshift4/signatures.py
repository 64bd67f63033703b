# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""policy.json, the policies of namespaces and sigstore-registries.yaml, as the operator writes them.

Source: MCO helpers.go updatePolicyJSON, policyItemFromSpec, updateNamespacedPolicyJSONs and
generateSigstoreRegistriesdConfig; controller getValidScopePolicies.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...policy import Signed
from ...policy.signatures import in_base64
from ...resolution import registries_conf, signature_places
from ...resolution.pull_sources import RewriteProblem
from ...resolution.references import ReferenceProblem, is_location
from ...resolution.signature_policy import ACCEPT, REJECT, Requirements
from . import ManifestProblem, go_text
from .mirrors import RegistryTable, Stopped, check_entries
from .objects import Objects, SignaturePolicy, cited, kind_of
from .payload import Protected
from .releases import Release
from .scopes import Scopes

ScopeRequirements = dict[str, Requirements]

KIND = "ClusterImagePolicy"

#: policy.json as it is on a node that nobody configured, byte for byte.
TEMPLATE = """\
{
    "default": [
        {
            "type": "insecureAcceptAnything"
        }
    ],
    "transports":
        {
            "docker-daemon":
                {
                    "": [{"type":"insecureAcceptAnything"}]
                }
        }
}
"""
_DAEMON = {"docker-daemon": {"": ACCEPT}}
# The transport of OpenShift's own registry knows no deeper names.
_ATOMIC_DEPTH = 3

Fields = tuple[tuple[str, tuple[str, ...]], ...]
#: policyType → fields: name in the requirement, path in the manifest; what is empty is left out
_ROOTS: Mapping[str, Fields] = {
    "PublicKey": (
        ("keyData", ("publicKey", "keyData")),
        ("rekorPublicKeyData", ("publicKey", "rekorKeyData")),
    ),
    "FulcioCAWithRekor": (
        ("fulcio.caData", ("fulcioCAWithRekor", "fulcioCAData")),
        ("fulcio.oidcIssuer", ("fulcioCAWithRekor", "fulcioSubject", "oidcIssuer")),
        ("fulcio.subjectEmail", ("fulcioCAWithRekor", "fulcioSubject", "signedEmail")),
        ("rekorPublicKeyData", ("fulcioCAWithRekor", "rekorKeyData")),
    ),
    "PKI": (
        ("pki.caRootsData", ("pki", "caRootsData")),
        ("pki.caIntermediatesData", ("pki", "caIntermediatesData")),
        ("pki.subjectEmail", ("pki", "pkiCertificateSubject", "email")),
        ("pki.subjectHostname", ("pki", "pkiCertificateSubject", "hostname")),
    ),
}
_MATCHES: Mapping[str, tuple[str, Fields]] = {
    "": ("matchRepoDigestOrExact", ()),
    "MatchRepoDigestOrExact": ("matchRepoDigestOrExact", ()),
    "MatchRepository": ("matchRepository", ()),
    "ExactRepository": ("exactRepository", (("dockerRepository", ("exactRepository", "repository")),)),
    "RemapIdentity": (
        "remapIdentity",
        (("prefix", ("remapIdentity", "prefix")), ("signedPrefix", ("remapIdentity", "signedPrefix"))),
    ),
}


def name_of(scope: str) -> str:
    """Return the name of our object for a scope: readable, and another one for another scope."""
    readable = re.sub(r"[^a-z0-9]+", "-", scope.lower()).strip("-")[:40].rstrip("-")
    return f"dockyard-{readable}-{hashlib.sha256(scope.encode()).hexdigest()[:8]}"


def spec_of(signed: Signed) -> dict[str, Any]:
    """Return the spec of our object for a scope; None takes away what an earlier demand for it said."""
    log = in_base64(signed.rekor_key) if signed.rekor_key else None
    root: dict[str, Any]
    if signed.key:
        root = {
            "policyType": "PublicKey", "fulcioCAWithRekor": None,
            "publicKey": {"keyData": in_base64(signed.key), "rekorKeyData": log},
        }  # fmt: skip
    else:
        subject = {"oidcIssuer": signed.issuer, "signedEmail": signed.email}
        root = {
            "policyType": "FulcioCAWithRekor", "publicKey": None,
            "fulcioCAWithRekor": {"fulcioCAData": in_base64(signed.ca), "rekorKeyData": log, "fulcioSubject": subject},
        }  # fmt: skip
    identity = None
    if signed.signed_as:
        remap = {"prefix": signed.scope, "signedPrefix": signed.signed_as}
        identity = {"matchPolicy": "RemapIdentity", "remapIdentity": remap}
    return {"scopes": [signed.scope], "policy": {"rootOfTrust": root, "signedIdentity": identity}}


@dataclass
class ScopePolicies:
    """What must be signed how. namespaced: namespace → scope → requirements."""

    cluster: ScopeRequirements = field(default_factory=dict)
    namespaced: dict[str, ScopeRequirements] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def scopes(self) -> list[str]:
        """Every scope that counts, once, sorted."""
        return sorted({*self.cluster, *(scope for scopes in self.namespaced.values() for scope in scopes)})


def policies_in_force(objects: Objects) -> ScopePolicies:
    """Return the policies that count: what lies in a scope of the cluster is not for a namespace to say."""
    found = ScopePolicies()
    for policy in objects.cluster_policies:
        for scope in policy.scopes:
            found.cluster.setdefault(scope, []).append(requirement(policy))
    overriding = Scopes(found.cluster)
    for policy in objects.image_policies:
        item = requirement(policy)
        conflicts = [scope for scope in policy.scopes if overriding.contain(scope)]
        for scope in policy.scopes:
            if scope not in conflicts:
                found.namespaced.setdefault(policy.namespace, {}).setdefault(scope, []).append(item)
        if conflicts:
            found.warnings.append(
                f"{policy.where} has conflicting scope(s) {go_text.quoted_list(conflicts)} that equal to or nest inside"
                " existing clusterimagepolicy, only policy from clusterimagepolicy scope(s) will be applied"
            )
    return found


def requirement(policy: SignaturePolicy) -> dict[str, Any]:
    """Return the requirement of policy.json. Raises ManifestProblem, or Stopped for what only the operator refuses."""
    root = _mapping(policy, policy.policy.get("rootOfTrust"), "rootOfTrust")
    kind = root.get("policyType")
    if not isinstance(kind, str) or kind not in _ROOTS:
        raise ManifestProblem(f"{policy.where}: spec.policy.rootOfTrust.policyType must be one of {', '.join(_ROOTS)}")
    item: dict[str, Any] = {"type": "sigstoreSigned"} | _fields(policy, root, _ROOTS[kind], "rootOfTrust")
    if not any(key in item for key in ("keyData", "fulcio", "pki")):
        raise ManifestProblem(f"{policy.where}: spec.policy.rootOfTrust has no {kind}")
    identity = _mapping(policy, policy.policy.get("signedIdentity"), "signedIdentity")
    match = identity.get("matchPolicy") or ""
    if not isinstance(match, str) or match not in _MATCHES:
        raise Stopped(f"unknown signedIdentity match policy: {cited(match)}")
    name, fields = _MATCHES[match]
    item["signedIdentity"] = {"type": name} | _fields(policy, identity, fields, "signedIdentity")
    for prefix in (item["signedIdentity"].get(key, "") for key, path in fields if match == "RemapIdentity"):
        if not is_location(prefix):
            raise Stopped(
                f"error getting signedIdentity for RemapIdentity: prefix {go_text.quoted(prefix)} is not valid"
            )
    return item


def policy_json(lists: Protected, payload: str, policies: ScopePolicies, release: Release) -> str:
    """Return the text of policy.json. Raises Stopped where the operator refuses the lists."""
    blocked, allowed = lists.policy_blocked or (), lists.allowed or ()
    if blocked and allowed and allowed != (payload,):
        raise Stopped("invalid images config: only one of AllowedRegistries or BlockedRegistries may be specified")
    _check_scopes("clusterimagePolicy", policies.cluster, allowed, blocked)
    if not blocked and not allowed and not policies.cluster:
        return TEMPLATE
    check_entries("blocked", blocked)
    check_entries("allowed", allowed)
    default, scopes = ACCEPT, ScopeRequirements()
    if allowed:
        default = REJECT
        scopes |= {scope: ACCEPT for scope in allowed if scope not in policies.cluster}
    if blocked:
        default = ACCEPT
        scopes |= dict.fromkeys(blocked, REJECT)
    for scope, requirements in policies.cluster.items():
        scopes[scope] = scopes.get(scope, []) + requirements
    return _text(default, scopes, release)


def namespaced_json(
    base: str, lists: Protected, policies: ScopePolicies, release: Release
) -> Iterator[tuple[str, str]]:
    """Yield (namespace, text) of every policy of a namespace, sorted: the cluster's policy and its own scopes.

    base: the text of policy.json. Raises Stopped.
    """
    for scopes in policies.namespaced.values():
        _check_scopes("imagePolicy", scopes, lists.allowed or (), lists.policy_blocked or ())
    document = json.loads(base)
    inherited = document["transports"].get("docker", {})
    for namespace in sorted(policies.namespaced):
        yield namespace, _text(document["default"], inherited | policies.namespaced[namespace], release)


def sigstore_yaml(policies: ScopePolicies, entries: list[RegistryTable] | None, release: Release) -> str:
    """registries.d: signatures are looked for beside the images of every scope, and at their mirrors.

    entries: of registries.conf, None when the operator does not write one. Raises Stopped.
    """
    names = set(policies.scopes)
    if release.sigstore_mirrors and entries is not None:
        names.update(_physical_names(policies.scopes, entries))
    looked_for = f"{signature_places.ATTACHMENTS}: true"
    members = (go_text.yaml_member(name, looked_for, 2) for name in go_text.yaml_keys(names))
    return "docker:\n" + "".join(members)


def _physical_names(scopes: list[str], entries: list[RegistryTable]) -> Iterator[str]:
    """Yield the places where images of the scopes, and of registries below them, are looked for."""
    try:
        conf = registries_conf.read_table({"registry": [entry.table() for entry in entries]}, "registries.conf")
    except registries_conf.RegistriesConfProblem as problem:
        raise Stopped(str(problem)) from None
    signed = Scopes(scopes)
    below = ((above, entry.scope) for entry in entries for above in signed.containing(entry.scope))
    for above, scope in (*((scope, scope) for scope in scopes), *below):
        try:
            yield from signature_places.of_scope(scope, conf)
        except (ReferenceProblem, RewriteProblem) as problem:
            raise Stopped(f"error adding clusterimagepolicy scope {above} relevant mirrors: {problem}") from None


def _check_scopes(what: str, scopes: Iterable[str], allowed: Iterable[str], blocked: Iterable[str]) -> None:
    allowing, blocking = Scopes(allowed), Scopes(blocked)
    ordered = sorted(scopes)
    for scope in ordered if allowed else ():
        if not allowing.contain(scope):
            raise Stopped(f"{what} configured for the scope {scope} is not nested inside allowedRegistries")
    for scope in ordered:
        if blocking.contain(scope):
            raise Stopped(f"{what} configured for the scope {scope} is nested inside blockedRegistries")


def _text(default: Requirements, scopes: ScopeRequirements, release: Release) -> str:
    docker = go_text.sorted_by_bytes(scopes)
    atomic = {
        scope: requirements
        for scope, requirements in docker.items()
        if not release.atomic_depth or scope.count("/") < _ATOMIC_DEPTH
    }
    document = {"default": default, "transports": {"atomic": atomic, "docker": docker, **_DAEMON}}
    return go_text.json_text(document, release.policy_indent)


def _mapping(policy: SignaturePolicy, value: Any, name: str) -> Mapping[str, Any]:
    if value is not None and not isinstance(value, Mapping):
        raise ManifestProblem(f"{policy.where}: {name} must be a mapping, not {kind_of(value)}")
    return value or {}


def _fields(policy: SignaturePolicy, value: Mapping[str, Any], fields: Fields, name: str) -> dict[str, Any]:
    """Return the fields that say something; a dot in the name of the requirement opens a mapping."""
    found: dict[str, Any] = {}
    for target, path in fields:
        text: Any = value
        for key in path:
            text = _mapping(policy, text, name).get(key)
        if text is not None and not isinstance(text, str):
            raise ManifestProblem(f"{policy.where}: {'.'.join((name, *path))} must be text, not {kind_of(text)}")
        if text:
            *outer, inner = target.split(".")
            (found.setdefault(outer[0], {}) if outer else found)[inner] = text
    return found
