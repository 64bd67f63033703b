# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logins of a host's engines as a feature of tasks about hosts: entries of auth files, beside those of others."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..host.observed import Observed
from ..host.watch import Watch
from ..plan.proposal import Drafter, Proposal, start_of
from ..policy import options_of, read_options, read_policy
from ..policy.word import Reading
from ..problems import Problem
from ..variables import COMMON, PREFIX, Fill, behind, words
from . import drafts as drafting
from . import places, proof
from . import report as reporting

#: Nothing is looked at for a task that says nothing of logins.
WATCH = Watch()

WORD_OPTIONS = options_of("credentials")

OPTIONS = WORD_OPTIONS | {
    "auth_files": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": [
            "The files to write instead of those that the engines of the host read, as absolute paths. A name that "
            "ends in C(.dockercfg) is the old form.",
            "Unless given, they are for docker C(/root/.docker/config.json), for podman, skopeo, buildah and CRI-O "
            "C(/root/.config/containers/auth.json), or what C(crio.conf) calls its C(global_auth_file).",
            "For the kubelet it is C(/var/lib/kubelet/config.json). Nodes of OpenShift up to 3.10 have a file of their "
            "own, C(/var/lib/origin/.docker/config.json). What OpenShift 4 writes itself is left alone.",
        ],
    },
    "purge_credentials": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether to remove the entries that earlier runs put into these files for registries that the list no "
            "longer names. Entries of others stay in any case.",
        ],
    },
}

CHANGE_OPTIONS = {
    "verify_logins": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether the host itself tries each new login at its registry, after the files are written. If one is "
            "refused, everything is put back. A registry that cannot be reached is not a failure.",
            "The secret is sent over HTTPS to the registry or to the token service that it names, and over HTTP only "
            "where the policy calls the registry C(insecure). No redirect is followed.",
        ],
    },
}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {}

VARIABLES = {
    **words("credentials"),
    **behind(PREFIX, ("auth_files", "purge_credentials", "verify_logins", "query")),
    **COMMON,
}
fill = Fill(VARIABLES)


class AuthFileProblem(Problem):
    """What is wrong with the option auth_files."""

    word = "auth_files"


@dataclass(frozen=True)
class Asked:
    """What was asked for. looks: whether the host's files are needed at all."""

    drafting: drafting.Said
    looks: bool


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    policy = read_options(options, Reading(read_file, hide, now), "credentials")
    files = tuple(dict.fromkeys(options["auth_files"]))
    for path in files:
        if not path.startswith("/") or path.endswith("/") or "/../" in path or not path.isprintable():
            raise AuthFileProblem(f"auth_files: {path!r} is not the absolute path of a file")
    # without logins nobody here needs the list, and the feature whose word it is reads it
    listed = None if policy.credentials is None else options.get("insecure")
    said = drafting.Said(
        policy.credentials,
        files,
        options["purge_credentials"],
        verify=bool(options.get("verify_logins")),
        insecure=read_policy({"insecure": listed}).insecure or (),
        key=secrets.token_bytes(16),
    )
    return Asked(said, policy.credentials is not None or "query" in options)


def watch(said: Asked) -> Watch:
    return places.WATCH + Watch(files=said.drafting.auth_files) if said.looks else Watch()


def drafts(host: Observed, said: Asked) -> Iterable[Drafter]:
    return drafting.drafts(said.drafting)


def withdraw(host: Observed) -> Iterable[Drafter]:
    return drafting.drafts(drafting.Said((), purge=True, withdrawn=True, key=secrets.token_bytes(16)))


def confirm(host: Observed) -> Iterable[Drafter]:
    return ()  # engines read these files at every pull


def report(proposal: Proposal, said: Asked, report: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "logins": reporting.asked(said.drafting),
        "auth_files": reporting.written(proposal),
        "logins_verified": proof.outcomes(report),
    }


def survey(host: Observed, said: Asked, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"auth_files": reporting.survey(start_of(host), said.drafting)}
