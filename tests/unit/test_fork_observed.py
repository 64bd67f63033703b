# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Red Hat's docker as it was seen to start: whether it does, and which lists it shows then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.dockyard.openshift.plugins.filter.registries_plan import registries_plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import Lists, fork_pull, fork_start
from cases import cases
from conftest import SHARED

OBSERVED = SHARED / "reference/docker-fork-observed.md"
JSON, SYSCONFIG = "/etc/docker/daemon.json", "/etc/sysconfig/docker"


@pytest.mark.parametrize("case", cases("engines/fork_start.yml"))
def test_whether_it_starts(case):
    text = case["json"] * case.get("times", 1) if "json" in case else None
    said = fork_start.refusal(["/usr/bin/dockerd-current", *case.get("words", [])], text)
    assert said == case.get("says") or (said and "says" in case and said.endswith(case["says"]))


def starts(text: str) -> list[dict]:
    """The rows of the table of starts: flags and daemon.json, and what was observed."""
    table = text.split("## Start and docker info")[1].split("\n## ")[0]
    found = []
    for line in re.findall(r"^\| (?!flags)(.*) \|$", table, re.MULTILINE):
        flags, file, seen = (part.strip() for part in line.split(" | ", 2))
        file = None if not file else "" if file == "(empty)" else file.strip("`").replace("⏎", "\n")
        found.append({"name": f"{flags} {file}", "flags": flags.strip("`"), "json": file, "seen": seen})
    return found


#: The one row in which we refuse what docker starts with: it drops its whole list there, 127.0.0.0/8 included.
REFUSED_BY_US = '"plain.test:5000", "-bad"'


def rows() -> list:
    text = OBSERVED.read_text(encoding="utf-8") if Path(OBSERVED).is_file() else ""
    return [pytest.param(row, id=row["name"][:80]) for row in (starts(text) if text else [])] or [None]


@pytest.mark.parametrize("row", rows())
def test_what_was_observed_of_the_real_one(shared_dir, row):
    assert row is not None, "the table of starts is not where it was"
    found = registries_plan(host_of(row), policy={"short_name_mode": "disabled"}, unenforceable="warn")
    if row["seen"].startswith("refused") or REFUSED_BY_US in (row["json"] or ""):
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


PULLS = ("Short and full names", "Blocked", "Falling back", "Mirrors", "Insecure", "More pulls")


def pulls(text: str) -> list[dict]:
    """The rows of the tables of pulls: flags, daemon.json, image, and what was observed; without digests cut short."""
    found = []
    for title in PULLS:
        table = re.search(rf"^## {title}[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        for line in re.findall(r"^\| (.*) \|$", table[1] if table else "", re.MULTILINE):
            flags, file, image, seen = (part.strip() for part in line.split(" | ", 4)[:4])
            if flags == "flags" or "…" in image:
                continue
            json_text = file.strip("`").replace("⏎", "\n") if file.startswith("`") else None
            row = {"name": f"{title}: {flags} {file} {image}", "files": file, "json": json_text, "pull": image}
            found.append({**row, "flags": flags.strip("`"), "seen": seen})
    return found


def rows_of_pulls() -> list:
    text = OBSERVED.read_text(encoding="utf-8") if Path(OBSERVED).is_file() else ""
    found = [row for row in pulls(text) if REFUSED_BY_US not in row["files"]]
    return [pytest.param(row, id=row["name"][:110]) for row in found] or [None]


@pytest.mark.parametrize("row", rows_of_pulls())
def test_from_where_the_real_one_was_seen_to_pull(shared_dir, row):
    """The rule is compared with the table that the stand-in is compared with, too."""
    assert row is not None, "the tables of pulls are not where they were"
    lists, block_list = lists_of(row)
    names = fork_pull.names(lists, row["pull"])
    asked = [host for name in names for host in fork_pull.endpoints(lists, name, block_list=block_list)]
    if "must be lowercase" in row["seen"]:
        return  # no name at all, which is found before
    if "tried nothing" in row["seen"]:
        assert names == []
    elif "All endpoints blocked" in row["seen"]:
        assert names and asked == []
    elif came := re.match(r"0 `\S+` from (\S+)", row["seen"]):
        assert came[1] in asked or (came[1] == "registry-1.docker.io" and "docker.io" in asked)
    else:
        assert asked
    if (tried := re.search(r"tried ([^|]*)", row["seen"])) and "tried nothing" not in row["seen"]:
        wanted = list(dict.fromkeys(map(without_namespace, tried[1].split(", "))))
        assert list(map(without_namespace, names))[: len(wanted)] == wanted


def without_namespace(name: str) -> str:
    """Return a name as docker prints one, and as it asks for it, alike."""
    return name.strip().partition("@")[0].replace("docker.io/library/", "docker.io/")


def lists_of(row: dict) -> tuple[Lists, bool]:
    found = registries_plan(host_of(row), policy={"short_name_mode": "disabled"}, unenforceable="warn")
    (planned,) = found["planned"]
    lists = {word: tuple(items) for word, items in planned.items() if word != "name"}
    return Lists(**lists), "disable-legacy-registry" not in f"{row['flags']}{row['json']}"


def host_of(row: dict) -> dict:
    """Flags reach it by OPTIONS, as on a stock host."""
    written = row["flags"].replace("\\", "\\\\").replace('"', '\\"')
    files = {SYSCONFIG: f'OPTIONS="{written}"\n'} if row["flags"] else {}
    return {"fork": {}, "files": files | ({} if row["json"] is None else {JSON: row["json"]})}
