# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The word `import`: registries that users of a cluster may import image streams from.

Facts: OpenShift API config/v1 types_image.go (RegistryLocation), openshift/origin imagepolicy whitelist; parameters of
3.x: master-config.yaml imagePolicyConfig.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..resolution.names import NO_LOGIN, has_login
from .lists import entries
from .word import PolicyError, Reading, Targets, Word, kind_of

_LIST = "allowedRegistriesForImport"
_WRAPPED = "imagePolicyConfig"
#: Parameters of imagePolicyConfig in 3.x → whose they are in 4.
GONE = {
    "disableScheduledImport": "the OpenShift API server keeps it to itself",
    "maxImagesBulkImportedPerRepository": "the OpenShift API server keeps it to itself",
    "maxScheduledImageImportsPerMinute": "the OpenShift controller manager keeps it to itself",
    "maxScheduledImportsPerMinute": "the OpenShift controller manager keeps it to itself",
    "scheduledImageImportMinimumIntervalSeconds": "the OpenShift controller manager keeps it to itself",
    "internalRegistryHostname": "the image registry operator finds it out",
}
_HERE_TOO = {"externalRegistryHostname": "give external_hostnames", "additionalTrustedCA": "give trust"}
_KEYS = ("domainName", "insecure")
#: host with the wildcards * and ?, and a port with wildcards
_DOMAIN = re.compile(r"[A-Za-z0-9.*?_-]+(?::[0-9*?]+)?")


@dataclass(frozen=True)
class ImportSource:
    """One registry; domain may hold the wildcards * and ?, and without a port means 443 (80 when insecure)."""

    domain: str
    insecure: bool = False

    def plain(self) -> dict[str, Any]:
        """Return it as the API has it."""
        return {"domainName": self.domain} | ({"insecure": True} if self.insecure else {})


def read(name: str, value: object, reading: Reading) -> tuple[ImportSource, ...]:
    """Read a list of names or of {domainName, insecure}, a text of names, or imagePolicyConfig of 3.x, also as JSON.

    Raises PolicyError, for the parameters of 3.x that 4 does not have with the reason.
    """
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise PolicyError(name, value, "looks like JSON but is not; write a list of registries") from None
    if isinstance(value, Mapping) and set(value) == {_WRAPPED} and isinstance(value[_WRAPPED], Mapping):
        reading.notes.append(f"{name}: {_WRAPPED} is wrapped in itself, and what is inside is meant")
        value = value[_WRAPPED]
    if isinstance(value, Mapping):
        value = _list_of(name, value, reading)
    if isinstance(value, str):
        value = entries(name, value)
    if not isinstance(value, (list, tuple)):
        raise PolicyError(name, value, f"is {kind_of(value)}; write a list of registries")
    found: dict[str, ImportSource] = {}
    for source in (_source(name, entry) for entry in value):
        if found.setdefault(source.domain, source) != source:
            raise PolicyError(name, source.domain, "is both insecure and not")
    return tuple(found.values())


def _list_of(name: str, config: Mapping[Any, Any], reading: Reading) -> object:
    """Return the list in imagePolicyConfig; everything else in it is refused, except for what has another word here."""
    for key, said in config.items():
        if key in GONE and said is not None:
            raise PolicyError(name, str(key), f"cannot be set in OpenShift 4: {GONE[key]}; leave it out")
        if key in _HERE_TOO and said is not None:
            raise PolicyError(name, str(key), f"has an option of its own here: {_HERE_TOO[key]}")
        if key not in (_LIST, *GONE, *_HERE_TOO):
            raise PolicyError(name, str(key), f"is not a parameter of {_WRAPPED}")
    if config.get(_LIST) is None:
        reading.notes.append(f"{name}: {_WRAPPED} has no {_LIST}, so imports are allowed from everywhere")
        return []
    return config[_LIST]


def _source(name: str, entry: object) -> ImportSource:
    if isinstance(entry, str):
        return ImportSource(_domain(name, entry))
    if not isinstance(entry, Mapping):
        raise PolicyError(name, entry, f"is {kind_of(entry)}; every entry is a name, or domainName and insecure")
    if unknown := sorted(set(map(str, entry)) - set(_KEYS)):
        raise PolicyError(name, unknown[0], f"is not a key of an entry ({', '.join(_KEYS)})")
    domain, insecure = entry.get("domainName"), entry.get("insecure", False)
    if not isinstance(domain, str):
        raise PolicyError(name, entry, "has no domainName")
    if not isinstance(insecure, bool):
        raise PolicyError(name, insecure, "is not a truth value for insecure")
    return ImportSource(_domain(name, domain), insecure)


def _domain(name: str, text: str) -> str:
    text = text.strip()
    if has_login(text):
        raise PolicyError(name, text, NO_LOGIN)
    if "/" in text:
        raise PolicyError(name, text, "has a path or a scheme; imports are allowed by registry, as host[:port]")
    if not _DOMAIN.fullmatch(text):
        raise PolicyError(name, text, "is not a registry (host[:port], in which * and ? are wildcards)")
    return text


IMPORT = Word(
    read,
    lambda sources: [source.plain() for source in sources],
    targets=Targets.CLUSTERS,
    variable="openshift_master_image_policy_allowed_registries_for_import",
    option={
        "type": "raw",
        "description": [
            "Registries that users may import image streams from: a list of names or of mappings with C(domainName) "
            "and C(insecure); a text; or C(imagePolicyConfig) of OpenShift 3.",
            "C(*) and C(?) are wildcards. A name without a port means port 443, or 80 when C(insecure). An empty list "
            "allows every registry. Users who may create images are not held back by it, so it is not a border of "
            "security.",
        ],
    },
    group="import",
)
