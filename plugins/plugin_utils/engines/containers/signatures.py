# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The word `signatures` on a host: which engines know it, and the file by which they look for signatures.

What images need is in policy.json (resolution/signature_policy.py). Source: containers/image docs/
containers-registries.d.5.md; its releases 5.22 (sigstoreSigned) and 5.24 (fulcio, Rekor), and what has them in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...formats import yaml_text
from ...host.observed import HostProblem, Observed, in_file
from ...host.watch import NotAsked, Tree, Watch
from ...plan.draft import FileChange
from ...plan.plan import view
from ...policy import Signed
from ...problems import Problem
from ...resolution import signature_places
from ...resolution.names import Scopes
from ...resolution.registries_conf import RegistriesConf
from .files import HEADER, ROOTS_OWN

FILE = f"{signature_places.DIRECTORY}/90-dockyard.yaml"
#: Where root has a directory of this name, engines that root runs read no other one.
_ROOTS_OWN = f"{ROOTS_OWN}registries.d"
WATCH = Watch(trees=tuple(Tree(place, pattern="*.yaml") for place in (signature_places.DIRECTORY, _ROOTS_OWN)))

#: From which version on an engine knows keys, and from which one logs and signatures without a key.
_SINCE = {"podman": (4, 2), "skopeo": (1, 9), "buildah": (1, 27), "crio": (1, 25)}
_MORE_SINCE = {"podman": (4, 4), "skopeo": (1, 11), "buildah": (1, 29), "crio": (1, 27)}


def without_sigstore(info: Mapping[str, Any]) -> bool:
    """Say whether podman's answer is that of a Debian which builds its engines without sigstore (seen with 12).

    They read such demands, and refuse every image of the scope: "Debian-local change: sigstore disabled".
    """
    version = info.get("version")
    host = info.get("host")
    distribution = host.get("distribution") if isinstance(host, Mapping) else None
    named = isinstance(distribution, Mapping) and distribution.get("distribution") == "debian"
    return named and isinstance(version, Mapping) and str(version.get("Version")).startswith("4.")


def beyond(signed: Signed, versions: Mapping[str, tuple[int, ...]]) -> str:
    """Name the first engine that would refuse all of policy.json for this demand, "" where none does."""
    known_since = _MORE_SINCE if signed.rekor_key else _SINCE
    for engine, version in versions.items():
        if version < known_since[engine]:
            return f"{engine} {'.'.join(map(str, version))} knows none of this kind"
    return ""


def change(
    host: Observed, scopes: Iterable[str], conf: RegistriesConf, why: str
) -> tuple[FileChange | None, list[str]]:
    """Return the change of our file in registries.d, and why it may not be. conf: registries.conf as it will be.

    Raises NotAsked, HostProblem.
    """
    if signature_places.DIRECTORY not in host.directories:
        raise NotAsked(WATCH)
    names = _places(tuple(scopes), conf)
    refusals = []
    if names and host.listing(_ROOTS_OWN).there:
        refusals.append(f"{_ROOTS_OWN} is read by root's programs instead of {signature_places.DIRECTORY}; remove it")
    ours = []
    said = _said_by_others(host)
    for name in names:
        file, there = said.get(name, ("", None))
        if not file:
            ours.append(name)
        elif not (isinstance(there, Mapping) and there.get(signature_places.ATTACHMENTS) is True):
            refusals.append(
                f"{file} speaks of '{name}' without {signature_places.ATTACHMENTS}: true, and no scope may stand in "
                "two files; add it there"
            )
    return _edit(host, ours, why), refusals


def _edit(host: Observed, names: list[str], why: str) -> FileChange | None:
    old = host.text(FILE)
    new = "".join(f"  {json.dumps(name)}:\n    {signature_places.ATTACHMENTS}: true\n" for name in names)
    text = f"{HEADER}docker:\n{new}" if names else None
    with in_file(FILE):
        if (yaml_text.parse(old) if old is not None else None) == (yaml_text.parse(text) if text is not None else None):
            return None
    return FileChange(FILE, None if text is None else text.encode(), why, _view(old), _view(text))


def _view(text: str | None) -> str:
    found = signature_places.scopes_of(yaml_text.parse(text)) if text else {}
    return view(f"{scope}: signatures are looked for beside images" for scope in found)


def _places(scopes: tuple[str, ...], conf: RegistriesConf) -> list[str]:
    """Return the scopes and the mirrors of what lies in them, sorted: engines look where they pull from."""
    signed, names = Scopes(scopes), set(scopes)
    below = [prefix for prefix in conf.registries if signed.covering(prefix) is not None]
    for scope in (*scopes, *below):
        try:
            names.update(signature_places.of_scope(scope, conf))
        except Problem:
            continue  # no image of it can be pulled by such mirrors, which is told elsewhere
    return sorted(names, key=str.encode)


def _said_by_others(host: Observed) -> dict[str, tuple[str, object]]:
    """Return scope → the file of others that speaks of it, and what it says. Raises HostProblem."""
    found: dict[str, tuple[str, object]] = {}
    for path in host.listing(signature_places.DIRECTORY).files:
        if path == FILE:
            continue
        with in_file(path):
            document = yaml_text.parse(host.text(path) or "", go=True)
        if not isinstance(document, (dict, type(None))):
            raise HostProblem(f"{path} is not a mapping, and engines refuse it; nothing was changed")
        found |= {scope: (path, said) for scope, said in signature_places.scopes_of(document).items()}
    return found
