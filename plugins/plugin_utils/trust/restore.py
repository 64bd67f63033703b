# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an archive and a host to the draft that puts back what was there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..host.observed import HostProblem, Observed
from ..plan import records
from ..plan.draft import Check, Draft, FileChange, Step
from ..policy.certificates import Certificate, certificates_in
from ..problems import one_line
from ..resolution.certificate_directories import PLACES
from . import certs_d, proof, readers, stores
from .archive import Archive, Saved
from .drafts import ONLY_A_REAL_RUN, PART, RECORD, WATCH, due, unseen_since, update

__all__ = ["OPTIONS", "WATCH", "Said", "draft"]

OPTIONS: dict[str, dict[str, Any]] = {
    "path": {
        "type": "path",
        "required": True,
        "description": ["The archive on the controller, encrypted or not."],
    },
    "other_host": {
        "type": "bool",
        "default": False,
        "description": ["Whether the archive may be that of another host."],
    },
}

_WHY = "what is put back takes effect by it"


@dataclass(frozen=True)
class Said:
    """What a task was asked for; the words are those of its documentation."""

    archive: Archive
    verify: str = "full"
    activation: str = "if_idle"


def draft(said: Said, host: Observed) -> Draft:
    """Decide what has to change so that the archive's files exist again; files it does not know stay."""
    return _Restore(host, said).draft()


