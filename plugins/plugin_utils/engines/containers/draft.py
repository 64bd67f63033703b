# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of podman, skopeo, buildah and CRI-O as a policy wants them on one host.

A new-style registries.conf is left alone; ours is a drop-in beside it. Sources: containers/image
docs/containers-registries.conf.d.5.md; see resolution/registries_conf.py.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial
from typing import Any

from ...formats import toml_text
from ...host import services
from ...host.observed import STATE_PATH, HostProblem, Observed, in_file
from ...plan.draft import FileChange
from ...policy import ALL, MirrorSet, Policy, PolicyError
from ...policy.lists import REGISTRIES_CONF, REGISTRIES_CONF_V1, Takes, fit
from ...policy.word import unique
from ...resolution import registries_conf
from ...resolution.names import Scopes, hub_name, is_range
from ...resolution.registries_conf import DROP_IN_DIRECTORY, MAIN, RegistriesConf, RegistryTable, key_of
from .. import Desired, Request, Unmet, added, effects, joint_list
from . import crio_drop_in, files, info
from .files import ROOTS_OWN, conf_of
from .findings import Findings
from .policy_json import PolicyFiles
from .views import drop_in_view, v1_view

DROP_IN = f"{DROP_IN_DIRECTORY}/90-dockyard.conf"
#: Where drop-ins that packages bring are read after the usual one, and in the way: letters come after digits.
LATE_DROP_IN = f"{DROP_IN_DIRECTORY}/zz-dockyard.conf"
OURS = (DROP_IN, LATE_DROP_IN)
#: cri-o/packaging; containers-common of Debian, Ubuntu and Kubic; podman machine. They come back when they are removed.
_OF_PACKAGES = ("crio.conf", "shortnames.conf", "999-podman-machine.conf")

_PULL_SPELLING = {"digest": "digest-only", "tag": "tag-only"}
_PULLS = {spelling: pull for pull, spelling in _PULL_SPELLING.items()}

_V1 = {"search": "search", "blocked": "block", "insecure": "insecure"}


