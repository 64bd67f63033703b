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

from ..problems import Problem, one_line
from ..resolution.certificate_directories import PLACES
from . import stores

_MANIFEST, _SEAL, _FILES = "manifest.json", "manifest.sha256", "files"
_LARGEST, _LARGEST_FILE, _MOST = 64 * 1024 * 1024, 8 * 1024 * 1024, 5000
_FIELDS = {"path", "sha256", "size", "mode", "uid", "gid", "label", "origin", "certificates"}
_ORIGINS = ("file", "system trust")
_MODE = re.compile(r"0[0-7]{3}")
_REGISTRY = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9.:\[\]_-]{0,254}")
_LABEL = re.compile(r"[A-Za-z0-9_.:,-]{1,255}")

#: The number that chown(2) reads as "leave the owner as it is".
_NO_OWNER = (1 << 32) - 1

# What `pack` writes of tar: regular files and, before one whose name is long or not ASCII, a header that says the name.
_BLOCK = 512
_NAMED = re.compile(rb"[0-9]{1,4} path=[^\n\0]+\n")
_LONGEST_HEADER = 4096
_KINDS = {
    tarfile.LNKTYPE: "a hard link", tarfile.SYMTYPE: "a symbolic link", tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device", tarfile.FIFOTYPE: "a named pipe", tarfile.GNUTYPE_SPARSE: "a file with holes",
}  # fmt: skip


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
        """Return its entry in the manifest; nothing of its content but checksums."""
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
    """Pack the archive: the same bytes for the same content, whenever and wherever it is made."""
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
        raise ArchiveProblem("does not begin with a manifest, so it is not an archive of this collection")
    if list(members)[-1] != _SEAL:
        raise ArchiveProblem("is cut off: its seal is missing")
    if hashlib.sha256(members[_MANIFEST]).hexdigest() != members[_SEAL].decode("ascii", "replace").strip():
        raise ArchiveProblem("has a manifest that its seal does not belong to; it was damaged or changed")
    return _archive(_json(members[_MANIFEST]), members)


def allowed(path: str) -> bool:
    """Return whether certificates live at a path: certs.d/REGISTRY/FILE, or an anchor, one directory deep at most."""
    for place in PLACES:
        if path.startswith(place + "/"):
            parts = path[len(place) + 1 :].split("/")
            return len(parts) == 2 and bool(_REGISTRY.fullmatch(parts[0])) and _is_name(parts[1])
    for store in stores.STORES:
        if path.startswith(store.anchors + "/"):
            parts = path[len(store.anchors) + 1 :].split("/")
            return len(parts) <= 2 and all(_is_name(part) for part in parts)
    return False


def _is_name(part: str) -> bool:
    """Return whether it can be the name of a file, and be shown to a person as it is."""
    return part not in ("", ".", "..") and "/" not in part and part.isprintable() and len(part.encode()) <= 255


def _members(data: bytes) -> dict[str, bytes]:
    """Read the content of each member by name, in order; refuse, unread, an archive that `pack` did not write."""
    _refuse_headers(data)
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for member in tar:
                _refuse_member(member, found)
                stream = tar.extractfile(member)
                found[member.name] = stream.read() if stream else b""
    except ArchiveProblem:
        raise
    except Exception:  # for an archive that somebody has made, tarfile has many kinds of errors
        raise ArchiveProblem("cannot be read") from None
    return found


