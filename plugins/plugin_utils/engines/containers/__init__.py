# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""podman, skopeo, buildah and CRI-O: everything that reads registries.conf and policy.json through containers/image.

Which files they read is in files.py, what podman answers in info.py, and the files that a policy wants in draft.py
(registries.conf) and policy_json.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...host import services
from ...host.observed import HostProblem, Observed
from ...host.watch import Question, Tree, Watch
from ...plan.draft import Check, Due, FileChange, Step, Validation
from ...policy import ALL, Policy
from ...policy.lists import REGISTRIES_CONF, REGISTRIES_CONF_V1
from ...problems import Problem
from ...resolution.registries_conf import MAIN, RegistriesConfProblem
from ...shapes import Each
from .. import ALL_WORDS, Desired, Lists, Request, Unmet, differing, effects, without_ours
from . import crio_drop_in, files, info, policy_json
from .draft import DROP_IN, LATE_DROP_IN, OURS, Draft, sayable
from .info import VERSIONS

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
    watch = files.WATCH + Watch(
        trees=(Tree(files.CRIO_POLICIES, pattern="*.json"),),
        commands=(
            Question("podman.info", info.COMMAND),
            *(question._replace(unless="podman") for question in VERSIONS.commands),
        ),
    )

    def present(self, host: Observed) -> bool:
        return files.are_read(host)

    def version(self, host: Observed) -> str:
        version = info.answer_of(host).get("version", {}).get("Version")
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
        told = info.conf_of_answer(host)
        return None if told is None else info.lists_of(told)

    def desired(self, host: Observed, policy: Policy, request: Request) -> Desired:
        """Return the files; a later name for ours where what a package brings would undo the words, and that helps."""
        mode = request.mode or self.default_mode
        usual = Draft(host, policy, request, mode, LATE_DROP_IN if host.exists(LATE_DROP_IN) else DROP_IN)
        desired = usual.desired()
        if usual.drop_in == DROP_IN and usual.in_the_way_of_packages():
            late = Draft(host, policy, request, mode, LATE_DROP_IN).desired()
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
                ("env", f"CONTAINERS_REGISTRIES_CONF={{staged:{edit.path}}}", *info.COMMAND),
            )
            for edit in edits
            if edit.path in (MAIN, *OURS) and edit.text is not None
        )

    def differs(self, host: Observed, shown: Lists, expected: Lists) -> frozenset[str]:
        """Compare the lists; podman's answer says nothing of what CRI-O holds, so all counts where its files change."""
        told = (MAIN, *OURS, crio_drop_in.PATH)
        if self.running(host) and any(path in host.changed for path in told):
            return ALL_WORDS
        return differing(shown, expected)

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
        for source, mirrors in info.by_source(expected.mirrors).items():
            wanted += [
                {"path": ["registries", source, "Mirrors", number, "Location"], "equals": location}
                for number, location in enumerate((*mirrors, None))
            ]
        return (Check("podman info shows the lists", info.COMMAND, tuple(wanted), attempts=2, shows="podman.info"),)

    def contradicted(self, host: Observed, policy: Policy) -> list[Unmet]:
        """Judge podman's answer, which has neither aliases nor the mode of short names."""
        told = info.conf_of_answer(host)
        if told is None:
            return []
        try:
            version = files.conf_of(host).version
        except Problem:
            return []  # that is told elsewhere
        asked = sayable(policy, REGISTRIES_CONF_V1 if version == 1 else REGISTRIES_CONF)
        some_pulls = any(mirrored.pull != "all" for mirrored in policy.mirrors or ())
        old = files.podman_version(host) < info.PULL_FROM_MIRROR_SINCE["podman"]
        mirrors = None if some_pulls and old else asked.mirrors
        asked = replace(asked, aliases=None, short_name_mode=None, mirrors=mirrors)
        return effects.unmet(asked, told, host)

    def report(self, host: Observed) -> dict[str, Any]:
        read = (
            files.main_of(host),
            *files.drop_ins_of(host),
            *policy_json.paths_of(host, its_text=False),
        )
        try:
            lists, problems = info.lists_of(files.conf_of(host)), []
        except RegistriesConfProblem as problem:
            lists, problems = Lists(), [str(problem)]
        allowed = policy_json.allow_list(host)
        return {
            **lists.plain(), "blocked": [*lists.blocked, *([ALL] if allowed is not None else [])],
            "allowed": allowed, "files": [path for path in read if host.exists(path)], "problems": problems,
        }  # fmt: skip
