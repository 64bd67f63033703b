# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archive of a host's certificates: a plain tar whose bytes follow from its content, and a manifest.

Members, in this order: `manifest.json`; `files/<path>` for each file of the manifest, in byte order; last
`manifest.sha256`, which also proves that nothing was cut off. Not compressed, because what a compressor makes differs
between versions. Whoever reads one trusts nothing in it: everything that is not exactly of this shape is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..problems import Problem
from . import certs_d, stores

_MANIFEST, _SEAL, _FILES = "manifest.json", "manifest.sha256", "files"
_LARGEST, _LARGEST_FILE, _MOST = 64 * 1024 * 1024, 8 * 1024 * 1024, 5000
_FIELDS = {"path", "sha256", "size", "mode", "uid", "gid", "label", "origin", "certificates"}
_MODE = re.compile(r"0[0-7]{3}")
_NAME = re.compile(r"[^/\0\n]{1,255}")
_REGISTRY = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9.:\[\]_-]*")
_LABEL = re.compile(r"[\w.:,-]{1,255}")


class ArchiveProblem(Problem):
    """Why an archive is refused; its text completes the sentence "the archive PATH …"."""


@dataclass(frozen=True)
class Saved:
    """A file as it was on its host. origin: "file", or "system trust" for one that was in no file of its own.

    certificates: what is in it, for people: subject, fingerprint, expiry.
    """

    path: str
    content: bytes
    mode: str = "0644"
    uid: int = 0
    gid: int = 0
    label: str | None = None
    origin: str = "file"
    certificates: tuple[Mapping[str, Any], ...] = ()

    def __repr__(self) -> str:
        return f"Saved({self.path!r})"  # it may be a key

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def plain(self) -> dict[str, Any]:
        """Its entry in the manifest; nothing of its content but checksums."""
        return {
            "path": self.path, "sha256": self.sha256, "size": len(self.content), "mode": self.mode, "uid": self.uid,
            "gid": self.gid, "label": self.label, "origin": self.origin,
            "certificates": [dict(each) for each in self.certificates],
        }  # fmt: skip


