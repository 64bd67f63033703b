# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Red Hat's docker as it was seen to start: whether it does, and which lists it shows then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.dockyard.openshift.plugins.filter.registries_plan import registries_plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import fork_start
from cases import cases
from conftest import SHARED

OBSERVED = SHARED / "reference/docker-fork-observed.md"
JSON, SYSCONFIG = "/etc/docker/daemon.json", "/etc/sysconfig/docker"


@pytest.mark.parametrize("case", cases("engines/fork_start.yml"))
def test_whether_it_starts(case):
    said = fork_start.refusal(["/usr/bin/dockerd-current", *case.get("words", [])], case.get("json"))
    assert said == case.get("says") or (said and "says" in case and said.endswith(case["says"]))


def starts(text: str) -> list[dict]:
    """The rows of the table of starts: flags and daemon.json, and what was observed."""
    table = text.split("## Start and docker info")[1].split("\n## ")[0]
    found = []
    for line in re.findall(r"^\| (?!flags)(.*) \|$", table, re.MULTILINE):
        flags, file, seen = (part.strip() for part in line.split(" | ", 2))
        file = None if not file else "" if file == "(empty)" else file.strip("`").replace("⏎", "\n")
        found.append({"name": f"{flags} {file}", "flags": flags.strip("`"), "file": file, "seen": seen})
    return found


#: The one row in which we refuse what docker starts with: it drops its whole list there, 127.0.0.0/8 included.
REFUSED_BY_US = '"plain.test:5000", "-bad"'


def rows() -> list:
    text = OBSERVED.read_text(encoding="utf-8") if Path(OBSERVED).is_file() else ""
    return [pytest.param(row, id=row["name"][:80]) for row in (starts(text) if text else [])] or [None]


@pytest.mark.parametrize("row", rows())
def test_what_was_observed_of_the_real_one(shared_dir, row):
    """Flags reach it by OPTIONS, as on a stock host."""
    assert row is not None, "the table of starts is not where it was"
    written = row["flags"].replace("\\", "\\\\").replace('"', '\\"')
    files = {SYSCONFIG: f'OPTIONS="{written}"\n'} if row["flags"] else {}
    files |= {} if row["file"] is None else {JSON: row["file"]}
    found = registries_plan({"fork": {}, "files": files}, policy={"short_name_mode": "disabled"}, unenforceable="warn")
    if row["seen"].startswith("refused") or REFUSED_BY_US in (row["file"] or ""):
        assert found["refused"]
        return
    assert found["refused"] is None
    (lists,) = found["planned"]
    shown = re.search(r"`Registries: ([^`]*)`", row["seen"])[1]
    search = [entry.rsplit(" ", 1)[0] for entry in shown.split(", ")] if shown.strip("\n") else []
    assert lists["search"] == list(dict.fromkeys(search))
    insecure = named(row["seen"], "insecure names") | named(row["seen"], "ranges")
    by_address = {name for name in search if name in insecure and name not in lists["insecure"]}
    assert set(lists["insecure"]) == insecure - by_address
    assert lists["mirrors"] == list(dict.fromkeys(url.rstrip("/") for url in listed(row["seen"], "mirrors")))


def named(seen: str, what: str) -> set[str]:
    return set(listed(seen, what))


def listed(seen: str, what: str) -> list[str]:
    found = re.search(rf"{what} ([^·`]*)", seen)
    return ["" if item.strip() == "(empty)" else item.strip() for item in found[1].split(", ")] if found else []