def _refuse_headers(data: bytes) -> None:
    """Look at the headers alone, because reading what tar can say beside files costs time and memory without bound."""
    position, members = 0, 0
    while len(block := data[position : position + _BLOCK]) == _BLOCK and block.strip(b"\0"):
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
        except Exception:  # see above
            raise ArchiveProblem("cannot be read: a header in it is damaged") from None
        name, body = one_line(header.name), data[position + _BLOCK : position + _BLOCK + max(header.size, 0)]
        members += 1
        if header.type == tarfile.XHDTYPE:
            if header.size > _LONGEST_HEADER or not _NAMED.fullmatch(body):
                raise ArchiveProblem(f"holds a header that this collection does not write (at {name!r})")
        elif header.type != tarfile.REGTYPE:
            kind = _KINDS.get(header.type, "no regular file")
            raise ArchiveProblem(f"holds {kind} ({name!r}); only regular files belong there")
        if not 0 <= header.size <= _LARGEST_FILE or members > 2 * _MOST:
            raise ArchiveProblem(f"holds too much (at {name!r})")
        if len(body) != header.size:
            raise ArchiveProblem("is cut off")
        position += _BLOCK + -(-header.size // _BLOCK) * _BLOCK
    if data[position:].strip(b"\0"):
        raise ArchiveProblem("is cut off, or holds something behind its end")


def _refuse_member(member: tarfile.TarInfo, found: Mapping[str, bytes]) -> None:
    name = one_line(member.name)
    if name.startswith("/") or ".." in name.split("/"):
        raise ArchiveProblem(f"holds a path that leads out of it ({name!r})")
    if member.name in found:
        raise ArchiveProblem(f"holds {name!r} twice")
    if len(found) > _MOST:
        raise ArchiveProblem(f"holds too much (at {name!r})")


def _json(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    version = value.get("version") if isinstance(value, dict) else None
    if isinstance(version, int) and version > 1:
        raise ArchiveProblem("was made by a newer version of dockyard.openshift; use that version to put it back")
    if not isinstance(value, dict) or value.get("version") != 1 or not isinstance(value.get("host"), str):
        raise ArchiveProblem("has a manifest that is not one of this version")
    return value


def _archive(manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> Archive:
    entries, links, left_out = manifest.get("files"), manifest.get("links"), manifest.get("left_out")
    if not isinstance(entries, list) or not isinstance(links, dict) or not isinstance(left_out, list):
        raise ArchiveProblem("has a manifest that is not one of this version")
    files = tuple(_saved(entry, members) for entry in entries)
    known = {_FILES + saved.path for saved in files} | {_MANIFEST, _SEAL}
    if extra := sorted(set(members) - known):
        raise ArchiveProblem(f"holds {one_line(extra[0])!r}, which is not in its manifest")
    if len(known) != len(files) + 2:
        raise ArchiveProblem("names a file twice in its manifest")
    for path in (*links, *left_out):
        _refuse_place(path)
    for path, target in links.items():
        if not isinstance(target, str) or len(target) > _LONGEST_HEADER or not target.isprintable():
            raise ArchiveProblem(f"names something as the target of {path} that is not a path")
    return Archive(manifest["host"], files, links, tuple(left_out), _believed(manifest.get("record"), files))


def _refuse_place(path: object) -> None:
    if not isinstance(path, str) or not allowed(path):
        raise ArchiveProblem(f"names {one_line(str(path))[:300]!r}, which is not a place for certificates")


def _saved(entry: object, members: Mapping[str, bytes]) -> Saved:
    if not isinstance(entry, dict) or not set(entry) <= _FIELDS or not isinstance(entry.get("path"), str):
        raise ArchiveProblem("has a manifest that is not one of this version")
    path = entry["path"]
    _refuse_place(path)
    content = members.get(_FILES + path)
    if content is None:
        raise ArchiveProblem(f"lacks {path}, which its manifest names")
    mode, label, origin = entry.get("mode"), entry.get("label"), entry.get("origin", "file")
    well = isinstance(mode, str) and _MODE.fullmatch(mode) and all(_is_id(entry.get(key)) for key in ("uid", "gid"))
    if not well or not (label is None or (isinstance(label, str) and _LABEL.fullmatch(label))):
        raise ArchiveProblem(f"has a mode, owner or label of {path} that cannot be")
    if origin not in _ORIGINS:
        raise ArchiveProblem("has a manifest that is not one of this version")
    saved = Saved(path, content, str(mode), entry["uid"], entry["gid"], label, origin)
    if saved.sha256 != entry.get("sha256"):
        raise ArchiveProblem(
            f"holds {path} with a checksum that is not that of its manifest; it was damaged or changed"
        )
    return saved


def _is_id(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < _NO_OWNER


def _believed(record: object, files: tuple[Saved, ...]) -> dict[str, Any]:
    """Return the part of a record that may be ours: only files of this archive, as they are in it."""
    if not isinstance(record, dict):
        return {}
    sums = {saved.path: saved.sha256 for saved in files}
    given = record.get("files")
    ours = {}
    for path, about in (given if isinstance(given, dict) else {}).items():
        names = about.get("registries") if isinstance(about, dict) else None
        if path in sums and isinstance(names, list) and about.get("sha256") == sums[path]:
            ours[path] = {"sha256": sums[path], "registries": _registries(names)}
    directories = record.get("directories")
    kept = [
        path
        for path in (directories if isinstance(directories, list) else [])
        if isinstance(path, str) and any(file.startswith(f"{path}/") and file in ours for file in ours)
        and (path in PLACES or path.rpartition("/")[0] in PLACES)
    ]  # fmt: skip
    relying = record.get("relying")
    names = _registries(relying if isinstance(relying, list) else [])
    found = {"files": ours, "directories": kept, "relying": names}
    return {key: value for key, value in found.items() if value} if ours else {}


def _registries(names: list[object]) -> list[str]:
    return [name for name in names if isinstance(name, str) and _REGISTRY.fullmatch(name)]


def _sorted(files: tuple[Saved, ...]) -> list[Saved]:
    return sorted(files, key=lambda saved: saved.path.encode())