@dataclass(frozen=True)
class Archive:
    """links: path → target, for what was a symbolic link. left_out: keys that were left on the host.

    record: what was ours of it, so that it is ours again.
    """

    host: str
    files: tuple[Saved, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        return {
            "version": 1, "host": self.host, "files": [saved.plain() for saved in _sorted(self.files)],
            "links": dict(sorted(self.links.items())), "left_out": sorted(self.left_out), "record": dict(self.record),
        }  # fmt: skip


def pack(archive: Archive) -> bytes:
    """The same bytes for the same content, whenever and wherever it is made."""
    manifest = (json.dumps(archive.manifest(), indent=1, sort_keys=True) + "\n").encode()
    members = [(_MANIFEST, manifest)]
    members += [(_FILES + saved.path, saved.content) for saved in _sorted(archive.files)]
    members.append((_SEAL, f"{hashlib.sha256(manifest).hexdigest()}\n".encode()))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def unpack(data: bytes) -> Archive:
    """Read one, believing nothing. Raises ArchiveProblem."""
    if len(data) > _LARGEST:
        raise ArchiveProblem(f"is larger than {_LARGEST} bytes")
    members = _members(data)
    if next(iter(members), "") != _MANIFEST:
        raise ArchiveProblem("does not begin with a manifest, so it is no archive of this collection")
    if list(members)[-1] != _SEAL:
        raise ArchiveProblem("is cut off: its seal is missing")
    if hashlib.sha256(members[_MANIFEST]).hexdigest() != members[_SEAL].decode("ascii", "replace").strip():
        raise ArchiveProblem("has a manifest that its seal does not belong to; it was damaged or changed")
    return _archive(_json(members[_MANIFEST]), members)


def allowed(path: str) -> bool:
    """Whether a path is where certificates live: certs.d/REGISTRY/FILE, or an anchor, one directory deep at most."""
    for place in certs_d.PLACES:
        if path.startswith(place + "/"):
            parts = path[len(place) + 1 :].split("/")
            return len(parts) == 2 and bool(_REGISTRY.fullmatch(parts[0])) and _is_name(parts[1])
    for store in stores.STORES:
        if path.startswith(store.anchors + "/"):
            parts = path[len(store.anchors) + 1 :].split("/")
            return len(parts) <= 2 and all(_is_name(part) for part in parts)
    return False


def _is_name(part: str) -> bool:
    return bool(_NAME.fullmatch(part)) and part not in (".", "..")


def _members(data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for member in tar:
                _refuse_member(member, found)
                stream = tar.extractfile(member)
                content = stream.read() if stream else b""
                if len(content) != member.size:
                    raise ArchiveProblem("is cut off")
                found[member.name] = content
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        if isinstance(error, ArchiveProblem):
            raise
        raise ArchiveProblem(f"cannot be read: {str(error) or type(error).__name__}") from None
    return found


def _refuse_member(member: tarfile.TarInfo, found: Mapping[str, bytes]) -> None:
    name = member.name
    if not member.isreg():
        kinds = ((member.issym, "a symbolic link"), (member.islnk, "a hard link"), (member.isdev, "a device"))
        kind = next((kind for asks, kind in kinds if asks()), "no regular file")
        raise ArchiveProblem(f"holds {kind} ({name!r}); only regular files belong there")
    if name.startswith("/") or ".." in name.split("/"):
        raise ArchiveProblem(f"holds a path that leads out of it ({name!r})")
    if name in found:
        raise ArchiveProblem(f"holds {name!r} twice")
    if member.size > _LARGEST_FILE or len(found) > _MOST:
        raise ArchiveProblem(f"holds too much (at {name!r})")


def _json(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or value.get("version") != 1 or not isinstance(value.get("host"), str):
        raise ArchiveProblem("has a manifest that is none of this version")
    return value


def _archive(manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> Archive:
    entries, links, left_out = manifest.get("files"), manifest.get("links"), manifest.get("left_out")
    if not isinstance(entries, list) or not isinstance(links, dict) or not isinstance(left_out, list):
        raise ArchiveProblem("has a manifest that is none of this version")
    files = tuple(_saved(entry, members) for entry in entries)
    known = {_FILES + saved.path for saved in files} | {_MANIFEST, _SEAL}
    if extra := sorted(set(members) - known):
        raise ArchiveProblem(f"holds {extra[0]!r}, which is not in its manifest")
    if len(known) != len(files) + 2:
        raise ArchiveProblem("names a file twice in its manifest")
    for path in (*links, *left_out):
        if not isinstance(path, str) or not allowed(path):
            raise ArchiveProblem(f"names {path!r}, which is no place for certificates")
    record = manifest.get("record")
    return Archive(
        str(manifest["host"]), files, {path: str(target) for path, target in links.items()}, tuple(left_out),
        _believed(record, files),
    )  # fmt: skip


def _saved(entry: object, members: Mapping[str, bytes]) -> Saved:
    if not isinstance(entry, dict) or not set(entry) <= _FIELDS or not isinstance(entry.get("path"), str):
        raise ArchiveProblem("has a manifest that is none of this version")
    path = entry["path"]
    if not allowed(path):
        raise ArchiveProblem(f"names {path!r}, which is no place for certificates")
    content = members.get(_FILES + path)
    if content is None:
        raise ArchiveProblem(f"lacks {path}, which its manifest names")
    mode, label = entry.get("mode"), entry.get("label")
    owners = [entry.get(key) for key in ("uid", "gid")]
    well = isinstance(mode, str) and bool(_MODE.fullmatch(mode))
    well = well and all(_is_id(number) for number in owners)
    if not well or not (label is None or (isinstance(label, str) and _LABEL.fullmatch(label))):
        raise ArchiveProblem(f"has a mode, owner or label of {path} that cannot be")
    saved = Saved(path, content, str(mode), entry["uid"], entry["gid"], label, str(entry.get("origin", "file")))
    if saved.sha256 != entry.get("sha256"):
        raise ArchiveProblem(
            f"holds {path} with a checksum that is not that of its manifest; it was damaged or changed"
        )
    return saved


def _is_id(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 32


def _believed(record: object, files: tuple[Saved, ...]) -> dict[str, Any]:
    """What of a record may be ours, and so be removed one day: only files of this archive, as they are in it."""
    if not isinstance(record, dict):
        return {}
    sums = {saved.path: saved.sha256 for saved in files}
    given = record.get("files")
    ours = {}
    for path, about in (given if isinstance(given, dict) else {}).items():
        names = about.get("registries") if isinstance(about, dict) else None
        if path in sums and isinstance(names, list) and about.get("sha256") == sums[path]:
            ours[path] = {"sha256": sums[path], "registries": [str(name) for name in names]}
    directories = record.get("directories")
    kept = [
        path
        for path in (directories if isinstance(directories, list) else [])
        if isinstance(path, str) and any(file.startswith(f"{path}/") and file in ours for file in ours)
        and (path in certs_d.PLACES or path.rpartition("/")[0] in certs_d.PLACES)
    ]  # fmt: skip
    relying = record.get("relying")
    names = [name for name in (relying if isinstance(relying, list) else []) if isinstance(name, str)]
    found = {"files": ours, "directories": kept, "relying": names}
    return {key: value for key, value in found.items() if value} if ours else {}


def _sorted(files: tuple[Saved, ...]) -> list[Saved]:
    return sorted(files, key=lambda saved: saved.path.encode())