class Draft:
    """Works out the files for one host and policy, one method a file."""

    def __init__(self, host: Observed, policy: Policy, request: Request, mode: str, drop_in: str) -> None:
        self.host, self.mode, self.request, self.drop_in = host, mode, request, drop_in
        self.earlier = next((path for path in OURS if host.exists(path)), drop_in)
        self.record = copy.deepcopy(dict(request.record))
        self.policy = self._over_earlier(policy)
        self.why = f"the policy says {', '.join(policy.words()) or 'nothing'}"
        self.findings = Findings(warnings=[text for text in self.policy.warnings if text not in policy.warnings])
        self.unmet: list[Unmet] = []

    def desired(self) -> Desired:
        before = conf_of(self.host, roots_own=False)
        self.old_style = self._is_old_style(before)
        self.policies = PolicyFiles(
            self.host, self.policy, self.request, self.record, self.findings, exact=self.mode == "exact"
        )
        edits = [*([self._old_file()] if self.old_style else self._drop_ins()), *self.policies.changes()]
        edits.append(crio_drop_in.change(self.host, self.policy, self.why, exact=self.mode == "exact"))
        after = self.host.with_texts({edit.path: edit.text for edit in edits if edit})
        conf = conf_of(after)
        if places := self.policies.places(conf):
            edits.append(places)
        self._check_effects(after, conf)
        self._check_crio(after)
        self._warn_of_shadows(before)
        self.record["words"] = self.policy.words()
        return Desired(
            edits=tuple(edit for edit in edits if edit),
            expected=info.lists_of(conf),
            unenforceable=tuple(self.findings.unenforceable),
            refusals=tuple(dict.fromkeys(self.findings.refusals)),
            notes=tuple(self.findings.notes),
            warnings=tuple(self.findings.warnings),
            record=self.record if self.record["words"] else {},
        )

    def in_the_way_of_packages(self) -> bool:
        """Return whether a drop-in that a package brings keeps a word from its effect."""
        return any(
            each.file.startswith("/usr/share/") or each.file.rpartition("/")[2] in _OF_PACKAGES for each in self.unmet
        )

    def _is_old_style(self, before: RegistriesConf) -> bool:
        """Return whether registries.conf itself changes, list by list: it has the old form, or nothing else is read."""
        if any(map(self.host.exists, OURS)):
            return False
        only_old = self._old_crio()
        text = self.host.text(MAIN)
        says_nothing = text is None or registries_conf.version_of(registries_conf.document(text, MAIN)) is None
        return before.version == 1 or (only_old and says_nothing)

    def _old_crio(self) -> bool:
        """Return whether there is a CRI-O that reads the old form only, in whose insecure list it takes ranges."""
        return files.has_crio(self.host) and (0, 0) < services.crio_version(self.host) < (1, 15)

    def _over_earlier(self, policy: Policy) -> Policy:
        """Return the policy with what our drop-in says for words that are not said now. Raises HostProblem."""
        recorded = "words" in self.record or not self.host.exists(self.earlier)
        earlier = self.record.get("words", {}) if recorded else self._words_of_drop_in()
        try:
            return policy.over(earlier)
        except PolicyError as problem:
            place = f"{STATE_PATH}: this record of what belongs to us"
            place = place if recorded else f"{self.earlier}: this file of ours"
            raise HostProblem(f"{place} is damaged ({problem}); restore or remove it") from None

    def _words_of_drop_in(self) -> dict[str, Any]:
        """Read the words of our drop-in; a word that is absent was not asked for."""
        ours = registries_conf.read(self.host.text(self.earlier) or "", self.earlier, drop_in=True)
        mirrors = [
            {"source": prefix, "mirrors": [mirror.location], "pull": _PULLS.get(mirror.pull_from_mirror, "all")}
            for prefix, registry in ours.registries.items()
            for mirror in registry.mirrors
        ]
        more = {"mirrors": mirrors, "aliases": dict(ours.aliases), "short_name_mode": ours.short_name_mode}
        words = {**info.lists_of(ours).plain(), **more}
        return {word: value for word, value in words.items() if value or (word == "search" and ours.search is not None)}

    # -- registries.conf ------------------------------------------------------------------------------------------

    def _wanted(self) -> dict[str, tuple[str, ...]]:
        """Return the scopes to block and the scopes to reach insecurely, as registries.conf can say them."""
        blocked = tuple(scope for scope in self.policy.blocked or () if scope != ALL)
        insecure = fit(self.policy.insecure or (), REGISTRIES_CONF, self.policy.service_network)
        crio = self._crio_takes_ranges()
        if crio and not self._others():
            return _with_inner(blocked, insecure.held)
        left_out = "the service network, is left out" + (f" for {self._others()}" if crio else "")
        beyond = f" in {self._others()}" if crio else ""
        self.findings.notes += [
            f"insecure '{scope}', {left_out}: registries.conf knows no address ranges" for scope in insecure.left_out
        ]
        self.findings.unenforceable += [
            f"insecure '{scope}'{beyond}: registries.conf knows no address ranges; name the registries"
            for scope in insecure.beyond
        ]
        return _with_inner(blocked, insecure.held)

    def _others(self) -> str:
        """Name the programs beside CRI-O that read these files."""
        return ", ".join(files.programs_of(self.host))

    def _crio_takes_ranges(self) -> bool:
        """Return whether address ranges reach CRI-O: in crio.conf, or in the old form of registries.conf."""
        old = self._old_crio() and self.old_style
        return files.has_crio(self.host) and (old or files.reads_crio_drop_ins(self.host))

    def _drop_ins(self) -> list[FileChange | None]:
        """Return our drop-in, and the one under the other name taken away."""
        gone = [
            FileChange(path, None, self.why, drop_in_view(registries_conf.document(self.host.text(path) or "", path)))
            for path in OURS
            if path != self.drop_in and self.host.exists(path)
        ]
        return [self._drop_in(), *gone]

    def _drop_in(self) -> FileChange | None:
        theirs = conf_of(self.host.with_texts(dict.fromkeys(OURS)), roots_own=False)
        wanted = self._wanted()
        tables = self._tables(theirs, wanted)
        self._add_mirrors(theirs, tables, wanted)
        document: dict[str, Any] = {}
        # Beside the entries of others, an empty list adds nothing: a copy of theirs would hide what they change later.
        if self.policy.search or (self.policy.search is not None and self.mode == "exact"):
            document["unqualified-search-registries"] = list(self._search(theirs))
        if self.policy.short_name_mode is not None:
            document["short-name-mode"] = self.policy.short_name_mode
        if self.policy.aliases:
            document["aliases"] = dict(self.policy.aliases)
        if tables:
            document["registry"] = [tables[prefix] for prefix in sorted(tables, key=str.encode)]
        old_text = self.host.text(self.drop_in)
        old = registries_conf.document(old_text, self.drop_in) if old_text is not None else {}
        if document == old:
            return None
        with in_file(self.drop_in):
            text = toml_text.edit(files.HEADER, document) if document else None
        content = None if text is None else text.encode()
        return FileChange(self.drop_in, content, self.why, drop_in_view(old), drop_in_view(document))

    def _search(self, theirs: RegistriesConf) -> tuple[str, ...]:
        given = self.policy.search or ()
        if self.mode == "exact":
            return given
        found = joint_list(given, theirs.search or (), (), partial(hub_name, to="images"))
        if not files.places_of(self.host).by_name:
            return found
        empty = self.host.with_texts({self.drop_in: "unqualified-search-registries = []\n"})
        appended = conf_of(empty, roots_own=False).search or ()  # by files after ours
        return tuple(item for item in found if item in given or item not in appended)

    def _tables(self, theirs: RegistriesConf, wanted: dict[str, tuple[str, ...]]) -> dict[str, dict[str, Any]]:
        """Return our [[registry]] tables. One for a prefix of theirs replaces it whole, so what they said is kept.

        Their tables inside a scope are replaced too: the longest prefix wins, so they would escape it.
        """
        tables: dict[str, dict[str, Any]] = {}
        for word, flag in (("blocked", "blocked"), ("insecure", "insecure")):
            scopes = Scopes(wanted[word])
            inside = [each.prefix for each in self._earlier(theirs) if scopes.covering(each.prefix) is not None]
            for prefix in dict.fromkeys((*wanted[word], *inside)):
                table = self._table(theirs, tables, prefix)
                table[flag] = True
                if word == "blocked":
                    _at_its_own_name(table)
            if self.mode == "exact" and getattr(self.policy, word) is not None:
                for registry in self._earlier(theirs):
                    if getattr(registry, flag) and scopes.covering(registry.prefix) is None:
                        self._table(theirs, tables, registry.prefix)[flag] = False
        return tables

    def _add_mirrors(
        self, theirs: RegistriesConf, tables: dict[str, dict[str, Any]], wanted: dict[str, tuple[str, ...]]
    ) -> None:
        """Add our mirrors before those of others for the same source; the latter go when the list is ours.

        A source inside a blocked or insecure scope has a table of its own then, which has to say so too.
        """
        added: dict[str, list[dict[str, Any]]] = {}
        blocked, reached = Scopes(wanted["blocked"]), Scopes(wanted["insecure"])
        for mirrored in self.policy.mirrors or ():
            table = self._table(theirs, tables, mirrored.source)
            if not mirrored.contact_source or blocked.covering(mirrored.source) is not None:
                table["blocked"] = True  # a blocked source with mirrors is pulled from its mirrors only
                _at_its_own_name(table)
            if reached.covering(mirrored.source) is not None:
                table["insecure"] = True
            added.setdefault(mirrored.source, []).extend(_mirror_tables(mirrored, reached))
        for source, ours in added.items():
            table = tables[source]
            known = {_trimmed(mirror["location"]): mirror for mirror in table.get("mirror", [])}
            places = {mirror["location"] for mirror in ours}
            others = [mirror for place, mirror in known.items() if self.mode != "exact" and place not in places]
            if self.policy.insecure is None:  # a word that is not given is left alone
                for mirror in ours:
                    mirror |= {"insecure": True} if known.get(mirror["location"], {}).get("insecure") else {}
            self._set_mirrors(source, table, ours, others)
        if self.mode == "exact" and self.policy.mirrors is not None:
            for registry in self._earlier(theirs):
                if registry.mirrors and registry.prefix not in added:
                    self._table(theirs, tables, registry.prefix).pop("mirror")

    def _set_mirrors(
        self, source: str, table: dict[str, Any], ours: list[dict[str, Any]], others: list[dict[str, Any]]
    ) -> None:
        """Write which pulls a mirror serves: at each mirror if the engines know the key, else at the table."""
        if table.pop("mirror-by-digest-only", False):
            others = [{**mirror, "pull-from-mirror": "digest-only"} for mirror in others]
        pulls = {mirror.get("pull-from-mirror", "all") for mirror in (*ours, *others)}
        table["mirror"] = [*ours, *others]
        if pulls == {"all"} or self._all_know_pull_from_mirror():
            return
        for mirror in table["mirror"]:
            mirror.pop("pull-from-mirror", None)
        if pulls == {"digest-only"}:
            table["mirror-by-digest-only"] = True
        else:
            old = ", ".join(f"{name} {'.'.join(map(str, version))}" for name, version in self._too_old())
            self.findings.unenforceable.append(
                f"mirrors of '{source}' for some pulls only: {old} knows that for digests and all mirrors alike only"
            )

    def _all_know_pull_from_mirror(self) -> bool:
        return not self._too_old()

    def _too_old(self) -> list[tuple[str, tuple[int, ...]]]:
        versions = info.versions_of(self.host)
        return [(name, found) for name, found in versions.items() if found < info.PULL_FROM_MIRROR_SINCE[name]]

    def _table(self, theirs: RegistriesConf, tables: dict[str, dict[str, Any]], prefix: str) -> dict[str, Any]:
        if prefix not in tables:
            base = theirs.registries.get(prefix)
            tables[prefix] = {"prefix": prefix} if prefix.startswith("*.") else {"prefix": prefix, "location": prefix}
            if base and base.table:
                theirs_of_it = registries_conf.in_usual_case(base.table)
                tables[prefix] |= {key: copy.deepcopy(value) for key, value in theirs_of_it.items() if key != "prefix"}
                if not self._is_later(base.file):
                    self.findings.notes.append(
                        f"{self.drop_in} takes over what {base.file} says of '{prefix}': a drop-in replaces the whole "
                        "table"
                    )
            elif base:
                tables[prefix] |= {flag: True for flag in ("blocked", "insecure") if getattr(base, flag)}
        return tables[prefix]

    def _old_file(self) -> FileChange | None:
        """Edit a registries.conf of the old form where it is, list by list."""
        text = self.host.text(MAIN) or ""
        document = toml_text.parse(text)
        before = _v1_lists(document)
        wanted = {word: items for word, items in self._wanted().items() if getattr(self.policy, word) is not None}
        if self.policy.search is not None:
            wanted["search"] = self.policy.search
        self.findings.unenforceable += [
            f"{word}: an old-style {MAIN} knows no such thing" for word in self._new_words()
        ]
        ours = self.record.setdefault("added", {})
        for word, given in wanted.items():
            self.findings.unenforceable += [
                f"{word} '{item}': an old-style {MAIN} takes no wildcards"
                for item in given
                if not REGISTRIES_CONF_V1.holds(word, item)
            ]
            given = tuple(item for item in given if REGISTRIES_CONF_V1.holds(word, item))
            # what only docker understands of this word in a file that both read ("all", ranges)
            given += tuple(item for item in getattr(self.policy, word) if item in before[word] and item not in given)
            if word == "insecure" and self._old_crio():
                given += tuple(item for item in self.policy.insecure or () if is_range(item) and item not in given)
            present, mine = tuple(before[word]), tuple(ours.get(word, ()))
            after = given if self.mode == "exact" else joint_list(given, present, mine, _trimmed)
            ours[word] = added(given, present, mine, _trimmed)
            if list(map(_trimmed, after)) != list(map(_trimmed, before[word])):
                _put_v1(document, word, list(after))
        if document == toml_text.parse(text):
            return None
        with in_file(MAIN):
            new = toml_text.edit(text, document)
        return FileChange(MAIN, new.encode(), self.why, v1_view(before), v1_view(_v1_lists(document)))

    def _new_words(self) -> list[str]:
        return [word for word in ("mirrors", "short_name_mode", "aliases") if getattr(self.policy, word)]

    def _check_effects(self, after: Observed, conf: RegistriesConf) -> None:
        """Check the effect of each word, as root's programs will read the files."""
        self.unmet = effects.unmet(self._sayable(), conf, after)
        self.findings.warnings += effects.hindered(self._sayable(), conf, after)
        self.findings.refusals += [self._in_the_way(each, after) for each in self.unmet]
        if self.mode == "exact" and not self.old_style:
            beyond = [each for each in effects.left_over(self._sayable(), conf, after) if each.file != self.drop_in]
            self.unmet += beyond
            self.findings.refusals += [self._last_word(each) for each in beyond]
        self.policies.check(after)

    def _sayable(self) -> Policy:
        """Return the policy without what these files cannot say at all, which is told elsewhere."""
        policy = sayable(self.policy, REGISTRIES_CONF_V1 if self.old_style else REGISTRIES_CONF)
        some_pulls = any(mirrored.pull != "all" for mirrored in self.policy.mirrors or ())
        return replace(policy, mirrors=None) if some_pulls and self._too_old() else policy

    def _in_the_way(self, each: Unmet, after: Observed) -> str:
        """Return the sentence about a word that another file keeps from its effect."""
        ours = MAIN if self.old_style else self.drop_in
        where = _line(each)
        if each.file.startswith(ROOTS_OWN) or files.main_of(after).startswith(ROOTS_OWN):
            file = each.file if each.file.startswith(ROOTS_OWN) else files.main_of(after)
            said = f"{each.what}{where}" if each.file == file and each.what else f"hides {ours}"
            return (
                f"{file} {said}, and root's programs read it instead of {ours}, so that {each.word} '{each.entry}' has "
                "no effect; remove it"
            )
        if not each.file or each.file == ours:
            because = f", because the same file {each.what}" if each.file and each.what else ""
            return f"{each.word} '{each.entry}' would have no effect, though {ours} says it{because}"
        if not (self.old_style or self._is_later(each.file)):
            return (
                f"{each.file} {each.what}{where}, which counts more than what {ours} says of {each.word} '{each.entry}'"
                "; change it there"
            )
        return self._last_word(each)

    def _last_word(self, each: Unmet) -> str:
        """Return the sentence about a file that is read after ours."""
        ours = MAIN if self.old_style else self.drop_in
        remedy = "remove it" if each.file.startswith(ROOTS_OWN) else "rename or remove it"
        remedy = "remove them" if each.word == "mirrors" else remedy
        return f"{each.file} is read after {ours} and {each.what}{_line(each)}; {remedy}"

    def _is_later(self, file: str) -> bool:
        """Return whether a file is read after our drop-in, so that it has the last word."""
        if file == files.CHOSEN_ALIASES:
            return True
        order = files.drop_ins_of(self.host.with_texts({self.drop_in: ""}), roots_own=False)
        return file in order and order.index(file) > order.index(self.drop_in)

    def _earlier(self, theirs: RegistriesConf) -> list[RegistryTable]:
        """Return their tables that ours can replace."""
        return [registry for registry in theirs.registries.values() if not self._is_later(registry.file)]

    def _check_crio(self, after: Observed) -> None:
        """Check the effect on a CRI-O beside podman; see files.crio_conf_of."""
        if not files.has_crio(self.host):
            return
        version = services.crio_version(self.host)
        name = f"CRI-O {version[0]}.{version[1]}"
        asked = replace(self._sayable(), aliases=None, short_name_mode=None)
        known = {(each.word, each.entry) for each in self.unmet}
        old = "reads search and insecure of registries.conf in its old form only"
        reads = "reads no drop-ins of registries.conf" if version >= (1, 15) else old
        self.findings.unenforceable += [
            f"{each.word} '{each.entry}' in {name}, which {reads}"
            for each in effects.unmet(asked, files.crio_conf_of(after), after)
            if (0, 0) < version < files.DROP_INS_SINCE["crio"] and (each.word, each.entry) not in known
        ]
        if (0, 0) < version < files.DROP_INS_SINCE["crio"] and not self._others():
            aliases = self.policy.aliases or ()
            self.findings.unenforceable += [f"alias '{alias}' in {name}, which knows none" for alias in aliases]
        settings = files.crio_settings(after)
        own = settings.get("registries")
        searched = tuple(own.value) if own and isinstance(own.value, list) else ()
        if own and searched and version < (1, 34) and self.policy.search not in (None, searched):
            self.findings.refusals.append(
                f"{own.origin} says registries, which CRI-O searches in place of registries.conf's list; take it away"
            )
        self.findings.refusals += crio_drop_in.overruled(after, self.policy)
        self.findings.warnings += crio_drop_in.short_names(after, self.policy)
        what = "allow-list does" if self.policy.allow_list is not None else "demand for signatures does"
        spaces = files.crio_policies_of(self.host) if self.policies.restrict else ()
        if spaces:
            self.findings.warnings.append(
                f"CRI-O reads {', '.join(spaces)} instead of its usual policy.json for pods of these namespaces; the "
                f"{what} not reach them"
            )

    def _warn_of_shadows(self, before: RegistriesConf) -> None:
        if before.version == 1 and self.host.entries(DROP_IN_DIRECTORY):
            self.findings.warnings.append(
                f"{MAIN} is of the old form while drop-ins in {DROP_IN_DIRECTORY} are of the new one; convert it"
            )
        if before.version == 1 and files.places_of(self.host).by_name:
            self.findings.refusals.append(f"{MAIN} is of the old form, which podman 6 does not read; convert it")
        podman = files.podman_version(self.host)
        if (0, 0) < podman < files.DROP_INS_SINCE["podman"] and not self.old_style:
            self.findings.unenforceable.append(f"the policy in podman {podman[0]}.{podman[1]}, which reads no drop-ins")


