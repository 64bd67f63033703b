# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a host as observed and the word trust to a draft.

A bare name is found through the system's trust. A name with a port, an address, and every name on docker before 1.13
(which forgets the system's trust as soon as certs.d gives any authority) get a directory in certs.d. A client
certificate can only stand there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..host.observed import HostProblem, Observed
from ..plan import records
from ..plan.draft import AGAIN, Check, Draft, Due, FileChange, Step
from ..plan.proposal import Drafter
from ..policy.certificates import Certificate, bundle, certificates_in, certificates_loaded
from ..policy.trust import Trust, TrustedRegistry
from ..resolution import certificate_directories
from ..resolution.names import has_port, is_address
from ..shapes import Each
from . import certs_d, proof, readers, stores
from .readers import Reader
from .stores import Store

WATCH = stores.WATCH + certs_d.WATCH + readers.WATCH

PART = ("registry_trust",)
#: the shape of what is remembered on a host, see shapes.py
RECORD = {
    "files?": Each({"sha256": str, "registries": [str]}), "directories?": [str], "relying?": [str], "since?": int,
    "masters?": int,
}  # fmt: skip
_KEY_MODE, _MODE = "0600", "0644"
ONLY_A_REAL_RUN = ("whether the system's trust takes the certificates, and the registries are believed then",)

#: A start is told in ticks since boot, and the second of the boot moves when the clock is set right.
_CLOCK_MOVES = 2


@dataclass(frozen=True)
class Said:
    """What a task was asked for; the words are those of its documentation."""

    trust: Trust
    scope: str = "auto"
    verify: str = "full"
    purge: bool = True
    activation: str = "if_idle"


def drafts(said: Said) -> list[Drafter]:
    """Return one draft, none where the word was not said, which leaves everything alone."""
    return [] if said.trust.registries is None else [partial(draft, said)]


def draft(said: Said, host: Observed) -> Draft:
    """Decide what has to change on the host. Raises HostProblem, with one sentence, for what must not be tried."""
    return _Drafting(host, said).draft()


def slug(certificate: Certificate, prefix: str = "dockyard") -> str:
    """Return a name for a file: readable, without anything a file's name cannot have, and never the same for two."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", certificate.common_name or certificate.subject).strip("-").lower()[:40]
    return f"{prefix}-{words or 'ca'}-{certificate.fingerprint[:12]}.crt"


def needs_directory(name: str, scope: str, registry: TrustedRegistry, reader: Reader) -> bool:
    """Return whether an engine gets a directory in certs.d for this name."""
    if registry.client or registry.needs_certs_d or scope in ("engine", "both"):
        return True
    return scope == "auto" and (has_port(name) or is_address(name) or not reader.adds)


def target(host: Observed, name: str, reader: Reader, everyone: Iterable[Reader]) -> str:
    """Return the place where this engine finds a directory for the name: the one it reads now, else its usual."""
    existing = certificate_directories.of_registry(reader.places, name, partial(certs_d.is_there, host))
    if existing:
        return existing[0].rpartition("/")[0]
    # docker reads one place only; a directory there serves podman too, until another hides it
    shared = [place for other in everyone for place in other.places if len(other.places) == 1]
    return next((place for place in shared if place in reader.places), certificate_directories.CONTAINERS)


def update(store: Store, comes: bool, goes: bool) -> Step:
    """Return the command that makes the system's trust of its anchors. comes, goes: whether some do."""
    why = "the system's trust is made of its anchors by this command"
    argv, back = ((*store.update, *(store.forgets if some else ())) for some in (goes, comes))
    return Step(f"run {' '.join(argv)}", argv, why, undo=AGAIN if back == argv else back, timeout=120.0)


def due(reader: Reader, why: str = "it reads the system's trust only when it starts") -> tuple[Due, ...]:
    """Return what the daemon of a reader must do to see today's trust of the system."""
    until, instead = "it sees the system's trust", "scope to engine, which needs no restart"
    if reader.daemon and not reader.places:
        return (Due(reader.daemon, why, until, whose="the master", checks=reader.checks),)
    return (Due(reader.daemon, why, until, instead=instead),) if reader.daemon else ()


def unseen_since(host: Observed, everyone: Iterable[Reader]) -> int:
    """Return the second, by the host's clock, since which a daemon must have started to know today's trust.

    0 when no start is known. It is the same in every plan until a daemon is restarted, so that the plan's id is.
    """
    begun = max((reader.daemon.started(host) for reader in everyone if reader.daemon), default=0)
    return begun and begun + _CLOCK_MOVES


class _Drafting:
    """Works out one host, one step a method."""

    def __init__(self, host: Observed, said: Said) -> None:
        self.start, self.said, self.trust = host, said, said.trust
        self.record: dict[str, Any] = records.record_of(records.state_of(host), PART, RECORD)
        self.readers = readers.readers(self.start)
        self.engines = tuple(reader for reader in self.readers if reader.places)
        self.store: Store | None = None
        self.wanted: dict[str, FileChange] = {}
        self.anchors: dict[str, Certificate] = {}
        self.owners: dict[str, list[str]] = {}
        self.notes: list[str] = []
        self.warnings: list[str] = list(said.trust.warnings)
        self.relying: dict[str, set[str]] = {}
        self._others: dict[str, list[str]] | None = None

    def draft(self) -> Draft:
        readers.sick(self.start)
        self._find_store()
        for registry in self.trust.present:
            self._place(registry)
        removed = self._removals()
        written = [wanted for wanted in self.wanted.values() if self._differs(wanted)]
        steps = self._update(written, removed)
        dues, since, masters = self._restarts(removed, bool(steps))
        return Draft(
            PART,
            files=(*map(self._writing, written), *map(self._removing, removed)),
            steps=tuple(steps),
            due=dues,
            current=tuple(reader.daemon for reader in self.readers if reader.daemon and not dues),
            checks=tuple(self._checks()),
            remove_empty=tuple(self._emptied(removed)),
            notes=tuple(self.notes),
            warnings=tuple(self.warnings),
            only_a_real_run_shows=ONLY_A_REAL_RUN if self.said.verify != "none" else (),
            record=self._new_record(written, since, masters),
            remembers=True,
            differs=tuple(self._differences(written, removed)),
        )

    def _differences(self, written: Iterable[FileChange], removed: Iterable[str]) -> Iterator[str]:
        for change in written:
            gone = "is gone" if change.path in self._recorded() else "is missing"
            state = "is not as it was asked for" if self.start.exists(change.path) else gone
            yield f"certificates: {_of(change.path, self.owners.get(change.path, ()))} {state}"
        for path in removed:
            yield f"certificates: {_of(path, self._recorded()[path]['registries'])} is not asked for"

    # where what goes

    def _find_store(self) -> None:
        """Find the system's trust, where something has to be added to it or removed from it."""
        scope = self.said.scope
        ours = any(map(stores.is_anchor, self._recorded()))
        if ours or (scope != "engine" and any(map(_authorities, self.trust.present))):
            self.store = stores.store_of(self.start)
        if scope == "engine" and not self.engines and self.trust.present:
            raise HostProblem("scope is engine, and no container engine was found on this host")

    def _place(self, registry: TrustedRegistry) -> None:
        if self.store and self.said.scope != "engine":
            for ca in registry.cas:
                if ca.is_ca is not False:
                    self._anchor(registry, ca, self.store)
        for name in registry.names:
            for reader in self.readers:
                if reader.places and needs_directory(name, self.said.scope, registry, reader):
                    self._directory(registry, name, target(self.start, name, reader, self.engines))
                elif reader.daemon and reader.places:
                    self.relying.setdefault(reader.daemon.unit, set()).add(registry.name)
                self._warn_of_shadows(name, reader)
        if registry.client and not self.engines:
            self.warnings.append(f"{registry.name}: no engine was found here, so its client certificate has no place")
        if registry.needs_certs_d and not self.engines:
            self.warnings.append(f"{registry.name}: no engine was found here, so its own certificate has no place")

    def _anchor(self, registry: TrustedRegistry, ca: Certificate, store: Store) -> None:
        path = f"{store.anchors}/{slug(ca)}"
        theirs = [other for other in self._held_by_others(store).get(ca.fingerprint, ()) if other != path]
        if theirs and not self._ours(path):
            self.notes.append(f"{registry.name}: {theirs[0]} holds '{ca.subject}' already; it stays somebody else's")
            return
        self.anchors[path] = ca
        self._want(registry, path, ca.pem, ca.line() + "\n", f"trust of {registry.name}")

    def _directory(self, registry: TrustedRegistry, name: str, place: str) -> None:
        directory, why = f"{place}/{name}", f"trust of {registry.name} as {name}"
        if registry.cas and not self._theirs_suffice(registry, directory):
            shown = "".join(ca.line() + "\n" for ca in registry.cas)
            self._want(registry, f"{directory}/{certs_d.CA}", bundle(registry.cas), shown, why)
        if registry.client:
            shown = "".join(each.line() + "\n" for each in registry.client_certificates)
            client = registry.client
            self._want(registry, f"{directory}/{certs_d.CERT}", client.certificate, shown, why)
            shown = f"private key of {registry.client_certificates[0].subject}\n"
            self._want(registry, f"{directory}/{certs_d.KEY}", client.key, shown, why, mode=_KEY_MODE)

    def _theirs_suffice(self, registry: TrustedRegistry, directory: str) -> bool:
        path = f"{directory}/{certs_d.CA}"
        if self._ours(path) or self.start.exists(path):
            return False
        theirs = [other for other in certs_d.files_in(self.start, directory) if other.endswith(".crt")]
        held = {fingerprint for other in theirs for fingerprint in self._fingerprints(other, certificates_loaded)}
        if not {ca.fingerprint for ca in registry.cas} <= held:
            return False
        self.notes.append(f"{directory}: the CA of {registry.name} is there already; it stays somebody else's")
        return True

    def _want(self, registry: TrustedRegistry, path: str, text: str, shown: str, why: str, mode: str = _MODE) -> None:
        """Plan a file. shown: its description for a person."""
        keep = not stores.is_anchor(path)
        self.wanted[path] = FileChange(path, text.encode(), why, after=shown, mode=mode, keep=keep)
        owners = self.owners.setdefault(path, [])
        if registry.name not in owners:
            owners.append(registry.name)

    def _warn_of_shadows(self, name: str, reader: Reader) -> None:
        looked = certs_d.look(self.start, reader.places, name)
        if looked.shadowed:
            hidden = ", ".join(looked.shadowed)
            self.warnings.append(f"{name}: {reader.title} reads only {looked.directory}, which hides {hidden}")
        self.warnings += [f"{name}: {problem}" for problem in looked.problems]
        if not reader.adds and looked.authorities and not needs_directory(name, self.said.scope, _NOBODY, reader):
            self.warnings.append(
                f"{name}: {reader.title} looks past the system's trust, because {looked.directory} has an authority"
            )

    # what is ours

    def _recorded(self) -> dict[str, dict[str, Any]]:
        """Return our files: path → {sha256, registries}."""
        files: dict[str, dict[str, Any]] = self.record.get("files", {})
        return files

    def _ours(self, path: str) -> bool:
        return path in self._recorded()

    def _fingerprints(self, path: str, found_in: Callable[[bytes], tuple[Certificate, ...]]) -> frozenset[str]:
        """Return the fingerprints in somebody's file, as its reader finds them; an unreadable one counts as none."""
        try:
            data = self.start.content(path)
        except HostProblem:
            return frozenset()
        return frozenset(certificate.fingerprint for certificate in found_in(data or b""))

    def _held_by_others(self, store: Store) -> dict[str, list[str]]:
        """Return fingerprint → the anchors of others that hold such a certificate."""
        if self._others is None:
            self._others = {}
            for path in stores.anchor_files(self.start, store):
                for fingerprint in () if self._ours(path) else self._fingerprints(path, certificates_in):
                    self._others.setdefault(fingerprint, []).append(path)
        return self._others

    def _filled(self) -> set[str]:
        """Return the directories that get a file, and those above them."""
        directories = {path.rpartition("/")[0] for path in self.wanted}
        return directories | {path.rpartition("/")[0] for path in directories}

    def _differs(self, wanted: FileChange) -> bool:
        about = self.start.about(wanted.path)
        if about["state"] == "failed":
            raise HostProblem(f"{wanted.path}: {about['reason']}")
        if about.get("link"):
            raise HostProblem(
                f"{wanted.path} is a symbolic link to {about['link']}, which is somebody else's; remove it"
            )
        return self.start.checksum(wanted.path) != _sha256(wanted) or about.get("mode") != wanted.mode

    def _removals(self) -> list[str]:
        """List our files that are no longer needed and still as we left them."""
        said = {registry.name for registry in self.trust.present}
        found = []
        for path, about in self._recorded().items():
            if path in self.wanted:
                continue
            kept = [name for name in about["registries"] if not self._given_up(name, said)]
            if kept:
                self.owners[path] = kept
            elif not self.start.exists(path):
                continue
            elif self.start.checksum(path) != about["sha256"] or self.start.about(path).get("link"):
                self.warnings.append(f"{path} was changed by somebody else since we put it there; it stays, as theirs")
            else:
                found.append(path)
        return found

    def _given_up(self, name: str, said: set[str]) -> bool:
        """Return whether a registry is given up: a listed one is planned anew, an unlisted one goes only with purge."""
        return name in said or name in self.trust.absent or self.said.purge

    # what has to happen

    def _update(self, written: list[FileChange], removed: list[str]) -> list[Step]:
        """Return no step, or the command that makes the store of its anchors."""
        if not self.store:
            return []
        place = self.store.anchors + "/"
        goes = any(path.startswith(place) for path in removed)
        anchors = [change.path for change in written if change.path.startswith(place)]
        comes = not all(map(self.start.exists, anchors))
        return [update(self.store, comes, goes)] if goes or anchors or self._ineffective() else []

    def _ineffective(self) -> set[str]:
        """Authorities that are to be in the system's trust and are not, or not for everybody."""
        if not self.store or self.said.scope == "engine":
            return set()
        asked = {
            ca.fingerprint
            for registry in self.trust.present
            for ca in _authorities(registry)
            if ca.fingerprint not in registry.invalid
        }
        return stores.missing(self.start, self.store, asked)

    def _restarts(self, removed: list[str], updated: bool) -> tuple[tuple[Due, ...], int, int]:
        """Return the services due, and the seconds since which engines and masters must have started; 0: nothing left.

        A daemon reads the system's trust once, when it starts; certs.d, which masters do not know, it reads at every
        pull.
        """
        since, masters = int(self.record.get("since", 0)), int(self.record.get("masters", 0))
        gone, new = self._changing(removed) if updated else (set(), set())
        changing = (gone & set(self.record.get("relying", []))) | (new & self._reliers())
        parts = [reader for reader in self.readers if not reader.places]
        if changing:
            since = unseen_since(self.start, self.engines)
        if gone | new:
            masters = unseen_since(self.start, parts)
        old = [one for one in self.engines if changing or self._is_old(one, since)]
        late = [one for one in parts if gone | new or self._is_old(one, masters)]
        dues = tuple(one for reader in (*old, *late) for one in due(reader))
        deferred = self.said.activation == "defer"
        return dues, since if old and deferred else 0, masters if late and deferred else 0

    def _changing(self, removed: list[str]) -> tuple[set[str], set[str]]:
        """Return the registries whose authorities leave the system's trust, and those whose authorities come."""
        news = self._ineffective()
        gone = {name for path in removed for name in self._recorded()[path]["registries"]}
        return gone, {r.name for r in self.trust.present if news & {ca.fingerprint for ca in r.cas}}

    def _is_old(self, reader: Reader, since: int) -> bool:
        """Return whether a daemon has the system's trust of before; one whose start nobody knows is not asked twice."""
        return reader.daemon is not None and 0 < reader.daemon.started(self.start) < since

    def _reliers(self) -> set[str]:
        """Registries with a name that some daemon finds through the system's trust alone."""
        return set().union(*self.relying.values()) if self.relying else set()

    def _new_record(self, written: list[FileChange], since: int, masters: int) -> dict[str, Any]:
        recorded = self._recorded()
        files = {}
        for path, owners in sorted(self.owners.items()):
            if path in self.wanted:
                files[path] = {"sha256": _sha256(self.wanted[path]), "registries": sorted(owners)}
            else:
                files[path] = {**recorded[path], "registries": sorted(owners)}
        directories = set(self.record.get("directories", [])) | set(self._new_directories(written))
        kept = sorted(path for path in directories if any(file.startswith(path + "/") for file in files))
        relying = sorted(self._reliers() | (set(self.record.get("relying", [])) & self._still(files)))
        record = {"files": files, "directories": kept, "relying": relying, "since": since}
        record["masters"] = masters
        return {key: value for key, value in record.items() if value}

    def _still(self, files: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Registries whose files stay without being asked for in this run."""
        said = {registry.name for registry in self.trust.present}
        return {name for about in files.values() for name in about["registries"]} - said

    def _new_directories(self, written: list[FileChange]) -> list[str]:
        """Directories of certs.d that this plan makes, places of all of certs.d included."""
        made = []
        for place in certificate_directories.PLACES:
            for path in (wanted.path for wanted in written if wanted.path.startswith(place + "/")):
                listing = self.start.listing(place)
                directory = path.rpartition("/")[0]
                made += [] if listing.holds(directory.rpartition("/")[2]) else [directory]
                made += [] if listing.there else [place]
        return made

    def _emptied(self, removed: list[str]) -> list[str]:
        """Directories that we made and leave empty: one in certs.d hides others even when it is empty."""
        gone, filled, found = set(removed), self._filled(), []
        for directory in sorted(self.record.get("directories", []), key=len, reverse=True):
            place = next((place for place in certificate_directories.PLACES if directory.startswith(place)), directory)
            listing = self.start.listing(place)
            inside = listing.files if directory == place else listing.inside(directory)
            if gone.issuperset(inside) and directory not in filled:
                found.append(directory)
        return found

    # the whole

    def _writing(self, wanted: FileChange) -> FileChange:
        before, after = self._shown_now(wanted), wanted.after
        if before == after:  # the same certificates: only its mode, or how they are written
            after += f"mode {wanted.mode}, as this collection writes it\n"
        return replace(wanted, before=before, after=after)

    def _shown_now(self, wanted: FileChange) -> str:
        if wanted.mode == _KEY_MODE and self.start.exists(wanted.path):
            return "another private key\n" if self.start.checksum(wanted.path) != _sha256(wanted) else wanted.after
        return certs_d.view_on(self.start, wanted.path)

    def _removing(self, path: str) -> FileChange:
        why = f"{', '.join(self._recorded()[path]['registries'])} is not to be trusted any more by us"
        before = certs_d.view_on(self.start, path)
        return FileChange(path, None, why, before, keep=not stores.is_anchor(path))

    def _checks(self) -> list[Check]:
        checks: list[Check] = []
        if self.said.verify == "none":
            return checks
        invalid = frozenset().union(*(registry.invalid for registry in self.trust.present))
        anchors = {path: ca for path, ca in self.anchors.items() if ca.fingerprint not in invalid}
        if self.store and anchors:
            checks.append(proof.store_check(self.store.bundle, anchors))
        probes = self._probes() if self.said.verify == "full" else []
        return checks + ([proof.registries_check(probes)] if probes else [])

    def _probes(self) -> list[proof.Probe]:
        """Return every name of every registry, as each engine will see it once the files are there."""
        bundle = self.store.bundle if self.store else stores.bundle_of(self.start)
        filled = self._filled()
        return [
            proof.Probe(
                name, reader.title, self._will_read(name, reader, filled), bundle, reader.adds, reader.common_name
            )
            for registry in self.trust.present
            if registry.cas
            for name in registry.names
            for reader in self.engines or (_SYSTEM,)
            if not certs_d.look(self.start, reader.places, name).refused
        ]

    def _will_read(self, name: str, reader: Reader, filled: Container[str]) -> str:
        """Return the directory for a name. filled: the directories that get a file."""
        found = certificate_directories.of_registry(
            reader.places, name, lambda directory: directory in filled or certs_d.is_there(self.start, directory)
        )
        return found[0] if found else ""


def _authorities(registry: TrustedRegistry) -> tuple[Certificate, ...]:
    """Return its certificates that may go into the system's trust."""
    return tuple(ca for ca in registry.cas if ca.is_ca is not False)


#: Stands for a registry without a client certificate, and for the programs of a host without container engine.
_NOBODY = TrustedRegistry(("nobody",))
_SYSTEM = Reader("system", ())


def _of(path: str, registries: Iterable[str]) -> str:
    """Name a file of certificates, and the registries that it is for."""
    names = ", ".join(sorted(registries))
    return f"{path} for {names}" if names else path


def _sha256(wanted: FileChange) -> str:
    return hashlib.sha256(wanted.content or b"").hexdigest()
