# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which registries people may import images from: imagePolicyConfig of a master, and Image/cluster of OpenShift 4.

Source: ORIGIN pkg/cmd/server/apis/config/validation/master.go (ValidateImagePolicyConfig) and v1/conversions.go;
pkg/image/apis/image/validation/whitelist/whitelister.go from 3.9 on, before that validation.go beside it. The API
server of OpenShift 4 carries the check of 3.11 without the validation: only a list that it cannot read stops it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...resolution.references import is_domain, quoted
from ..openshift4.objects import name_of
from . import Finding, PolicyProblem, image_names, refuse, warn
from .decoding import BOOL, INT, TEXT, Decoded, Items, accepted, decode, findings, fits, read
from .image_names import DOCKER_HUB, HUB_SERVER, HUB_SERVERS, ImageName
from .releases import Release

LIST = "allowedRegistriesForImport"
ENTRY = {"domainName": TEXT, "insecure": BOOL}
_MASTER = {
    "maxImagesBulkImportedPerRepository": INT,
    "disableScheduledImport": BOOL,
    "scheduledImageImportMinimumIntervalSeconds": INT,
    "maxScheduledImageImportsPerMinute": INT,
    LIST: Items(ENTRY),
    "internalRegistryHostname": TEXT,
    "externalRegistryHostname": TEXT,
    "additionalTrustedCA": TEXT,
}
_CLUSTER = {
    LIST: Items(ENTRY),
    "externalRegistryHostnames": Items(TEXT),
    "additionalTrustedCA": {"name": TEXT},
    "imageStreamImportMode": TEXT,
    "registrySources": {
        "insecureRegistries": Items(TEXT),
        "blockedRegistries": Items(TEXT),
        "allowedRegistries": Items(TEXT),
        "containerRuntimeSearchRegistries": Items(TEXT),
    },
}
#: Whole numbers, and the smallest of each; 0 stands for the default.
_AT_LEAST = {
    "maxImagesBulkImportedPerRepository": -1,
    "scheduledImageImportMinimumIntervalSeconds": 1,
    "maxScheduledImageImportsPerMinute": -1,
}
#: What an image is asked of: one image of an ImageStreamImport, a whole repository of one, or spec.tags of a stream.
KINDS = ("import", "repository", "stream")
_PORT = re.compile(r"[-+]?[0-9]+")
_WRITTEN_PORT = re.compile(r"[1-9][0-9]{0,4}|\*")
_HIGHEST_PORT = 65535
#: Makes an ordinary name of one with wildcards.
ANY_SIGN = str.maketrans("*?", "aa")
_ODD_SIGNS = {"/": "a path", ",": "a comma", "\\": "a backslash"}


class AllowedRegistry(NamedTuple):
    """One registry of the list, with wildcards: * for any text, ? for one sign."""

    written: str
    host: str
    port: str

    @classmethod
    def of(cls, name: str, insecure: bool = False) -> AllowedRegistry:
        host, colon, port = name.partition(":")
        return cls(name, host, port if colon else "80" if insecure else "443")

    def matches(self, host: str, port: str) -> bool:
        """Compare both. An empty port is 80 or 443, and then the entry must have one of them."""
        ports = self.port in ("80", "443", "*") if not port else _wildcard(self.port, port)
        return ports and _wildcard(self.host, host)


@dataclass(frozen=True)
class ImportPolicy:
    """entries is None where there is no list: everything may be imported then."""

    entries: tuple[AllowedRegistry, ...] | None
    internal_registry: str


def load(config: Any, release: Release) -> ImportPolicy:
    """Load the policy of a text or mapping. Raises PolicyProblem for one that the master refuses."""
    fields = accepted(
        lambda: decoded(config, release),
        lambda fields: refusals(fields, release),
        refused=f"config: the {_owner(release)} does not take it",
    )
    entries = tuple(AllowedRegistry.of(each["domainName"], each["insecure"]) for each in fields[LIST] or ())
    no_list = fields[LIST] is None or release.in_cluster and not entries
    return ImportPolicy(None if no_list else entries, fields.get("internalRegistryHostname", ""))


