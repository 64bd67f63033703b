# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""podman, skopeo, buildah and CRI-O: everything that reads registries.conf and policy.json through containers/image.

A new-style registries.conf is left alone; ours is a drop-in beside it. Sources: containers/image
docs/containers-registries.conf.d.5.md and docs/containers-policy.json.5.md; see registries_conf.py.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ..formats import json_text, toml_text
from ..host import services
from ..host.observed import STATE_PATH, HostProblem, Observed, in_file
from ..host.watch import NotAsked, Question, Tree, Watch
from ..plan.draft import Check, Due, FileChange, Step, Validation
from ..plan.plan import view
from ..policy import ALL, MirrorSet, Policy, PolicyError, Signed
from ..policy.lists import REGISTRIES_CONF, REGISTRIES_CONF_V1, Takes, fit
from ..problems import Problem
from ..resolution import registries_conf, signature_policy
from ..resolution.names import Scopes, hub_name, is_range
from ..resolution.registries_conf import (
    DROP_IN_DIRECTORY,
    MAIN,
    Mirror,
    RegistriesConf,
    RegistriesConfProblem,
    RegistryTable,
    key_of,
)
from ..shapes import Each, fits
from . import (
    ALL_WORDS,
    Desired,
    Lists,
    Request,
    added,
    containers_files,
    crio_drop_in,
    differing,
    effects,
    joint_list,
    signatures,
    without_ours,
)
from .containers_files import ROOTS_OWN, conf_of
from .effects import Unmet

DROP_IN = f"{DROP_IN_DIRECTORY}/90-dockyard.conf"
#: Where drop-ins that packages bring are read after the usual one, and in the way: letters come after digits.
LATE_DROP_IN = f"{DROP_IN_DIRECTORY}/zz-dockyard.conf"
OURS = (DROP_IN, LATE_DROP_IN)
#: cri-o/packaging; containers-common of Debian, Ubuntu and Kubic; podman machine. They come back when they are removed.
_OF_PACKAGES = ("crio.conf", "shortnames.conf", "999-podman-machine.conf")
_HEADER = "Managed by dockyard.openshift; change the registry policy in the inventory, not this file."
_INFO = ("podman", "info", "--format", "json")

#: From which version on each engine knows the key pull-from-mirror (all have containers/image 5.22 or newer in it).
_PULL_FROM_MIRROR_SINCE = {"podman": (4, 2), "skopeo": (1, 9), "buildah": (1, 27), "crio": (1, 25)}
_PULL_SPELLING = {"digest": "digest-only", "tag": "tag-only"}
_PULLS = {spelling: pull for pull, spelling in _PULL_SPELLING.items()}

#: A reload that fails leaves CRI-O with its old lists, and tells it to nobody but its log; it takes a moment to say so.
_RELOAD_TOLD = r"""
tries=0
while [ $tries -lt 10 ]; do
  said=$(journalctl -u crio.service -o cat --no-pager --since=-3s 2>/dev/null |
    grep -E 'Configuration reload completed|Unable to reload configuration|Starting CRI-O' | tail -n 1)
  case $said in
    *'Unable to reload'*) printf '%s\n' "$said" >&2; exit 1;;
    ?*) exit 0;;
  esac
  tries=$((tries + 1)); sleep 0.5
done
"""
_RELOADED = Check("CRI-O takes in its files", ("sh", "-c", _RELOAD_TOLD), ({"rc": 0},), attempts=1)

_V1 = {"search": "search", "blocked": "block", "insecure": "insecure"}


#: Beside podman they matter only for mirrors of some pulls.
VERSIONS = Watch(
    commands=(
        Question("skopeo.version", ("skopeo", "--version")),
        Question("buildah.version", ("buildah", "--version")),
    )
)


