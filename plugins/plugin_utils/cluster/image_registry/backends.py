# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operator checks of each storage backend before it writes a Deployment, as far as no cloud is asked.

Sources: CIRO pkg/storage/<backend>, CreateStorage and what it calls. A bucket that cannot be reached, and
credentials that a cloud refuses, are only known there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ...credentials.go import Unreadable, is_base64, url_parts
from ...libraries import MissingLibrary, serialization, yaml, yaml_faults
from ...resolution.references import quoted
from ..openshift4.objects import cited
from . import ERROR, UNOBSERVED, Finding, refusal, warning
from .asked import DEFAULT_CLAIM, Asked, part
from .surroundings import NAMESPACE, Claim

#: The secret that a person makes wins over the one that the cluster is given by its cloud.
USER_SECRET = "image-registry-private-configuration-user"  # noqa: S105 - its name
MINTED_SECRET = "installer-cloud-credentials"  # noqa: S105 - its name
_PREFIX = "REGISTRY_STORAGE_"
#: Backend → sets of keys, one of which must be complete: in the secret of a person, in the one of the cloud.
_KEYS: Mapping[str, tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]] = {
    "s3": ((("S3_ACCESSKEY", "S3_SECRETKEY"),), (("credentials",), ("aws_access_key_id", "aws_secret_access_key"))),
    "gcs": ((("GCS_KEYFILE",),), (("service_account.json",),)),
    "azure": ((("AZURE_ACCOUNTKEY",),), ((),)),
    "swift": (
        (
            ("SWIFT_USERNAME", "SWIFT_PASSWORD"),
            ("SWIFT_APPLICATIONCREDENTIALID", "SWIFT_APPLICATIONCREDENTIALSECRET"),
            ("SWIFT_USERNAME", "SWIFT_APPLICATIONCREDENTIALNAME", "SWIFT_APPLICATIONCREDENTIALSECRET"),
            ("SWIFT_TOKENID",),
        ),
        (("clouds.yaml",),),
    ),
    "ibmcos": ((("IBMCOS_IAMAPIKEY",),), (("ibmcloud_api_key",),)),
    "oss": (
        (("OSS_ACCESSKEYID", "OSS_ACCESSKEYSECRET"),),
        (("alibabacloud_access_key_id", "alibabacloud_access_key_secret"),),
    ),
}
_GOOGLE_TYPES = (
    "service_account", "authorized_user", "external_account", "external_account_authorized_user",
    "impersonated_service_account", "gdch_service_account",
)  # fmt: skip
_AZURE_CLOUDS = (
    "AZURECLOUD", "AZUREPUBLICCLOUD", "AZURECHINACLOUD", "AZUREGERMANCLOUD", "AZUREUSGOVERNMENT",
    "AZUREUSGOVERNMENTCLOUD",
)  # fmt: skip
#: Known only where the platform is such a cloud.
_AZURE_STACK = "AZURESTACKCLOUD"
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_HOST = re.compile(r"(?:\[[^\[\]\s]+\]|[^\s:%\[\]\\^`{|}]+)(?::[0-9]*)?")
#: us-east-1, us-gov-west-1, eusc-de-east-1: for any other, the operator asks a host that there is not.
_AWS_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")
#: What says how to log in, in the file of credentials that AWS' own programs read.
_AWS_LOGIN = re.compile(
    r"^\s*(aws_access_key_id|role_arn|credential_process|sso_session|sso_account_id)\s*=", re.MULTILINE | re.IGNORECASE
)
#: Backend → the platform of which the operator takes for granted that it says where it is.
_SILENT = {"s3": "AWS", "gcs": "GCP"}
#: Platform → what says in which place of IBM's the registry is; the operator looks nowhere else.
_IBM_PLACES = {"IBMCloud": "location", "PowerVS": "region"}
#: An address has no names below it, so no bucket can stand before it.
_ADDRESS = re.compile(r"https?://(?:[0-9]+(?:\.[0-9]+){3}|\[[^]]*\])(?:[:/]|$)", re.IGNORECASE)


def keys_of_user(backend: str) -> tuple[tuple[str, ...], ...]:
    """Return the sets of keys, one of which must be whole, that a backend reads in the secret of a person."""
    of_user, _of_cloud = _KEYS.get(backend, ((), ()))
    return tuple(tuple(_PREFIX + key for key in keys) for keys in of_user)


