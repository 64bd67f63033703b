# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product; see README.md beside this file.
"""What CRI-O holds in memory: registries.conf and its drop-ins as they were when it last read them, and crio.conf at its start."""

from __future__ import annotations

import ipaddress
import re
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OLD = (1, 15)


class Broken(Exception):
    """A file that CRI-O refuses, in its words."""


class Refused(Exception):
    """A pull that ends before a registry is asked, in the words of CRI-O."""


@dataclass(frozen=True)
class Held:
    """The lists in force. files: name → text, of which skopeo gets a copy. old: as CRI-O up to 1.14."""

    search: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    registries: tuple[Mapping[str, Any], ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    def told(self) -> str:
        """Return the line of its log that shows the lists."""
        shown = " ".join(
            f"{{Prefix:{table.get('prefix', table.get('location', ''))} Endpoint:{{Location:{table.get('location', '')} "
            f"Insecure:{_go(table.get('insecure', False))} PullFromMirror:}} Mirrors:"
            f"[{' '.join('{Location:' + each.get('location', '') + '}' for each in table.get('mirror', []))}] "
            f"Blocked:{_go(table.get('blocked', False))} MirrorByDigestOnly:false}}"
            for table in self.registries
        )
        return (
            f"Applied new registry configuration: &{{Registries:[{shown}] UnqualifiedSearchRegistries:"
            f"[{' '.join(self.search)}] CredentialHelpers:[] ShortNameMode: AdditionalLayerStoreAuthHelper:}}"
        )


def version_of(text: str) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def load(root: Path, version: tuple[int, int]) -> Held:
    """Read the lists. Raises Broken, but for the old ones, to which a broken file is an empty one."""
    main = root / "etc/containers/registries.conf"
    if version < OLD:
        return _old(main)
    documents, files = [], {}
    for path in (main, *sorted((root / "etc/containers/registries.conf.d").glob("*.conf"))):
        if path.exists():
            text = path.read_text(encoding="utf-8")
            files[str(path.relative_to(root / "etc/containers"))] = text
            documents.append(_parsed(path, text))
    search, aliases, tables = (), {}, {}
    for document in documents:
        search = tuple(document.get("unqualified-search-registries", search))
        aliases |= document.get("aliases", {})
        for kind, flag in (("search", ""), ("insecure", "insecure"), ("block", "blocked")):
            names = document.get("registries", {}).get(kind, {}).get("registries", [])
            if kind == "search":
                search = tuple(names) or search
            else:
                tables |= {name: {**tables.get(name, {"location": name}), flag: True} for name in names}
        for table in document.get("registry", []):
            tables[table.get("prefix", table.get("location"))] = table
    return Held(search, aliases, tuple(tables.values()), files)


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise Broken(f'loading registries configuration "{path}": toml: {problem}') from None
    new = {"unqualified-search-registries", "registry", "aliases", "short-name-mode"} & set(document)
    if "registries" in document and new:
        raise Broken(f'loading registries configuration "{path}": mixing sysregistry v1/v2 is not supported')
    return document


def _old(main: Path) -> Held:
    """Read search and insecure of the old form; the blocked list means nothing to it."""
    try:
        tables = tomllib.loads(main.read_text(encoding="utf-8")).get("registries", {})
        search, insecure = (tables.get(kind, {}).get("registries", []) for kind in ("search", "insecure"))
    except (OSError, ValueError, AttributeError):
        search, insecure = [], []
    names = tuple({"location": name, "insecure": True} for name in insecure)
    return Held(tuple(search), {}, names)


def settings(root: Path) -> dict[str, Any]:
    """Return [crio.image] of crio.conf and of every file in crio.conf.d; read once, at its start. Raises Broken."""
    found: dict[str, Any] = {}
    below = root / "etc/crio/crio.conf.d"
    for path in (root / "etc/crio/crio.conf", *sorted(each for each in below.rglob("*") if each.is_file())):
        if path.exists():
            try:
                found |= tomllib.loads(path.read_text(encoding="utf-8")).get("crio", {}).get("image", {})
            except tomllib.TOMLDecodeError as problem:
                raise Broken(f"update config from path: {path}: toml: {problem}") from None
    return found


def names(image: str, held: Held, crio: Mapping[str, Any], version: tuple[int, int]) -> list[str]:
    """Return the full names that an image may stand for, in the order in which they are tried. Raises Refused."""
    host, slash, _rest = image.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        return [image]
    name, mark, last = image.partition("@") if "@" in image else image.partition(":")
    tag = f"{mark}{last}" if last else ":latest"
    if name in held.aliases and version >= OLD:
        return [held.aliases[name] + tag]
    search = tuple(crio.get("registries") or ()) or held.search if version < OLD else held.search
    if not search and version < OLD:
        raise Refused(
            "no registries configured while trying to pull an unqualified image, add at least one in "
            '/etc/crio/crio.conf under the "registries" key'
        )
    if not search:
        raise Refused(
            f'short-name "{image}" did not resolve to an alias and no unqualified-search registries are defined in '
            '"/etc/containers/registries.conf"'
        )
    if version >= (1, 34) and len(search) > 1 and crio.get("short_name_mode", "enforcing") == "enforcing":
        raise Refused(f"short name mode is enforcing, but image name {image} returns ambiguous list")
    return [f"{registry}/{'library/' if registry == 'docker.io' and not slash else ''}{name}{tag}" for registry in search]


def is_insecure(image: str, held: Held, crio: Mapping[str, Any], version: tuple[int, int]) -> bool:
    """Return whether crio.conf calls the host of an image insecure; up to 1.14 that list takes the place of the other."""
    host = image.partition("/")[0]
    said = list(crio.get("insecure_registries") or ())
    if version < OLD and not said:
        said = [str(table["location"]) for table in held.registries]
    return any(host == each or _is_in(host, each) for each in said)


def _is_in(host: str, network: str) -> bool:
    try:
        address = ipaddress.ip_address(socket.gethostbyname(host.partition(":")[0]))
        return "/" in network and address in ipaddress.ip_network(network, strict=False)
    except (OSError, ValueError):
        return False


def _go(value: bool) -> str:
    return "true" if value else "false"
