# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server refuses, so that a change never reaches the operator: types, fields, values and rules by kind.

Source: the CRDs of the releases with their CEL rules, API config/v1, operator/v1 and operator/v1alpha1; for metadata
and ConfigMaps the validation of Kubernetes. How objects are compared with such schemas stands in `validation.py`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from ...credentials.go import is_base64
from ...resolution.references import is_location
from ..labels import SUBDOMAIN, is_key, is_value
from .objects import ALLOW, MIRROR_KINDS, NEVER, cited, name_of
from .releases import RELEASES, Release
from .scopes import is_source
from .validation import (
    ANY,
    OPEN,
    Rule,
    Shape,
    array,
    mapping_of,
    matching,
    pem_rules,
    problems,
    record,
    text,
    union,
)

_KEY = re.compile(r"(?!\.\.)(?!\.$)[A-Za-z0-9._-]{1,253}")
_LARGEST_CONFIG_MAP = 1 << 20
_LARGEST_ANNOTATIONS = 256 << 10

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_QUALIFIED = rf"(?:{_LABEL}(?:\.{_LABEL})+|localhost)(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
_SCOPE = re.compile(rf"{_QUALIFIED}(?::{_TAG})?(?:@{_DIGEST})?")
_WILDCARD = re.compile(rf"\*(?:\.{_LABEL})+")
_REPOSITORY = re.compile(_QUALIFIED)
#: An entry of registrySources; unlike a scope, its host needs no dot.
_REGISTRY = re.compile(
    rf"\*(?:\.{_LABEL})+|{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
)
_SCHEME = "[A-Za-z][A-Za-z0-9+.-]*:"
_ESCAPED = "%[0-9A-Fa-f]{2}"
_USER = rf"(?:[A-Za-z0-9._:~!$&'()*+,;=@-]|{_ESCAPED})*@"
#: Signs of a host; a colon is before a port alone, or in an address.
_NO_COLON = r"""(?:[A-Za-z0-9!$&'()*+,;=<>"\]._~-]|[^\x00-\x7f]|%25|%[89A-Fa-f][0-9A-Fa-f])*"""
_ADDRESS = r"\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%25[^]/?#@\s]+)?\]"
_HOST = rf"(?:{_ADDRESS}(?::[0-9]*)?|{_NO_COLON}(?:(?::{_NO_COLON})*:[0-9]*)?)"
_REST = rf"(?:/(?:[^%?]|{_ESCAPED})*)?(?:\?.*)?"
#: What url.ParseRequestURI of Go takes: "*", a path, or a scheme with a host, a path or whatever stands there.
_URL = re.compile(rf"\*|(?=/){_REST}|{_SCHEME}(?://(?:{_USER})?{_HOST}{_REST}|(?=/(?!/)){_REST}|(?!/).*)", re.S)
_UNIT = r"[a-zA-Z0-9:._\\-]+\.(?:service|socket|device|mount|automount|swap|target|path|timer|snapshot|slice|scope)"


def refusals(
    manifest: Mapping[str, Any], release: Release, old: Mapping[str, Any] | None = None, previews: bool = False
) -> Iterator[str]:
    """Yield what the API server of a release says against an object: "Kind name: path: reason".

    old: the object as it is stored; what stays as it was may stay wrong. previews: whether a feature set of previews
    is on.
    """
    shape = shape_of(str(manifest.get("kind")), release.name, previews)
    if shape is not None:
        before: Any = old if old is not None else ...
        found = [*problems(shape, manifest, before)]
        if not found and manifest.get("kind") == "ConfigMap":
            found += _as_a_whole(manifest, old or {})
        yield from (f"{name_of(manifest)}: {problem}" for problem in found)


@cache
def shape_of(kind: str, release_name: str, previews: bool = False) -> Shape | None:
    """Return the schema of a kind; None for kinds that are not looked at this closely."""
    release = RELEASES[release_name]
    if previews and release.import_mode_preview:
        release = replace(release, import_mode=True)
    if kind in MIRROR_KINDS:
        return _resource(record({MIRROR_KINDS[kind][1]: _mirror_sets(kind)}), needs_spec=True)
    if kind in ("ClusterImagePolicy", "ImagePolicy"):
        return _resource(_signature_policy(release), needs_spec=True)
    make = _OTHERS.get(kind)
    return make(release) if make else None