#: Whole files and objects that a config is taken out of: their kind → the key.
_HOLDERS = {"MasterConfig": "imagePolicyConfig", "Image": "spec"}


def decoded(config: Any, release: Release) -> Decoded:
    """Decode every field. Raises DecodingProblem, with what stops the decoder; PolicyProblem for another object."""
    raw = read(config, colons_in_flow=release.in_cluster)
    if isinstance(raw.value, Mapping):
        raw = replace(raw, value=_taken_out(raw.value, release))
    return decode(raw, _CLUSTER if release.in_cluster else _MASTER, release.decodes_loosely)


def _taken_out(document: Mapping[str, Any], release: Release) -> Any:
    """Return the config in a whole file of a master or in Image/cluster; anything else is one already."""
    if not ("kind" in document and {"apiVersion", "metadata", "items"} & document.keys()):
        return document
    holder = "Image" if release.in_cluster else "MasterConfig"
    key = _HOLDERS[holder]
    if document["kind"] != holder:
        raise PolicyProblem(f"config must be {key} of {holder}, or all of it, and this is {name_of(document)}")
    return document.get(key)


def _owner(release: Release) -> str:
    return "API server" if release.in_cluster else "master"


# --- what is refused, and what is regretted -------------------------------------------------------------------------


def problems(config: Any, release: Release) -> Iterator[Finding]:
    """Return all findings, refusals first."""
    return findings(
        lambda: decoded(config, release),
        lambda fields: refusals(fields, release),
        lambda found: _doubts(found, release),
    )


_WRAPPED = (
    "the settings are wrapped in imagePolicyConfig a second time, where nobody reads them: there is no list, and "
    "everything may be imported"
)


def refusals(fields: Mapping[str, Any], release: Release) -> Iterator[Finding]:
    """Yield what validation refuses, in its order."""
    for key, least in _AT_LEAST.items():
        if fields.get(key, 0) != 0 and fields[key] < least:
            yield refuse(key, f"{fields[key]} is not a positive number{' or -1' if least < 0 else ''}")
    for n, entry in enumerate(fields[LIST] or ()):
        for sentence in _why_refused(entry["domainName"], release):
            yield refuse(f"{LIST}[{n}].domainName", sentence)


def _why_refused(name: str, release: Release) -> Iterator[str]:
    host, *ports = name.split(":")
    if not release.in_cluster:
        if not name:
            yield "it is empty"
        if not host:
            yield f"{quoted(name)} names no registry; it must be HOST or HOST:PORT"
    if len(ports) > 1:
        yield f"{quoted(name)} has more than one colon; it must be HOST or HOST:PORT"
    if len(ports) == 1 and not release.in_cluster and not _is_number(ports[0]):
        yield f"{quoted(ports[0])} is not a port; a port must be a number, without wildcards"


def _is_number(port: str) -> bool:
    return bool(_PORT.fullmatch(port)) and fits(int(port[:30]))


def _doubts(found: Decoded, release: Release) -> Iterator[Finding]:
    for path, sentence in found.oddities:
        yield warn(path, _WRAPPED if path == "imagePolicyConfig" else sentence)
    fields = found.value
    entries = fields[LIST] or ()
    if release.in_cluster and fields[LIST] == []:
        yield warn(LIST, "OpenShift 4 ignores an empty list: everything may be imported")
    hub_needs_more = not release.knows_docker_hub and not any(
        AllowedRegistry.of(entry["domainName"], entry["insecure"]).matches(HUB_SERVER, "") for entry in entries
    )
    for n, entry in enumerate(entries):
        name, path = entry["domainName"], f"{LIST}[{n}]"
        if any(_why_refused(name, release)):
            continue
        yield from (warn(f"{path}.domainName", f"{quoted(name)} {reason}") for reason in _why_doubted(name, release))
        if name == DOCKER_HUB and hub_needs_more:
            sentence = f"before 3.9 a written-out {DOCKER_HUB}/… is asked for at {HUB_SERVER}, which "
            yield warn(f"{path}.domainName", f"{sentence}needs an entry *.{DOCKER_HUB} beside {DOCKER_HUB}")
        if entry["insecure"] and name and ":" not in name:
            yield warn(f"{path}.insecure", f"{quoted(name)} stands for port 80 alone, without encryption")