def check(backend: str, config: Mapping[str, Any], asked: Asked) -> Iterator[Finding]:
    """Yield what the operator refuses of one backend, in its order."""
    refused = list(_credentials(backend, asked)) if backend in _KEYS else []
    if _SILENT.get(backend) == asked.around.platform and asked.around.told is None and (
        not refused or backend == "gcs"  # of this one alone, the place is looked at before the credentials
    ):
        sentence = f"the operator crashes: Infrastructure/cluster says nothing of the platform {asked.around.platform}"
        yield refusal(f"storage.{backend}", sentence, UNOBSERVED)
        return
    yield from refused
    yield from _CHECKS.get(backend, _nothing)(config, asked)


def _nothing(_config: Mapping[str, Any], _asked: Asked) -> Iterator[Finding]:
    yield from ()


def _credentials(backend: str, asked: Asked) -> Iterator[Finding]:
    """Look for the keys that this backend reads; their values are looked at no further than to be there."""
    _of_user, of_cloud = _KEYS[backend]
    wanted = keys_of_user(backend)
    for name, sets in ((USER_SECRET, wanted), (MINTED_SECRET, of_cloud)):
        secret = asked.around.secrets.get(name)
        if secret is None:
            continue
        filled = {key for key, value in secret.items() if value}
        if not any(filled.issuperset(keys) for keys in sets):
            sentence = f"has incomplete credentials: the secret {NAMESPACE}/{name} must have values for {_or(sets)}"
            yield refusal(f"storage.{backend}", sentence)
        return
    sentence = f"has no credentials: the secret {NAMESPACE}/{USER_SECRET} must be there with {_or(wanted)}"
    yield refusal(f"storage.{backend}", sentence)


def _or(sets: Iterable[Iterable[str]]) -> str:
    return ", or ".join(" and ".join(keys) for keys in sets)


def _s3(config: Mapping[str, Any], asked: Asked) -> Iterator[Finding]:
    yield from _minted_s3(asked)
    name = part(config, "trustedCA").get("name")
    if name:
        bundle = asked.around.config_maps.get(name)
        if bundle is None:
            yield refusal("storage.s3.trustedCA.name", f"the ConfigMap openshift-config/{cited(name)} does not exist")
        elif "ca-bundle.crt" not in bundle:
            sentence = f"the ConfigMap openshift-config/{cited(name)} has no key ca-bundle.crt"
            yield refusal("storage.s3.trustedCA.name", sentence)
    region, endpoint = config.get("region"), config.get("regionEndpoint")
    if not region and not endpoint and asked.around.platform == "AWS":
        region = asked.around.settings.get("region")
    if endpoint and not _is_url(endpoint):
        yield _no_url("storage.s3.regionEndpoint", endpoint)
    if endpoint and config.get("virtualHostedStyle") and _ADDRESS.match(endpoint):
        sentence = f"puts the bucket before the host of regionEndpoint, which is an address: {quoted(endpoint)}"
        yield refusal("storage.s3.virtualHostedStyle", sentence)
    if not region:
        yield refusal("storage.s3.region", "is needed, also where a store behind regionEndpoint ignores it")
    elif not endpoint and not _AWS_REGION.fullmatch(region) and not _has_own_s3(asked):
        sentence = f"{cited(region)!r} is not a region of AWS, and no regionEndpoint says where the store is"
        yield refusal("storage.s3.region", sentence)
    front = part(config, "cloudFront")
    key = part(front, "privateKey")
    if front and not key.get("name"):
        yield refusal("storage.s3.cloudFront.privateKey.name", "must name the secret with the private key")
    if front and not key.get("key"):
        yield refusal("storage.s3.cloudFront.privateKey.key", "must name the key of the secret")


def _is_url(text: str) -> bool:
    """Say whether Go's net/url reads a text, and finds a host that can be asked; else each request fails."""
    try:
        host, _path = url_parts(text)
    except Unreadable:
        return False
    return bool(_SCHEME.match(text) and _HOST.fullmatch(host))


def _no_url(path: str, text: str) -> Finding:
    return refusal(path, f"must begin with http:// or https:// and be a URL with a host: {quoted(text)}")


def _has_own_s3(asked: Asked) -> bool:
    """Say whether the platform names a host for S3, which then is asked for any region."""
    named = asked.around.settings.get("serviceEndpoints") if asked.around.platform == "AWS" else ()
    return isinstance(named, (list, tuple)) and any(part({"one": one}, "one").get("name") == "s3" for one in named)


def _minted_s3(asked: Asked) -> Iterator[Finding]:
    """Look for a login in the file of AWS' that the cloud gave, which wins over single keys."""
    text = asked.around.secrets.get(MINTED_SECRET, {}).get("credentials", "")
    if USER_SECRET not in asked.around.secrets and text and not _AWS_LOGIN.search(text):
        sentence = f"credentials in the secret {MINTED_SECRET} has no login, such as aws_access_key_id"
        yield refusal("storage.s3", sentence)