class Containers:
    name = "containers"
    title = "podman, skopeo, buildah, CRI-O"
    default_mode = "merge"
    record: Any = {
        "words?": dict,  # judged as a policy is, see _over_earlier
        "added?": Each([str]),
        "policy.json?": dict,
        "policies?": Each(dict),  # of the other files of that kind, by path
        "places?": bool,  # whether a file in registries.d is ours
    }  # fmt: skip
    watch = containers_files.WATCH + Watch(
        trees=(Tree(containers_files.CRIO_POLICIES, pattern="*.json"),),
        commands=(
            Question("podman.info", _INFO),
            *(question._replace(unless="podman") for question in VERSIONS.commands),
        ),
    )

    def present(self, host: Observed) -> bool:
        return any(
            host.answer(f"{name}").there for name in ("podman.info", "skopeo.version", "buildah.version")
        ) or containers_files.has_crio(host)

    def version(self, host: Observed) -> str:
        version = _info(host).get("version", {}).get("Version")
        return f"podman {version}" if version else host.answer("skopeo.version").stdout.strip()

    def running(self, host: Observed) -> bool:
        """podman and its family read the files at every command; only CRI-O holds them in memory."""
        return services.CRIO.running(host)

    def in_force(self, host: Observed) -> Lists | None:
        """podman's own answer; skopeo, buildah and CRI-O have no question and read the same files."""
        answer = host.answer("podman.info")
        if answer.failure:
            raise HostProblem(f"podman info gave {answer.failure}; nothing was changed")
        if answer.rc:
            said = (answer.stderr.strip() or "it says nothing").splitlines()[-1]
            raise HostProblem(f"podman info ended with {answer.rc} ({said}) before anything was touched")
        registries = _info(host).get("registries")
        return _lists_of_podman(registries) if answer.rc == 0 and isinstance(registries, dict) else None

    def desired(self, host: Observed, policy: Policy, request: Request) -> Desired:
        """Return the files; a later name for ours where what a package brings would undo the words, and that helps."""
        mode = request.mode or self.default_mode
        usual = _Proposal(host, policy, request, mode, LATE_DROP_IN if host.exists(LATE_DROP_IN) else DROP_IN)
        desired = usual.desired()
        if usual.drop_in == DROP_IN and usual.in_the_way_of_packages():
            late = _Proposal(host, policy, request, mode, LATE_DROP_IN).desired()
            return desired if late.refusals else late
        return desired

    def withdrawn(self, host: Observed, record: Mapping[str, Any]) -> Desired:
        """Remove our drop-in as a whole; only a file of the old form has lists that others share."""
        policy, request = without_ours(record)
        request = replace(request, record={**record, "words": {}})
        return self.desired(host, Policy() if any(map(host.exists, OURS)) else policy, request)

    def validations(self, host: Observed, edits: tuple[FileChange, ...]) -> tuple[Validation, ...]:
        """podman reads the file that this variable names in place of registries.conf."""
        if not host.answer("podman.info").there:
            return ()
        return tuple(
            Validation(
                f"podman reads the new {edit.path}",
                ("env", f"CONTAINERS_REGISTRIES_CONF={{staged:{edit.path}}}", *_INFO),
            )
            for edit in edits
            if edit.path in (MAIN, *OURS) and edit.text is not None
        )

    def differs(self, host: Observed, predicted_info: Lists, expected: Lists) -> frozenset[str]:
        """Compare the lists; podman's answer says nothing of what CRI-O holds, so all counts where its files change."""
        told = (MAIN, *OURS, crio_drop_in.PATH)
        if self.running(host) and any(path in host.changed for path in told):
            return ALL_WORDS
        return differing(predicted_info, expected)

    def after_start(self, host: Observed) -> Lists | None:
        return None

    def activation(self, host: Observed, differs: frozenset[str] = ALL_WORDS) -> Due | None:
        """CRI-O reads drop-ins of crio.conf at its start only."""
        restart = crio_drop_in.PATH in host.changed
        return Due(services.CRIO, restart=restart, checks=(_RELOADED,)) if self.running(host) else None

    def refresh(self, host: Observed) -> tuple[Step, ...]:
        return ()

    def checks(self, host: Observed, expected: Lists) -> tuple[Check, ...]:
        if not host.answer("podman.info").there:
            return ()
        wanted: list[dict[str, Any]] = [{"path": ["registries", "search"], "equals": list(expected.search) or None}]
        for word, key in (("blocked", "Blocked"), ("insecure", "Insecure")):
            wanted += [{"path": ["registries", scope, key], "equals": True} for scope in getattr(expected, word)]
        for source, mirrors in _by_source(expected.mirrors).items():
            wanted += [
                {"path": ["registries", source, "Mirrors", number, "Location"], "equals": location}
                for number, location in enumerate((*mirrors, None))
            ]
        return (Check("podman info shows the lists", _INFO, tuple(wanted), attempts=2, shows="podman.info"),)

    def contradicted(self, host: Observed, policy: Policy) -> list[Unmet]:
        """Judge podman's answer, which has neither aliases nor the mode of short names."""
        registries = _info(host).get("registries")
        if host.answer("podman.info").rc != 0 or not isinstance(registries, dict):
            return []
        try:
            version = conf_of(host).version
        except Problem:
            return []  # that is told elsewhere
        asked = sayable(policy, REGISTRIES_CONF_V1 if version == 1 else REGISTRIES_CONF)
        some_pulls = any(mirrored.pull != "all" for mirrored in policy.mirrors or ())
        old = containers_files.podman_version(host) < _PULL_FROM_MIRROR_SINCE["podman"]
        mirrors = None if some_pulls and old else asked.mirrors
        asked = replace(asked, aliases=None, short_name_mode=None, mirrors=mirrors)
        return effects.unmet(asked, _conf_of_info(registries), host)

    def report(self, host: Observed) -> dict[str, Any]:
        policies = dict.fromkeys((containers_files.policy_of(host), *self._policies_of_crio(host)))
        read = (containers_files.main_of(host), *containers_files.drop_ins_of(host), *policies)
        files = [path for path in read if host.exists(path)]
        try:
            lists, problems = _lists(containers_files.conf_of(host)), []
        except RegistriesConfProblem as problem:
            lists, problems = Lists(), [str(problem)]
        allowed = _allow_list(host)
        return {
            **lists.plain(), "blocked": [*lists.blocked, *([ALL] if allowed is not None else [])],
            "allowed": allowed, "files": files, "problems": problems,
        }  # fmt: skip

    def _policies_of_crio(self, host: Observed) -> tuple[str, ...]:
        return (containers_files.crio_policy_of(host, its_text=False),) if containers_files.has_crio(host) else ()