class _Restore:
    def __init__(self, host: Observed, said: Said) -> None:
        self.start, self.said, self.archive = host, said, said.archive
        self.readers = readers.readers(self.start)
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.store = self._store()

    def draft(self) -> Draft:
        readers.sick(self.start)
        files = [saved for saved in self.archive.files if self._wanted(saved)]
        written = [saved for saved in files if self._differs(saved)]
        news = self._news(files)
        steps: list[Step] = []
        anchors = [saved.path for saved in written if self.store and saved.path.startswith(self.store.anchors)]
        if self.store and (news or anchors):
            steps.append(update(self.store, comes=not all(map(self.start.exists, anchors)), goes=False))
        dues = tuple(one for reader in self.readers if news for one in due(reader, _WHY))
        self._say_what_stays()
        return Draft(
            PART,
            files=tuple(map(self._writing, written)),
            steps=tuple(steps),
            due=dues,
            checks=tuple(self._checks(files)),
            notes=tuple(self.notes),
            warnings=tuple(self.warnings),
            only_a_real_run_shows=ONLY_A_REAL_RUN if self.said.verify != "none" else (),
            record=self._record(files, deferred=bool(dues) and self.said.activation == "defer"),
        )

    def _store(self) -> stores.Store | None:
        """Return the host's store if the archive needs it. Raises HostProblem when it is of another family."""
        anchors = [saved.path for saved in self.archive.files if not saved.path.startswith(PLACES)]
        if not anchors:
            return None
        store = stores.store_of(self.start)
        if foreign := [path for path in anchors if not path.startswith(store.anchors + "/")]:
            raise HostProblem(
                f"the archive holds {foreign[0]}, and this host keeps its anchors in {store.anchors}; "
                "it is of a host with another operating system"
            )
        return store

    def _wanted(self, saved: Saved) -> bool:
        """Return whether a file is needed: not one that exists in another form, nor half of a client's pair."""
        about = self.start.about(saved.path)
        if about.get("link"):
            if self.start.checksum(saved.path) != saved.sha256:
                self.warnings.append(f"{saved.path} is a symbolic link to {about['link']} now; it stays that")
            return False
        if about["state"] == "failed":
            raise HostProblem(f"{saved.path}: {about['reason']}")
        if saved.origin == "system trust" and self.store:
            fingerprints = {each.fingerprint for each in certificates_in(saved.content)}
            if fingerprints <= stores.trusted_now(self.start, self.store) and about["state"] == "absent":
                return False
        key = saved.path.rpartition(".")[0] + ".key"
        if saved.path.endswith(".cert") and key in self.archive.left_out and not self.start.exists(key):
            self.warnings.append(f"{saved.path} is not put back: its key was left out, and alone it stops every pull")
            return False
        return True

    def _differs(self, saved: Saved) -> bool:
        about = self.start.about(saved.path)
        mode = str(about.get("mode"))[-3:]  # no archive holds the digits before them
        now = (self.start.checksum(saved.path), mode, about.get("uid"), about.get("gid"))
        return now != (saved.sha256, saved.mode[-3:], saved.uid, saved.gid)

    def _news(self, files: list[Saved]) -> set[str]:
        """Authorities that programs do not trust now and will."""
        if not self.store:
            return set()
        asked = {
            each.fingerprint
            for saved in files
            if saved.path.startswith(self.store.anchors + "/")
            for each in certificates_in(saved.content)
            if each.is_ca is not False
        }
        return stores.missing(self.start, self.store, asked)

    def _say_what_stays(self) -> None:
        for path, link in sorted(self.archive.links.items()):
            if not self.start.exists(path):
                self.warnings.append(
                    f"{path} was a symbolic link to {link}, which a package brings; links are not put back"
                )
        for path in self.archive.left_out:
            if not self.start.exists(path):
                self.warnings.append(f"{path} was left out of the archive and is not on this host")

    def _record(self, files: list[Saved], *, deferred: bool) -> dict[str, Any]:
        theirs, mine = self.archive.record, dict(records.record_of(records.state_of(self.start), PART, RECORD))
        back = {saved.path for saved in files}
        ours = {path: about for path, about in theirs.get("files", {}).items() if path in back}
        if ours:
            mine["files"] = {**mine.get("files", {}), **ours}
            for key in ("directories", "relying"):
                if merged := sorted({*mine.get(key, []), *theirs.get(key, [])}):
                    mine[key] = merged
        if deferred and (since := unseen_since(self.start, self.readers)):
            mine["since"] = since
        return mine

    def _writing(self, saved: Saved) -> FileChange:
        """Write a file with all its attributes of the archive."""
        before = certs_d.view_on(self.start, saved.path)
        if before:
            about = self.start.about(saved.path)
            before += f"mode {about.get('mode')}, owner {about.get('uid')}:{about.get('gid')}\n"
        after = certs_d.view_of(saved.path, saved.content) + f"mode {saved.mode}, owner {saved.uid}:{saved.gid}\n"
        why = f"the archive of {one_line(self.archive.host)} holds it"
        return FileChange(
            saved.path, saved.content, why, before, after, mode=saved.mode, uid=saved.uid, gid=saved.gid,
            label=saved.label, keep=not stores.is_anchor(saved.path),
        )  # fmt: skip

    def _checks(self, files: list[Saved]) -> list[Check]:
        if self.said.verify == "none":
            return []
        checks = []
        anchors = {saved.path: each for saved in files for each in self._anchors(saved)}
        if self.store and anchors:
            checks.append(proof.store_check(self.store.bundle, anchors))
        probes = self._probes(files) if self.said.verify == "full" else []
        return checks + ([proof.registries_check(probes)] if probes else [])

    def _anchors(self, saved: Saved) -> tuple[Certificate, ...]:
        """Return the authority in an anchor's file; of a file with several, the first."""
        if not self.store or not saved.path.startswith(self.store.anchors + "/"):
            return ()
        return tuple(each for each in certificates_in(saved.content) if each.is_ca is not False)[:1]

    def _probes(self, files: list[Saved]) -> list[proof.Probe]:
        """Return every registry that gets its authority back, as each engine that reads that directory sees it."""
        bundle = self.store.bundle if self.store else stores.bundle_of(self.start)
        directories = {saved.path.rpartition("/")[0] for saved in files if saved.path.endswith(".crt")}
        return [
            proof.Probe(name, reader.title, directory, bundle, reader.adds, reader.common_name)
            for directory in sorted(directories)
            for place, _slash, name in [directory.rpartition("/")]
            for reader in self.readers
            if place in reader.places
        ]
