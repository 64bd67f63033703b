# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The secrets that the registry reads: logins for its storage, certificates of its routes. No value is ever shown."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ...policy.certificates import CertificateProblem, doubts, read_certificates, read_client_key
from ...policy.word import UNSHOWN, PolicyError
from ..api import ClusterProblem, Manifest, at
from ..changes import WantedObject
from ..image_registry.backends import USER_SECRET, keys_of_user
from ..marks import LABEL
from . import secret
from .names import matches

Hide = Callable[[str], None]
View = Callable[[str], Callable[[Manifest], list[str]]]
_PREFIX = re.compile(r"REGISTRY_STORAGE_[A-Z0-9]+_")


def read(given: Mapping[str, Any] | None, hide: Hide) -> dict[str, str] | None:
    """Read the option credentials, whose keys are those of the secret in small letters. Raises PolicyError.

    A key file of Google may be given as the mapping that Ansible makes of JSON.
    """
    if given is None:
        return None
    found: dict[str, str] = {}
    for key, value in given.items():
        text = json.dumps(value) if isinstance(value, Mapping) else value
        if not isinstance(text, str) or not text.strip():
            raise PolicyError("credentials", UNSHOWN, f"{key} is empty, or not a text")
        hide(text)
        if isinstance(value, Mapping):
            for inner in value.values():
                hide(str(inner))
        found[str(key)] = text
    if not found:
        raise PolicyError("credentials", "{}", "holds no key")
    return found


def wanted(
    given: Mapping[str, str], backend: str, there: Manifest | None, mark: Callable[[bytes], str]
) -> WantedObject:
    """Want the secret that wins over the cloud's, with the keys that this backend reads. Raises ClusterProblem.

    there: the secret as it is. Keys of another login for the same backend go, others stay.
    """
    sets = keys_of_user(backend)
    if not sets:
        where = f"the backend {backend}" if backend else "a registry without a backend of its own"
        raise ClusterProblem(f"credentials: {where} reads none; say storage, or leave credentials out")
    names = {_PREFIX.sub("", key).lower(): key for keys in sets for key in keys}
    plain = {key.replace("_", "").lower(): key for key in given}
    for short, said in plain.items():
        if short not in names:
            raise ClusterProblem(f"credentials: {said} is not read by {backend}, which reads {_sets(sets)}")
    filled = {names[short] for short in plain}
    if sum(filled.issuperset(keys) for keys in sets) != 1:
        whole = f"which reads {_sets(sets)}"
        raise ClusterProblem(f"credentials: {', '.join(given)} is not a whole login for {backend}, {whole}")
    data: dict[str, Any] = {names[short]: _encoded(given[said]) for short, said in plain.items()}
    have = at(there, "data") or {}
    data |= {key: None for key in names.values() if key in have and key not in data}
    metadata = {} if there else {"metadata": {"labels": {LABEL: "credentials"}}, "type": "Opaque"}
    fields = {**metadata, "data": data}
    return WantedObject(secret(USER_SECRET), fields, "credentials", view=view(mark), secret=True)


def _sets(sets: tuple[tuple[str, ...], ...]) -> str:
    return ", or ".join(" and ".join(_PREFIX.sub("", key).lower() for key in keys) for keys in sets)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def view(mark: Callable[[bytes], str]) -> Callable[[Manifest], list[str]]:
    """Make the view of a secret: its keys, each with a mark by which a change is seen."""

    def lines(manifest: Manifest) -> list[str]:
        return [f"{key}:{mark(str(value).encode())}" for key, value in sorted((at(manifest, "data") or {}).items())]

    return lines


# --- certificates of routes ---


def read_routes(
    given: list[dict[str, Any]] | None, now: datetime, days: int, hide: Hide
) -> tuple[list[Any] | None, list[str]]:
    """Read the option routes: each with its certificate checked. Returns them and warnings. Raises PolicyError."""
    if given is None:
        return None, []
    found, warnings = [], list[str]()
    seen: set[str] = set()
    for route in given:
        name = str(route["name"])
        if name in seen:
            raise PolicyError("routes", name, "is the name of two routes")
        seen.add(name)
        one = dict(route)
        tls = [one.get(key) for key in ("certificate", "key", "ca")]
        if any(tls):
            one["tls"], told = _certificate(one, now, days, hide)
            one["secret_name"] = one.get("secret_name") or f"{name}-tls"
            warnings += told
        found.append(one)
    return found, warnings


def _certificate(route: Mapping[str, Any], now: datetime, days: int, hide: Hide) -> tuple[dict[str, str], list[str]]:
    """Check the certificate of a route: the key belongs to it, it names the host, it is valid. Raises PolicyError."""
    name, host = str(route["name"]), str(route.get("hostname") or "")
    hide(str(route.get("key") or ""))
    if not route.get("certificate") or not route.get("key"):
        raise PolicyError("routes", name, "needs certificate and key together")
    if not host:
        raise PolicyError("routes", name, "has a certificate and no hostname that it could be for")
    try:
        chain = read_certificates(str(route["certificate"]))
    except CertificateProblem as problem:
        raise PolicyError("routes", name, f"has a certificate that {problem}") from None
    try:
        key = read_client_key(str(route["key"]), chain[0])
    except CertificateProblem as problem:
        reason = str(problem).replace("the client certificate", "the certificate")
        raise PolicyError("routes", name, f"has a key that {reason}") from None
    if chain[0].days_left(now) < 0:
        raise PolicyError("routes", name, f"has a certificate that expired on {chain[0].not_after:%Y-%m-%d}")
    if not matches(chain[0].pem, host):
        raise PolicyError("routes", name, f"has a certificate that does not name {host}, so clients refuse it")
    data = {"tls.crt": str(route["certificate"]), "tls.key": key}
    warnings = [f"routes: the certificate of {name} {text}" for text in doubts(chain[0], now, days, authority=False)]
    above = list(chain[1:])
    if route.get("ca"):
        try:
            above += read_certificates(str(route["ca"]))
        except CertificateProblem as problem:
            raise PolicyError("routes", name, f"has a ca that {problem}") from None
        data["tls.cacrt"] = str(route["ca"])
    by_subject = {one.subject: one for one in above}
    link, steps = chain[0], 0
    while not link.self_issued and link.issuer in by_subject and steps < len(above):
        link, steps = by_subject[link.issuer], steps + 1
    if above and not steps and not chain[0].self_issued:
        raise PolicyError("routes", name, f"has a certificate of '{chain[0].issuer}', which is not in its chain")
    return {key: _encoded(value) for key, value in data.items()}, warnings


def wanted_tls(route: Mapping[str, Any], there: Manifest | None, mark: Callable[[bytes], str]) -> WantedObject:
    """Want the secret with a route's certificate."""
    start = {} if there else {"metadata": {"labels": {LABEL: "routes"}}, "type": "kubernetes.io/tls"}
    fields = {**start, "data": route["tls"]}
    return WantedObject(secret(str(route["secret_name"])), fields, "routes", view=view(mark), secret=True)