class _Proposal:
    """Works out the files for one host and policy, one method a file."""

    def __init__(self, host: Observed, policy: Policy, request: Request, mode: str, drop_in: str) -> None:
        self.host, self.mode, self.request, self.drop_in = host, mode, request, drop_in
        self.earlier = next((path for path in OURS if host.exists(path)), drop_in)
        self.record = copy.deepcopy(dict(request.record))
        self.policy = self._over_earlier(policy)
        self.why = f"the policy says {', '.join(policy.words()) or 'nothing'}"
        self.notes: list[str] = []
        self.warnings: list[str] = [text for text in self.policy.warnings if text not in policy.warnings]
        self.unenforceable: list[str] = []
        self.refusals: list[str] = []
        self.unmet: list[Unmet] = []

    def desired(self) -> Desired:
        before = conf_of(self.host, roots_own=False)
        self.old_style = self._is_old_style(before)
        self.signed = self._signed()
        edits = [*([self._old_file()] if self.old_style else self._drop_ins()), *self._signature_policies()]
        edits.append(crio_drop_in.change(self.host, self.policy, self.why, exact=self.mode == "exact"))
        after = self.host.with_texts({edit.path: edit.text for edit in edits if edit})
        conf = conf_of(after)
        if places := self._signature_places(conf):
            edits.append(places)
        self._check_effects(after, conf)
        self._check_crio(after)
        self._warn_of_shadows(before)
        self.record["words"] = self.policy.words()
        return Desired(
            edits=tuple(edit for edit in edits if edit),
            expected=_lists(conf),
            unenforceable=tuple(self.unenforceable),
            refusals=tuple(dict.fromkeys(self.refusals)),
            notes=tuple(self.notes),
            warnings=tuple(self.warnings),
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
        return containers_files.has_crio(self.host) and (0, 0) < services.crio_version(self.host) < (1, 15)

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
        words = {**_lists(ours).plain(), **more}
        return {word: value for word, value in words.items() if value or (word == "search" and ours.search is not None)}

    # -- registries.conf ------------------------------------------------------------------------------------------

    def _wanted(self) -> dict[str, tuple[str, ...]]:
        """Return the scopes to block and the scopes to reach insecurely, as registries.conf can say them."""
        blocked = tuple(scope for scope in self.policy.blocked or () if scope != ALL)
        insecure = fit(self.policy.insecure or (), REGISTRIES_CONF, self.policy.service_network)
        crio = self._crio_takes_ranges()
        if crio and not self._others():
            return {"blocked": blocked, "insecure": insecure.held}
        left_out = "the service network, is left out" + (f" for {self._others()}" if crio else "")
        beyond = f" in {self._others()}" if crio else ""
        self.notes += [
            f"insecure '{scope}', {left_out}: registries.conf knows no address ranges" for scope in insecure.left_out
        ]
        self.unenforceable += [
            f"insecure '{scope}'{beyond}: registries.conf knows no address ranges; name the registries"
            for scope in insecure.beyond
        ]
        return {"blocked": blocked, "insecure": insecure.held}

    def _others(self) -> str:
        """Name the programs beside CRI-O that read these files."""
        asked = ("podman.info", "skopeo.version", "buildah.version")
        return ", ".join(name.partition(".")[0] for name in asked if self.host.answer(name).there)

    def _crio_takes_ranges(self) -> bool:
        """Return whether address ranges reach CRI-O: in crio.conf, or in the old form of registries.conf."""
        old = self._old_crio() and self.old_style
        return containers_files.has_crio(self.host) and (old or containers_files.reads_crio_drop_ins(self.host))

    def _drop_ins(self) -> list[FileChange | None]:
        """Return our drop-in, and the one under the other name taken away."""
        gone = [
            FileChange(path, None, self.why, _drop_in_view(registries_conf.document(self.host.text(path) or "", path)))
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
            text = toml_text.edit(f"# {_HEADER}\n", document) if document else None
        content = None if text is None else text.encode()
        return FileChange(self.drop_in, content, self.why, _drop_in_view(old), _drop_in_view(document))

    def _search(self, theirs: RegistriesConf) -> tuple[str, ...]:
        given = self.policy.search or ()
        if self.mode == "exact":
            return given
        found = joint_list(given, theirs.search or (), (), partial(hub_name, to="images"))
        if not containers_files.places_of(self.host).by_name:
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
            inside = [
                prefix
                for prefix, registry in theirs.registries.items()
                if scopes.covering(prefix) is not None and not self._is_later(registry.file)
            ]
            for prefix in dict.fromkeys((*wanted[word], *inside)):
                table = self._table(theirs, tables, prefix)
                table[flag] = True
                if word == "blocked":
                    _at_its_own_name(table)
            if self.mode == "exact" and getattr(self.policy, word) is not None:
                for registry in theirs.registries.values():
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
            for registry in theirs.registries.values():
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
            self.unenforceable.append(
                f"mirrors of '{source}' for some pulls only: {old} knows that for digests and all mirrors alike only"
            )

    def _all_know_pull_from_mirror(self) -> bool:
        return not self._too_old()

    def _too_old(self) -> list[tuple[str, tuple[int, ...]]]:
        versions = _versions(self.host)
        return [(name, found) for name, found in versions.items() if found < _PULL_FROM_MIRROR_SINCE[name]]

    def _table(self, theirs: RegistriesConf, tables: dict[str, dict[str, Any]], prefix: str) -> dict[str, Any]:
        if prefix not in tables:
            base = theirs.registries.get(prefix)
            tables[prefix] = {"prefix": prefix} if prefix.startswith("*.") else {"prefix": prefix, "location": prefix}
            if base and base.table:
                theirs_of_it = registries_conf.in_usual_case(base.table)
                tables[prefix] |= {key: copy.deepcopy(value) for key, value in theirs_of_it.items() if key != "prefix"}
                self.notes.append(
                    f"{self.drop_in} takes over what {base.file} says of '{prefix}': a drop-in replaces the whole table"
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
        self.unenforceable += [f"{word}: an old-style {MAIN} knows no such thing" for word in self._new_words()]
        ours = self.record.setdefault("added", {})
        for word, given in wanted.items():
            self.unenforceable += [
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
        return FileChange(MAIN, new.encode(), self.why, _v1_view(before), _v1_view(_v1_lists(document)))

    def _new_words(self) -> list[str]:
        return [word for word in ("mirrors", "short_name_mode", "aliases") if getattr(self.policy, word)]

    # -- policy.json ----------------------------------------------------------------------------------------------

    def _signature_policies(self) -> list[FileChange | None]:
        """List the files that demand signatures or reject: that of podman and its family, and CRI-O's own, if any."""
        paths = dict.fromkeys([signature_policy.PATH, *self.record.get("policies", {})])
        if containers_files.has_crio(self.host):
            own = containers_files.crio_policy_of(self.host)
            if not own.startswith(ROOTS_OWN) and own not in containers_files.SINCE_6.policies:
                paths[own] = None
        return [self._signature_policy(path) for path in paths]

    def _signed(self) -> tuple[Signed, ...]:
        """Return the demands that all engines know; one that does not refuses all of policy.json. Raises NotAsked."""
        asked = self.policy.signatures or ()
        versions = _versions(self.host) if asked else {}
        built_without = signatures.without_sigstore(_info(self.host)) if asked else False
        of_debian = "podman of Debian is built without them, and refuses every image then"
        found = {signed: of_debian if built_without else signatures.beyond(signed, versions) for signed in asked}
        self.unenforceable += [f"signatures of '{one.scope}': {old}" for one, old in found.items() if old]
        allowed = self.policy.allow_list
        allowing = None if allowed is None else Scopes(allowed)
        outside = [one for one in asked if allowing is not None and allowing.covering(one.scope) is None]
        self.refusals += [
            f"signatures of '{one.scope}' are demanded, and the allow-list does not let all of it through; allow it, "
            "or name what is allowed of it"
            for one in outside
        ]
        return tuple(one for one, old in found.items() if not old and one not in outside)

    def _signature_places(self, conf: RegistriesConf) -> FileChange | None:
        """Return the file by which engines look for signatures; its scopes are those that must be signed."""
        if not self.signed and not self.record.get("places"):
            return None
        why = "signatures are looked for" if self.signed else "no signatures are demanded any more"
        found, refusals = signatures.change(self.host, (one.scope for one in self.signed), conf, why)
        self.refusals += refusals
        self.record.pop("places", None)
        if self.signed:
            self.record["places"] = True
        return found

    def _signature_policy(self, path: str) -> FileChange | None:
        allowed, ours = self.policy.allow_list, self._record_of(path)
        if allowed is None and not self.signed and not ours:
            return None
        text = self.host.text(path)
        source = path if text is not None or path != signature_policy.PATH else self._vendors_policy()
        base = self.host.text(source)
        document = _signature_document(base, source)
        after, record = signature_policy.lift(document, ours), dict[str, Any]()
        if self.signed:
            wanted = {one.scope: one.requirement() for one in self.signed}
            signed = self._took(signature_policy.demand(after, wanted, self.mode == "exact", path))
            after, record = signed.document, {"signed": signed.record}
        if allowed is not None:
            restricted = self._took(signature_policy.restrict(after, allowed, self.request.foreign_scopes, path))
            after, record = restricted.document, {**restricted.record, **record}
        self._remember(path, record)
        if after == document and (text is not None or not record):
            return None
        with in_file(source):
            new = json_text.edit(base, after) if base is not None else json.dumps(after, indent=4) + "\n"
        before_view = _scopes_view(document) if text is not None else ""
        return FileChange(path, new.encode(), self._why_of_policy(), before_view, _scopes_view(after))

    def _took(self, result: signature_policy.Restriction) -> signature_policy.Restriction:
        """Take over what is said of a change of policy.json."""
        self.notes += result.notes
        self.warnings += result.warnings
        self.refusals += result.refusals
        return result

    def _why_of_policy(self) -> str:
        if self.policy.allow_list is not None:
            also = ", and some of them must be signed" if self.signed else ""
            return f"the policy blocks all but its own registries{also}"
        return "some images must be signed" if self.signed else "the policy no longer blocks all"

    def _vendors_policy(self) -> str:
        """Return the policy.json that counts while /etc has none: one made there hides it, so it begins as its copy."""
        found = [path for path in containers_files.places_of(self.host).policies if not path.startswith(ROOTS_OWN)]
        return next((path for path in found if self.host.exists(path)), signature_policy.PATH)

    def _record_of(self, path: str) -> dict[str, Any]:
        if path == signature_policy.PATH:
            return dict(self.record.get("policy.json", {}))
        return dict(self.record.get("policies", {}).get(path, {}))

    def _remember(self, path: str, record: dict[str, Any]) -> None:
        if path == signature_policy.PATH:
            place, key = self.record, "policy.json"
        else:
            place, key = self.record.setdefault("policies", {}), path
        if record:
            place[key] = record
        else:
            place.pop(key, None)
        if not self.record.get("policies", True):
            self.record.pop("policies")

    # -- what a person must know ----------------------------------------------------------------------------------

    def _check_effects(self, after: Observed, conf: RegistriesConf) -> None:
        """Check the effect of each word, as root's programs will read the files."""
        self.unmet = effects.unmet(self._sayable(), conf, after)
        self.warnings += effects.hindered(self._sayable(), conf, after)
        self.refusals += [self._in_the_way(each, after) for each in self.unmet]
        allowed = self.policy.allow_list
        if allowed is None:
            self.warnings += self._rejected(after)
        if allowed is None and not self.signed:
            return
        self.refusals += [
            f"{each.file} {each.what}, and root's programs read it instead of {signature_policy.PATH}; remove it"
            for each in self._unmet_by_policies(after, allowed)
            if each.file.startswith(ROOTS_OWN)
        ]

    def _unmet_by_policies(self, after: Observed, allowed: tuple[str, ...] | None) -> Iterator[Unmet]:
        """Yield what the files that are read let through against the allow-list or without a signature."""
        for path in dict.fromkeys([containers_files.policy_of(after), *self._policies_of_crio(after)]):
            document = _signature_document(after.text(path), path)
            if allowed is not None:
                yield from effects.unmet_by_policy_json(allowed, path, document)
            yield from effects.unmet_by_signatures(self.signed, path, document)

    def _rejected(self, after: Observed) -> list[str]:
        """Say what policy.json, which is not ours here, does to searched registries."""
        path = containers_files.policy_of(after)
        try:
            return effects.rejected(self.policy.search or (), path, _signature_document(after.text(path), path))
        except Problem as problem:
            return [str(problem)] if self.policy.search else []

    def _sayable(self) -> Policy:
        """Return the policy without what these files cannot say at all, which is told elsewhere."""
        policy = sayable(self.policy, REGISTRIES_CONF_V1 if self.old_style else REGISTRIES_CONF)
        some_pulls = any(mirrored.pull != "all" for mirrored in self.policy.mirrors or ())
        return replace(policy, mirrors=None) if some_pulls and self._too_old() else policy

    def _policies_of_crio(self, host: Observed) -> tuple[str, ...]:
        return (containers_files.crio_policy_of(host),) if containers_files.has_crio(host) else ()

    def _in_the_way(self, each: Unmet, after: Observed) -> str:
        """Return the sentence about a word that another file keeps from its effect."""
        ours = MAIN if self.old_style else self.drop_in
        where = f" (line {each.line})" if each.line else ""
        if each.file.startswith(ROOTS_OWN) or containers_files.main_of(after).startswith(ROOTS_OWN):
            file = each.file if each.file.startswith(ROOTS_OWN) else containers_files.main_of(after)
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
        if each.word == "mirrors":
            return f"{each.file} is read after {ours} and {each.what}{where}; remove them"
        return f"{each.file} is read after {ours} and {each.what}{where}; rename or remove it"

    def _is_later(self, file: str) -> bool:
        """Return whether a file is read after our drop-in, so that it has the last word."""
        if file == containers_files.CHOSEN_ALIASES:
            return True
        order = containers_files.drop_ins_of(self.host.with_texts({self.drop_in: ""}), roots_own=False)
        return file in order and order.index(file) > order.index(self.drop_in)

    def _check_crio(self, after: Observed) -> None:
        """Check the effect on a CRI-O beside podman; see containers_files.crio_conf_of."""
        if not containers_files.has_crio(self.host):
            return
        version = services.crio_version(self.host)
        name = f"CRI-O {version[0]}.{version[1]}"
        asked = replace(self._sayable(), aliases=None, short_name_mode=None)
        known = {(each.word, each.entry) for each in self.unmet}
        old = "reads search and insecure of registries.conf in its old form only"
        reads = "reads no drop-ins of registries.conf" if version >= (1, 15) else old
        self.unenforceable += [
            f"{each.word} '{each.entry}' in {name}, which {reads}"
            for each in effects.unmet(asked, containers_files.crio_conf_of(after), after)
            if (0, 0) < version < containers_files.DROP_INS_SINCE["crio"] and (each.word, each.entry) not in known
        ]
        if (0, 0) < version < containers_files.DROP_INS_SINCE["crio"] and not self._others():
            aliases = self.policy.aliases or ()
            self.unenforceable += [f"alias '{alias}' in {name}, which knows none" for alias in aliases]
        settings = containers_files.crio_settings(after)
        own = settings.get("registries")
        searched = tuple(own.value) if own and isinstance(own.value, list) else ()
        if own and searched and version < (1, 34) and self.policy.search not in (None, searched):
            self.refusals.append(
                f"{own.origin} says registries, which CRI-O searches in place of registries.conf's list; take it away"
            )
        self.refusals += crio_drop_in.overruled(after, self.policy)
        self.warnings += crio_drop_in.short_names(after, self.policy)
        what = "allow-list does" if self.policy.allow_list is not None else "demand for signatures does"
        restricted = self.policy.allow_list is not None or self.signed
        spaces = containers_files.crio_policies_of(self.host) if restricted else ()
        if spaces:
            self.warnings.append(
                f"CRI-O reads {', '.join(spaces)} instead of its usual policy.json for pods of these namespaces; the "
                f"{what} not reach them"
            )

    def _warn_of_shadows(self, before: RegistriesConf) -> None:
        if before.version == 1 and self.host.entries(DROP_IN_DIRECTORY):
            self.warnings.append(
                f"{MAIN} is of the old form while drop-ins in {DROP_IN_DIRECTORY} are of the new one; convert it"
            )
        if before.version == 1 and containers_files.places_of(self.host).by_name:
            self.refusals.append(f"{MAIN} is of the old form, which podman 6 does not read; convert it")
        podman = containers_files.podman_version(self.host)
        if (0, 0) < podman < containers_files.DROP_INS_SINCE["podman"] and not self.old_style:
            self.unenforceable.append(f"the policy in podman {podman[0]}.{podman[1]}, which reads no drop-ins")


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


def _versions(host: Observed) -> dict[str, tuple[int, ...]]:
    """Return the versions of the engines on a host, by name. Raises NotAsked."""
    if not all(host.answer(question.name).asked for question in VERSIONS.commands):
        raise NotAsked(VERSIONS)
    said = {name: host.answer(f"{name}.version").stdout for name in _PULL_FROM_MIRROR_SINCE}
    said["podman"] = "version " + _info(host).get("version", {}).get("Version", "")
    found = {name: re.search(r"version v?(\d+)\.(\d+)", text) for name, text in said.items()}
    return {name: (int(match[1]), int(match[2])) for name, match in found.items() if match}


def _mirror_text(source: str, location: str) -> str:
    return f"{source} from {location}"


def _by_source(mirrors: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in mirrors:
        source, dummy, location = text.partition(" from ")
        found.setdefault(source, []).append(location)
    return found


def predicted_info(host: Observed) -> dict[str, Any]:
    """Predict podman info's registries from the files of a host. Raises RegistriesConfProblem."""
    conf = conf_of(host)
    tables: dict[str, Any] = {
        prefix: {
            "Prefix": prefix,
            "Location": registry.location,
            "Insecure": registry.insecure,
            "Blocked": registry.blocked,
            "MirrorByDigestOnly": registry.mirror_by_digest_only,
            "Mirrors": [
                {"Location": each.location, "Insecure": each.insecure, "PullFromMirror": each.pull_from_mirror}
                for each in registry.mirrors
            ],
        }
        for prefix, registry in conf.registries.items()
    }
    return tables | ({} if conf.search is None else {"search": list(conf.search)})


def _lists(conf: RegistriesConf) -> Lists:
    return Lists(
        mirrors=tuple(
            _mirror_text(prefix, mirror.location)
            for prefix, registry in conf.registries.items()
            for mirror in registry.mirrors
        ),
        search=tuple(conf.search or ()),
        blocked=tuple(prefix for prefix, registry in conf.registries.items() if registry.blocked),
        insecure=tuple(prefix for prefix, registry in conf.registries.items() if registry.insecure),
    )


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


def _conf_of_info(registries: Mapping[str, Any]) -> RegistriesConf:
    """Read podman's answer as the files that it stands for; it does not say which."""
    tables = {
        prefix: RegistryTable(
            prefix,
            table.get("Location", prefix),
            bool(table.get("Insecure")),
            bool(table.get("Blocked")),
            bool(table.get("MirrorByDigestOnly")),
            tuple(
                Mirror(each["Location"], bool(each.get("Insecure")), str(each.get("PullFromMirror") or ""))
                for each in table.get("Mirrors") or ()
            ),
        )
        for prefix, table in registries.items()
        if isinstance(table, dict)
    }
    return RegistriesConf(tuple(registries.get("search") or ()), registries=tables)


def _lists_of_podman(registries: dict[str, Any]) -> Lists:
    found = {prefix: table for prefix, table in registries.items() if isinstance(table, dict)}
    tables = {prefix: found[prefix] for prefix in sorted(found, key=str.encode)}
    return Lists(
        mirrors=tuple(
            _mirror_text(prefix, mirror["Location"])
            for prefix, table in tables.items()
            for mirror in table.get("Mirrors") or ()
        ),
        search=tuple(registries.get("search") or ()),
        blocked=tuple(prefix for prefix, table in tables.items() if table.get("Blocked")),
        insecure=tuple(prefix for prefix, table in tables.items() if table.get("Insecure")),
    )


def _allow_list(host: Observed) -> list[str] | None:
    """Return the scopes policy.json lets through, when it refuses everything else."""
    try:
        path = containers_files.policy_of(host)
        document = _signature_document(host.text(path), path)
    except Problem:
        return None
    scopes = document.get("transports", {}).get("docker", {})
    if scopes.get("") != signature_policy.REJECT:
        return None
    return [scope for scope, requirements in scopes.items() if scope and requirements != signature_policy.REJECT]


def _signature_document(text: str | None, path: str) -> dict[str, Any]:
    if text is None:
        return {"default": copy.deepcopy(signature_policy.ACCEPT)}
    return signature_policy.read(text, path)


_INFO_SHAPE = {
    "version?": {"Version?": str},
    "registries?": (
        None,
        Each((None, [str], {
            "Location?": str, "Blocked?": bool, "Insecure?": bool, "MirrorByDigestOnly?": bool,
            "Mirrors?": (None, [{"Location": str, "Insecure?": bool, "PullFromMirror?": (None, str)}]),
        })),
    ),
}


def _info(host: Observed) -> dict[str, Any]:
    """Return the output of podman info, {} without one. Raises HostProblem for output of another shape."""
    text = host.answer("podman.info").stdout
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not fits(value, _INFO_SHAPE):
        raise HostProblem("podman info says something that is not understood; nothing was changed")
    info: dict[str, Any] = value
    return info


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


def _v1_view(lists: dict[str, list[str]]) -> str:
    return view(f"{word}: {item}" for word, items in lists.items() for item in items)


def _drop_in_view(document: Mapping[str, Any]) -> str:
    """Return everything that a file of ours says, one line each: what is carried over from others is written too."""
    lines = [f"search: {item}" for item in document.get("unqualified-search-registries", [])]
    lines += [f"alias {name}: {full or 'none'}" for name, full in document.get("aliases", {}).items()]
    for table in document.get("registry", []):
        name = table.get("prefix") or table.get("location")
        lines += [f"{name}: {line}" for line in _table_lines(table, ("prefix", "mirror"), name)]
        for mirror in table.get("mirror", []):
            more = _table_lines(mirror, ("location", "pull-from-mirror"))
            pulls = mirror.get("pull-from-mirror", "all pulls")
            lines.append(f"{name}: mirror {mirror.get('location')} ({', '.join([pulls, *more])})")
    predicted_info = ("unqualified-search-registries", "aliases", "registry")
    return view([*lines, *_table_lines(document, predicted_info)])


def _table_lines(table: Mapping[str, Any], predicted_info: tuple[str, ...], name: str = "") -> list[str]:
    """Return the keys of a table that are not shown in another way; a location that is the name says nothing."""
    return [
        f"{key} = {json.dumps(value) if not isinstance(value, str) else value}"
        for key, value in table.items()
        if key not in predicted_info and not (key == "location" and value == name)
    ]


def _scopes_view(document: dict[str, Any]) -> str:
    scopes = document.get("transports", {}).get("docker", {})
    lines = [f"default: {_demands(document['default'])}"]
    lines += [f"docker {scope or 'everything else'}: {_demands(items)}" for scope, items in scopes.items()]
    return view(lines)


def _demands(requirements: Iterable[Mapping[str, Any]]) -> str:
    """Show requirements; of what images are signed with, so much that another one is seen to be another."""
    shown = []
    for each in requirements:
        more = json.dumps({key: value for key, value in each.items() if key != "type"}, sort_keys=True)
        mark = f" ({hashlib.sha256(more.encode()).hexdigest()[:12]})" if more != "{}" else ""
        shown.append(f"{each['type']}{mark}")
    return ", ".join(shown)
