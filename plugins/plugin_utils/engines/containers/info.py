# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What podman info says of registries, what it must say for the files of a host, and which versions answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ...host.observed import HostProblem, Observed
from ...host.watch import NotAsked, Question, Watch
from ...resolution.registries_conf import Mirror, RegistriesConf, RegistryTable
from ...shapes import Each, fits
from .. import Lists
from .files import conf_of

COMMAND = ("podman", "info", "--format", "json")

#: Beside podman they matter only for mirrors of some pulls.
VERSIONS = Watch(
    commands=(
        Question("skopeo.version", ("skopeo", "--version")),
        Question("buildah.version", ("buildah", "--version")),
    )
)

#: From which version on each engine knows the key pull-from-mirror (all have containers/image 5.22 or newer in it).
PULL_FROM_MIRROR_SINCE = {"podman": (4, 2), "skopeo": (1, 9), "buildah": (1, 27), "crio": (1, 25)}

_SHAPE = {
    "version?": {"Version?": str},
    "registries?": (
        None,
        Each(
            (
                None,
                [str],
                {
                    "Location?": str,
                    "Blocked?": bool,
                    "Insecure?": bool,
                    "MirrorByDigestOnly?": bool,
                    "Mirrors?": (None, [{"Location": str, "Insecure?": bool, "PullFromMirror?": (None, str)}]),
                },
            )
        ),
    ),
}


def answer_of(host: Observed) -> Mapping[str, Any]:
    """Return the output of podman info, {} without one. Raises HostProblem for output of another shape."""
    text = host.answer("podman.info").stdout
    return _read(text) if text else {}


@lru_cache(maxsize=8)  # a plan asks several times, and the answer is long
def _read(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not fits(value, _SHAPE):
        raise HostProblem("podman info says something that is not understood; nothing was changed")
    info: Mapping[str, Any] = value
    return info


def versions_of(host: Observed) -> dict[str, tuple[int, ...]]:
    """Return the versions of the engines on a host, by name. Raises NotAsked."""
    if not all(host.answer(question.name).asked for question in VERSIONS.commands):
        raise NotAsked(VERSIONS)
    said = {name: host.answer(f"{name}.version").stdout for name in PULL_FROM_MIRROR_SINCE}
    said["podman"] = "version " + answer_of(host).get("version", {}).get("Version", "")
    found = {name: re.search(r"version v?(\d+)\.(\d+)", text) for name, text in said.items()}
    return {name: (int(match[1]), int(match[2])) for name, match in found.items() if match}


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


def lists_of(conf: RegistriesConf) -> Lists:
    return Lists(
        mirrors=tuple(
            mirror_text(prefix, mirror.location)
            for prefix, registry in conf.registries.items()
            for mirror in registry.mirrors
        ),
        search=tuple(conf.search or ()),
        blocked=tuple(prefix for prefix, registry in conf.registries.items() if registry.blocked),
        insecure=tuple(prefix for prefix, registry in conf.registries.items() if registry.insecure),
    )


def conf_of_answer(host: Observed) -> RegistriesConf | None:
    """Read podman's answer as the files that it stands for; it does not say which, nor in which order.

    None without an answer. Raises HostProblem for output of another shape.
    """
    answer = host.answer("podman.info")
    conf = _conf_of(answer.stdout) if answer.stdout else None
    return conf if answer.rc == 0 else None


@lru_cache(maxsize=8)
def _conf_of(text: str) -> RegistriesConf | None:
    registries = _read(text).get("registries")
    if not isinstance(registries, dict):
        return None
    found = {prefix: table for prefix, table in registries.items() if isinstance(table, dict)}
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
        for prefix, table in sorted(found.items(), key=lambda item: item[0].encode())
    }
    return RegistriesConf(tuple(registries.get("search") or ()), registries=tables)


def mirror_text(source: str, location: str) -> str:
    return f"{source} from {location}"


def by_source(mirrors: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in mirrors:
        source, dummy, location = text.partition(" from ")
        found.setdefault(source, []).append(location)
    return found