def _ibmcos(config: Mapping[str, Any], asked: Asked) -> Iterator[Finding]:
    if asked.around.settings.get(_IBM_PLACES.get(asked.around.platform, "")):
        return
    sentence = f"works on the platforms {' and '.join(_IBM_PLACES)} only, where the operator learns the location"
    # Of an instance that is named it asks first, and was seen to crash without an answer.
    reason = UNOBSERVED if config.get("serviceInstanceCRN") else ERROR
    yield refusal("storage.ibmcos", f"{sentence}; this is {cited(asked.around.platform)}", reason)


def _gcs(_config: Mapping[str, Any], asked: Asked) -> Iterator[Finding]:
    secrets = asked.around.secrets
    if USER_SECRET in secrets:
        name, text = f"{_PREFIX}GCS_KEYFILE", secrets[USER_SECRET].get(f"{_PREFIX}GCS_KEYFILE")
    else:
        name, text = "service_account.json", secrets.get(MINTED_SECRET, {}).get("service_account.json")
    if not text:
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        yield refusal("storage.gcs", f"{name} of the credentials is not the JSON of a key file")
        return
    if not isinstance(document, Mapping) or document.get("type") not in _GOOGLE_TYPES:
        yield refusal("storage.gcs", f"{name} of the credentials has no type of Google's, such as service_account")
    elif document["type"] == "service_account" and not document.get("private_key"):
        yield refusal("storage.gcs", f"{name} of the credentials is a service_account without a private_key")
    elif document["type"] == "service_account" and not _is_rsa(document["private_key"]):
        yield refusal("storage.gcs", f"{name} of the credentials has a private_key that is not an RSA key in PEM form")


def _azure(config: Mapping[str, Any], asked: Asked) -> Iterator[Finding]:
    cloud, own = str(config.get("cloudName") or ""), str(asked.around.settings.get("cloudName") or "")
    known = (*_AZURE_CLOUDS, _AZURE_STACK) if own.upper() == _AZURE_STACK else _AZURE_CLOUDS
    if cloud and cloud.upper() not in known:
        yield refusal("storage.azure.cloudName", f"{cited(cloud)!r} is not the name of an Azure cloud")
    if USER_SECRET in asked.around.secrets:
        yield from _account_key(config, asked.around.secrets[USER_SECRET].get(f"{_PREFIX}AZURE_ACCOUNTKEY", ""))
    elif MINTED_SECRET in asked.around.secrets:
        yield from _identity(asked.around.secrets[MINTED_SECRET], asked)


def _account_key(config: Mapping[str, Any], key: str) -> Iterator[Finding]:
    absent = [name for name in ("accountName", "container") if not config.get(name)]
    for name in absent:
        sentence = "is needed with an account key: pods start without it, and only StorageExists says so"
        yield warning(f"storage.azure.{name}", sentence)
    if not absent and key and not is_base64(key):
        sentence = f"{_PREFIX}AZURE_ACCOUNTKEY of the credentials is not base64, as account keys are"
        yield refusal("storage.azure", sentence)


def _identity(minted: Mapping[str, str], asked: Asked) -> Iterator[Finding]:
    """Check the login of the cloud: a secret of a client, or a token in a file, which names its client too."""
    if not minted.get("azure_resourcegroup") and not (asked.around.platform == "Azure" and asked.around.settings):
        sentence = f"the operator crashes: neither {MINTED_SECRET} nor the platform names a resource group"
        yield refusal("storage.azure", sentence, UNOBSERVED)
        return
    wanted = ["azure_tenant_id"]
    if not minted.get("azure_client_secret", "").strip():
        wanted += ["azure_client_id", "azure_federated_token_file"]
    absent = [key for key in wanted if not minted.get(key)]
    if absent:
        login = "azure_client_secret, or " if len(wanted) > 1 else ""
        yield refusal("storage.azure", f"the secret {MINTED_SECRET} has no {login}{' and '.join(absent)}")


def _is_rsa(text: Any) -> bool:
    """Say whether Google's library can sign with a private key. Source: golang.org/x/oauth2/internal ParseKey."""
    try:
        key = serialization.load_pem_private_key(str(text).encode(), password=None)
        return hasattr(key.public_key().public_numbers(), "n")
    except MissingLibrary:
        return True
    except Exception:  # cryptography raises many kinds, some of which quote what they were given
        return False