def _resource(spec: Shape, needs_spec: bool = False) -> Shape:
    fields = {"apiVersion": _SAID, "kind": text(), "metadata": _METADATA, "spec": spec, "status": OPEN}
    return record(fields, ("apiVersion", "metadata", *(("spec",) if needs_spec else ())))


def _found(pattern: re.Pattern[str] | str) -> Callable[[Any], bool]:
    whole = re.compile(pattern)
    return lambda value: whole.fullmatch(str(value)) is not None


def _are_small(annotations: Mapping[str, str | None]) -> bool:
    sizes = (len(f"{key}{value or ''}".encode(errors="replace")) for key, value in annotations.items())
    return sum(sizes) <= _LARGEST_ANNOTATIONS


_LABELS = mapping_of(
    text(longest=63, rules=((is_value, "is not a value of a label"),)), is_key, lambda key: "is not a name of a label"
)
_ANNOTATIONS = mapping_of(
    text(),
    lambda key: is_key(key.lower()),
    lambda key: "is not a name of an annotation",
    ((_are_small, f"may hold at most {_LARGEST_ANNOTATIONS} bytes"),),
)
_SAID = Shape("text", length=(1, None))
_OWNER = record(
    {
        **dict.fromkeys(("apiVersion", "kind", "name", "uid"), _SAID),
        **dict.fromkeys(("controller", "blockOwnerDeletion"), Shape("boolean")),
    },
    ("apiVersion", "kind", "name", "uid"),
)
_METADATA = record(
    {
        "name": text(
            longest=253,
            rules=((_found(SUBDOMAIN), "is not a name of an object: lower-case letters, digits, '-' and '.'"),),
        ),
        "labels": _LABELS,
        "annotations": _ANNOTATIONS,
        "finalizers": array(text(rules=((is_key, "is not a name of a finalizer"),))),
        "ownerReferences": array(_OWNER),
        **dict.fromkeys(("namespace", "generateName", "resourceVersion", "uid", "selfLink", "clusterName"), text()),
        **dict.fromkeys(("managedFields", "creationTimestamp", "deletionTimestamp"), ANY),
        **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), ANY),
    },
    ("name",),
)


def _mirror_sets(kind: str) -> Shape:
    """Return the items of a mirror set; the old kind knows neither patterns nor sources that are never contacted."""
    if kind == "ImageContentSourcePolicy":
        return array(record({"source": text(), "mirrors": array(text())}, ("source",)))
    source = text(rules=((is_source, "must be host[:port][/path] or *.domain, without tag and digest"),))
    mirror = text(rules=((is_location, "must be host[:port][/path], without tag and digest"),))
    policy = text(one_of=(NEVER, ALLOW))
    fields = {"source": source, "mirrors": array(mirror, is_set=True), "mirrorSourcePolicy": policy}
    return array(record(fields, ("source",)))


def _image(release: Release) -> Shape:
    lists = record(
        {
            **dict.fromkeys(("insecureRegistries", "blockedRegistries", "allowedRegistries"), _registries(release)),
            "containerRuntimeSearchRegistries": array(text(), fewest=1, is_set=True),
        },
        rules=((_excludes_both, "Only one of blockedRegistries or allowedRegistries may be set"),)
        if release.schema_excludes_both
        else (),
    )
    spec = {
        "additionalTrustedCA": record({"name": text()}, ("name",)),
        "allowedRegistriesForImport": array(record({"domainName": text(), "insecure": Shape("boolean")})),
        "externalRegistryHostnames": array(text()),
        "registrySources": lists,
    }
    if release.import_mode:
        spec["imageStreamImportMode"] = text(one_of=("", "Legacy", "PreserveOriginal"))
    return _resource(record(spec), needs_spec=True)


def _registries(release: Release) -> Shape:
    """Return a list of registrySources."""
    if not release.registry_patterns:
        return array(text())
    rule = (_found(_REGISTRY), "must be host[:port][/path] or *.domain, without tag and digest")
    return array(text(longest=256, rules=(rule,)), most=1024)


def _excludes_both(lists: Mapping[str, Any]) -> bool:
    return lists.get("blockedRegistries") is None or lists.get("allowedRegistries") is None