def _with_inner(blocked: tuple[str, ...], insecure: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the scopes of both words, each with those of the other that lie inside one of its own.

    The longest prefix alone decides about an image, so an inner scope has to say again what the outer one says.
    """
    if not (blocked and insecure):
        return {"blocked": blocked, "insecure": insecure}

    def with_inner(own: tuple[str, ...]) -> tuple[str, ...]:
        outer = Scopes(own)
        return unique((*own, *(scope for scope in (*blocked, *insecure) if outer.covering(scope) is not None)))

    return {"blocked": with_inner(blocked), "insecure": with_inner(insecure)}


def _line(each: Unmet) -> str:
    return f" (line {each.line})" if each.line else ""


def _at_its_own_name(table: dict[str, Any]) -> None:
    """Engines look up the name that they contact: a table that leads elsewhere would block nothing."""
    if table["prefix"].startswith("*."):
        table.pop("location", None)
    else:
        table["location"] = table["prefix"]


def _mirror_tables(mirrored: MirrorSet, insecure: Scopes) -> list[dict[str, Any]]:
    """Make the [[registry.mirror]] tables of a mirror set. Each mirror says itself whether it is insecure."""
    return [
        {"location": location}
        | ({"insecure": True} if insecure.covering(location) is not None else {})
        | ({"pull-from-mirror": _PULL_SPELLING[mirrored.pull]} if mirrored.pull != "all" else {})
        for location in mirrored.mirrors
    ]


def sayable(policy: Policy, takes: Takes) -> Policy:
    """Return the policy without what these files cannot say: entries, and in the old form of registries.conf words."""

    def held(word: str, items: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if items is None else tuple(item for item in items if takes.holds(word, item))

    old = takes == REGISTRIES_CONF_V1
    return replace(
        policy,
        blocked=held("blocked", policy.blocked),
        insecure=held("insecure", policy.insecure),
        mirrors=None if old else policy.mirrors,
        aliases=None if old else policy.aliases,
        short_name_mode=None if old else policy.short_name_mode,
    )


def _trimmed(entry: str) -> str:
    """Return an entry of the old form as containers/image takes it."""
    return entry.rstrip("/")


def _v1_lists(document: dict[str, Any]) -> dict[str, list[str]]:
    tables = document.get(key_of(document, "registries"), {})
    found = {word: tables.get(key_of(tables, kind), {}) for word, kind in _V1.items()}
    return {word: list(table.get(key_of(table, "registries")) or []) for word, table in found.items()}


def _put_v1(document: dict[str, Any], word: str, items: list[str]) -> None:
    tables = document.setdefault(key_of(document, "registries"), {})
    table = tables.setdefault(key_of(tables, _V1[word]), {})
    table[key_of(table, "registries")] = items