def _why_doubted(name: str, release: Release) -> Iterator[str]:
    if not name:
        yield "names no registry, so that it matches none"
        return
    if "://" in name:
        yield "holds a scheme, so that it matches no registry"
        return
    host, colon, port = name.partition(":")
    odd = [called for sign, called in _ODD_SIGNS.items() if sign in name]
    if any(sign.isspace() for sign in name):
        odd.append("a blank")
    if not odd and not is_domain(host.translate(ANY_SIGN)):
        odd.append("a sign where no host has one")
    if odd:
        yield f"holds {' and '.join(odd)}, so that it matches no registry"
    if host != host.lower():
        yield "has upper-case letters, and is compared with its case"
    can_match = _WRITTEN_PORT.fullmatch(port) or release.in_cluster and set(port) & {"*", "?"}
    if colon and (not can_match or port.isdigit() and int(port) > _HIGHEST_PORT):
        yield f"matches nothing, because no registry is asked for at port {quoted(port)}"


# --- one image ------------------------------------------------------------------------------------------------------


def allowed(
    image: str, policy: ImportPolicy, release: Release, integrated_registry: str | None, insecure: bool, of: str
) -> dict[str, Any]:
    """Say whether people may import an image, as the filter returns it. Raises ReferenceProblem."""
    name = image_names.parse(image)
    either_port = insecure and of == "stream" and release.checks_streams
    host, port = _of_stream(name) if either_port else image_names.host_and_port(name, insecure)
    registry = f"{host}:{port}" if port else host
    entry, everything = None, _why_everything(policy, release, of)
    if everything:
        sentence = everything
    else:
        entry = _entry(host, port, policy, release, integrated_registry)
        sentence = f"the entry {entry.written} allows it" if entry else f"no entry allows {registry}"
    return {
        "reference": image,
        "registry": registry,
        "allowed": bool(everything or entry),
        "entry": entry.written if entry else None,
        "sentence": sentence,
    }


def _of_stream(name: ImageName) -> tuple[str, str]:
    """Return what is compared for an insecure tag: docker.io as it is written, and no port unless there is one."""
    host, _colon, port = (name.registry or DOCKER_HUB).partition(":")
    return host, port


def _why_everything(policy: ImportPolicy, release: Release, of: str) -> str:
    """Say why nothing is compared; return nothing when the list counts."""
    if policy.entries is None:
        return "there is no list, so that everything may be imported"
    if of == "stream" and not release.checks_streams:
        return f"{release.name} checks imports alone, not what is written into a stream"
    return ""


def _entry(
    host: str, port: str, policy: ImportPolicy, release: Release, integrated_registry: str | None
) -> AllowedRegistry | None:
    """Find the first entry that lets the registry through; the integrated registry is one by itself."""
    integrated = integrated_registry or policy.internal_registry
    own = (AllowedRegistry.of(integrated),) if integrated and integrated.count(":") < 2 else ()
    hosts = (DOCKER_HUB, host) if release.knows_docker_hub and host in HUB_SERVERS else (host,)
    entries = (*own, *(policy.entries or ()))
    return next((entry for name in hosts for entry in entries if entry.matches(name, port)), None)


def _wildcard(pattern: str, text: str) -> bool:
    """Match a text; the last * alone is widened, so that every pattern ends soon."""
    at_pattern = at_text = 0
    star, behind = -1, 0
    while at_text < len(text):
        sign = pattern[at_pattern : at_pattern + 1]
        if sign == "*":
            star, behind = at_pattern, at_text
            at_pattern += 1
        elif sign in ("?", text[at_text]):
            at_pattern, at_text = at_pattern + 1, at_text + 1
        elif star >= 0:
            behind += 1
            at_pattern, at_text = star + 1, behind
        else:
            return False
    return not pattern[at_pattern:].strip("*")