def _signature_policy(release: Release) -> Shape:
    scope = text(
        longest=512,
        rules=(
            (_is_qualified, "must begin with a domain that has a dot, or with 'localhost'"),
            (
                lambda scope: "*" not in scope or bool(_WILDCARD.fullmatch(scope)),
                "may have a wildcard only as '*.domain', without port and path",
            ),
            (
                lambda scope: "*" in scope or bool(_SCOPE.fullmatch(scope)),
                "is not a repository, and no image with a valid tag or digest",
            ),
        ),
    )
    policy = record({"rootOfTrust": _root_of_trust(release), "signedIdentity": _IDENTITY}, ("rootOfTrust",))
    return record({"scopes": array(scope, most=256, is_set=True), "policy": policy}, ("policy", "scopes"))


def _is_qualified(scope: str) -> bool:
    host = scope.partition("/")[0]
    return "." in host or host.partition(":")[0] == "localhost"


def _is_repository(name: str) -> bool:
    """Return whether it is a repository; an end like a tag counts as one, so only localhost may have a lone port."""
    ends_like_tag = re.search(rf":{_TAG}\Z", name) is not None
    return bool(_REPOSITORY.fullmatch(name)) and (not ends_like_tag or bool(re.fullmatch("localhost:[0-9]+", name)))


_REPOSITORY_TEXT = text(longest=512, rules=((_is_repository, "is not a repository without tag and digest"),))
_IDENTITY = union(
    "matchPolicy",
    {
        "ExactRepository": ("exactRepository", record({"repository": _REPOSITORY_TEXT}, ("repository",))),
        "RemapIdentity": (
            "remapIdentity",
            record(dict.fromkeys(("prefix", "signedPrefix"), _REPOSITORY_TEXT), ("prefix", "signedPrefix")),
        ),
    },
    one_of=("MatchRepoDigestOrExact", "MatchRepository", "ExactRepository", "RemapIdentity"),
)
_EMAIL = text(longest=320, rules=(matching(r"[^\t\n\f\r ]+@[^\t\n\f\r ]+", "is not an email address"),))


def _pem(kind: str, shortest: int = 0, counted: bool = False) -> Shape:
    return Shape("text", length=(shortest, 8192), rules=pem_rules(kind, counted))


def _root_of_trust(release: Release) -> Shape:
    subject = record(
        {
            "oidcIssuer": text(longest=2048, rules=((_is_url, "is not a URL"),)),
            "signedEmail": _EMAIL,
        },
        ("oidcIssuer", "signedEmail"),
    )
    roots = {
        "PublicKey": (
            "publicKey",
            record({"keyData": _pem("PUBLIC KEY", 68), "rekorKeyData": _pem("PUBLIC KEY")}, ("keyData",)),
        ),
        "FulcioCAWithRekor": (
            "fulcioCAWithRekor",
            record(
                {
                    "fulcioCAData": _pem("CERTIFICATE"),
                    "rekorKeyData": _pem("PUBLIC KEY"),
                    "fulcioSubject": subject,
                },
                ("fulcioCAData", "fulcioSubject", "rekorKeyData"),
            ),
        ),
    }
    if not release.pki_roots:
        return union("policyType", roots)
    host = text(longest=253, rules=((_is_certificate_host, "is not a host name, with or without a leading '*.'"),))
    holder = record(
        {"email": _EMAIL, "hostname": host},
        rules=((lambda said: _has(said, "email") or _has(said, "hostname"), "needs email or hostname"),),
    )
    bundle = _pem("CERTIFICATE", 72, counted=True)
    pki = {"caRootsData": bundle, "caIntermediatesData": bundle, "pkiCertificateSubject": holder}
    roots["PKI"] = ("pki", record(pki, ("caRootsData", "pkiCertificateSubject")))
    return union("policyType", roots, one_of=tuple(roots))


def _is_certificate_host(name: str) -> bool:
    return SUBDOMAIN.fullmatch(name.removeprefix("*.")) is not None


def _is_url(value: str) -> bool:
    return _URL.fullmatch(value) is not None and not re.search(r"[\x00-\x1f\x7f]", value)