def _swift(config: Mapping[str, Any], asked: Asked) -> Iterator[Finding]:
    user = asked.around.secrets.get(USER_SECRET)
    told = {} if user is not None else _cloud(asked)
    if user is None and not told:
        if "clouds.yaml" in asked.around.secrets.get(MINTED_SECRET, {}):
            yield refusal("storage.swift", f"clouds.yaml in the secret {MINTED_SECRET} has no cloud openstack")
        return
    url = str(config.get("authURL") or told.get("auth_url") or "")
    version = str(config.get("authVersion") or told.get("identity_api_version") or "3")
    if not url:
        yield refusal("storage.swift.authURL", "is needed where the credentials do not come from the cloud")
        return
    if not _is_url(url):
        yield _no_url("storage.swift.authURL", url)
        return
    if "/v2" not in url:
        yield from _domain(config, user, told)
    if not version.lstrip("+-").isdecimal():
        yield refusal("storage.swift.authVersion", f"must be a number, not {cited(version)!r}")
    _host, _slash, path = url.partition("://")[2].partition("/")
    if path.strip("/") and not path.startswith(("v1", "v2", "v3")):
        yield refusal("storage.swift.authURL", f"must end with the host or with /v3: {quoted(url)}")
    if "/" in str(config.get("container") or ""):
        yield refusal("storage.swift.container", "must have no slash, behind which Swift looks for an object")


def _domain(config: Mapping[str, Any], user: Mapping[str, str] | None, told: Mapping[str, Any]) -> Iterator[Finding]:
    """Check the domain of version 3: user names and names of projects are those of one domain.

    Source: gophercloud auth_options.go (ToTokenV3CreateMap, ToTokenV3ScopeMap).
    """
    named = user is not None and f"{_PREFIX}SWIFT_USERNAME" in user and f"{_PREFIX}SWIFT_PASSWORD" in user
    domains = [
        key
        for key, word in (("domain", "domain_name"), ("domainID", "domain_id"))
        if config.get(key) or told.get(word) or told.get(f"user_{word}")
    ]
    if named and len(domains) != 1:
        there = "both are" if domains else "none is"
        yield refusal("storage.swift.domain", f"a user name needs one of domain and domainID, and {there} there")
    elif config.get("tenant") and not config.get("tenantID") and not told.get("project_id") and not domains:
        yield refusal("storage.swift.domain", "the name of a tenant needs domain or domainID, or tenantID in its place")


def can_ask_cloud(asked: Asked) -> bool:
    """Say whether the operator can ask OpenStack if it has Swift. CIRO pkg/storage/swift IsSwiftEnabled.

    The secret of a person wins, and does not say where to ask.
    """
    return USER_SECRET not in asked.around.secrets and bool(_cloud(asked))


def _cloud(asked: Asked) -> dict[str, Any]:
    """Return the cloud of clouds.yaml that the operator reads, {} when there is none."""
    text = asked.around.secrets.get(MINTED_SECRET, {}).get("clouds.yaml", "")
    try:
        found = yaml.safe_load(text) or {}
    except yaml_faults():
        found = {}
    cloud = part(part(found, "clouds"), str(asked.around.settings.get("cloudName") or "openstack"))
    return {**part(cloud, "auth"), **cloud}


def _pvc(config: Mapping[str, Any], asked: Asked) -> Iterator[Finding]:
    """Check the claim. CIRO pkg/storage/pvc: a claim in use is only looked for, a new one is checked too."""
    name = str(config.get("claim") or DEFAULT_CLAIM)
    path, claim = "storage.pvc.claim", asked.around.claims.get(name)
    if claim is None:
        if config.get("claim"):
            yield refusal(path, f"the claim {cited(name)} does not exist in {NAMESPACE}")
        return
    if not config.get("claim") and not claim.is_operators:
        sentence = f"{name} exists and is not the operator's: it is refused once, then used as if it had been named"
        yield warning(path, sentence)
    yield from _modes(path, name, claim, asked)


def _modes(path: str, name: str, claim: Claim, asked: Asked) -> Iterator[Finding]:
    if "ReadWriteMany" in claim.modes:
        return
    if "ReadWriteOnce" not in claim.modes:
        modes = ", ".join(claim.modes) or "no access mode"
        yield refusal(path, f"the claim {name} has {cited(modes)}, and ReadWriteMany or ReadWriteOnce is needed")
    elif asked.replicas > 1 or asked.spec.get("rolloutStrategy") != "Recreate":
        have = f"{asked.replicas} with {asked.spec.get('rolloutStrategy') or 'none'}"
        answer = "it serves one replica with rolloutStrategy Recreate"
        yield refusal(path, f"the claim {name} is ReadWriteOnce: {answer}, not {have}")


_CHECKS: Mapping[str, Callable[[Mapping[str, Any], Asked], Iterator[Finding]]] = {
    "s3": _s3,
    "gcs": _gcs,
    "azure": _azure,
    "swift": _swift,
    "ibmcos": _ibmcos,
    "pvc": _pvc,
}