def _has(value: Mapping[str, Any], key: str) -> bool:
    return value.get(key) is not None


_LEVEL = text(one_of=("", "Normal", "Debug", "Trace", "TraceAll"))
#: Settings of MachineConfiguration in any release; those that nobody looks at may hold anything.
_SETTINGS: Mapping[str, Shape] = {
    "managementState": text(one_of=("Managed", "Unmanaged", "Force", "Removed")),
    **dict.fromkeys(("logLevel", "operatorLogLevel"), _LEVEL),
    **dict.fromkeys(("observedConfig", "unsupportedConfigOverrides"), ANY),
    **dict.fromkeys(("failedRevisionLimit", "succeededRevisionLimit", "forceRedeploymentReason"), ANY),
    **dict.fromkeys(("managedBootImages", "bootImageSkewEnforcement", "irreconcilableValidationOverrides"), ANY),
}


def _machine_configuration(release: Release) -> Shape:
    """Describe MachineConfiguration, of which only the node disruption policies matter."""
    unit = text(longest=255, rules=(matching(_UNIT, "is not a name of a unit"),))
    service = record({"serviceName": unit}, ("serviceName",))
    action = union(
        "type",
        {"Reload": ("reload", service), "Restart": ("restart", service)},
        one_of=("Reboot", "Drain", "Reload", "Restart", "DaemonReload", "None"),
    )
    actions = Shape("list", each=action, length=(0, 10), rules=(_alone("Reboot"), _alone("None")))
    files = array(record({"path": text(), "actions": actions}, ("path", "actions")), most=50, key="path")
    units = array(record({"name": unit, "actions": actions}, ("name", "actions")), most=50, key="name")
    policy = record({"files": files, "units": units, "sshkey": record({"actions": actions}, ("actions",))})
    spec = record({"nodeDisruptionPolicy": policy, **_SETTINGS})
    return _resource(spec if release.fixed is None else OPEN, needs_spec=True)


def _alone(kind: str) -> Rule:
    return (
        lambda actions: len(actions) == 1 or all(action.get("type") != kind for action in actions),
        f"may hold the action {kind} only alone",
    )


def _config_map(_release: Release) -> Shape:
    values = mapping_of(text(), _found(_KEY), _no_key)
    binary = mapping_of(text(rules=((is_base64, "is not base64"),)), _found(_KEY), _no_key)
    fields = {"apiVersion": _SAID, "kind": text(), "metadata": _METADATA, "data": values, "binaryData": binary}
    return record(fields | {"immutable": Shape("boolean")}, ("apiVersion", "metadata"))


def _no_key(key: str) -> str:
    said = (
        "is not a key of a ConfigMap, which has at most 253 letters, digits, '-', '_' and '.', not '.' alone and not"
        " '..' in front"
    )
    return f"{said}; write {cited(key.replace(':', '..'))}" if ":" in key.lstrip(":") else said


def _as_a_whole(manifest: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is said against a ConfigMap whose values are right each by itself."""
    data, binary = (manifest.get(field) or {} for field in ("data", "binaryData"))
    yield from (f"binaryData: the key {cited(key)!r} is in data too" for key in binary if key in data)
    size = sum(len((value or "").encode(errors="replace")) for value in data.values())
    size += sum(len(base64.b64decode(value or "")) for value in binary.values())
    if size > _LARGEST_CONFIG_MAP:
        yield f"the object: may hold at most {_LARGEST_CONFIG_MAP} bytes, and holds {size}"
    if old.get("immutable"):
        changed = [field for field in ("data", "binaryData", "immutable") if old.get(field) != manifest.get(field)]
        yield from (f"{field}: cannot change, because the ConfigMap is immutable" for field in changed)


def _machine_config(_release: Release) -> Shape:
    words = dict.fromkeys(("baseOSExtensionsContainerImage", "kernelType", "osImageURL"), text())
    lists = dict.fromkeys(("extensions", "kernelArguments"), array(text()))
    return _resource(record({**words, **lists, "config": OPEN, "fips": Shape("boolean")}))


_OTHERS: Mapping[str, Callable[[Release], Shape]] = {
    "Image": _image,
    "MachineConfiguration": _machine_configuration,
    "ConfigMap": _config_map,
    "MachineConfig": _machine_config,
}
