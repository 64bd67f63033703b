# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `pull_sources` beside podman and skopeo that really pull: endpoints in order, http or https, whose image.

The tables say in addition which image has to come; the random cases (about PULLS, from the seed SEED) do not.
"""

from __future__ import annotations

import os
from collections import Counter

import pull_registries
import pull_strategies
import pytest
import real_pulls
import yaml
from conftest import REPOSITORY

pytestmark = pytest.mark.engines

TOOLS = ("podman", "skopeo")

DATA = REPOSITORY / "tests/data"
DIGESTS = {name: image.digest for name, image in pull_registries.IMAGES.items()} | {"absent": pull_registries.ABSENT}


def table(path):
    rows = yaml.safe_load(path.read_text())
    return [row | {"pulls": {name.format(**DIGESTS): image for name, image in row["pulls"].items()}} for row in rows]


ROWS = {f"{path.stem}: {row['name']}": row for path in sorted((DATA / "pulls").glob("*.yml")) for row in table(path)}
OLDER = {row["name"]: row for row in table(DATA / "hosts/older_engines.yml")}


def rows(named):
    return pytest.mark.parametrize("row", [pytest.param(row, id=title) for title, row in named.items()])


@pytest.fixture(scope="module")
def random_cases():
    return pull_strategies.draw_cases(int(os.environ.get("PULLS", "60")), int(os.environ.get("SEED", "5")))


@pytest.fixture(scope="module")
def node_cases():
    """Policies of clusters, with the files of their nodes as the forecast names them."""
    return pull_strategies.draw_nodes(48, int(os.environ.get("SEED", "5")))


@pytest.fixture(scope="module")
def seen(puller, random_cases, node_cases):
    """What came of each (case, tool, reference), pulled in one go."""
    pull_registries.seed()
    pull_registries.equip(puller)
    cases = [*ROWS.values(), *OLDER.values(), *random_cases, *node_cases]
    asked = [(case, tool, name) for case in cases for name in case["pulls"] for tool in TOOLS]
    pulls = [{"files": real_pulls.files(case), "tool": tool, "reference": name} for case, tool, name in asked]
    found = real_pulls.pull_all(puller, pulls)
    return {(id(case), tool, name): pull for (case, tool, name), pull in zip(asked, found, strict=True)}


def check(case, seen):
    for name in case["pulls"]:
        for tool in TOOLS:
            pull = seen[id(case), tool, name]
            assert pull == real_pulls.expected(case, tool, name), "\n".join([tool, name, str(case), *pull.said])


@rows(ROWS)
def test_row(seen, row):
    check(row, seen)
    assert {name: seen[id(row), "podman", name].image for name in row["pulls"]} == row["pulls"]


@rows(OLDER)
def test_older_engines(seen, row):
    """The differences that the documentation names, until the lab has newer ones."""
    for name, image in row["pulls"].items():
        for tool in TOOLS:
            pull = seen[id(row), tool, name]
            assert (pull.image, pull.refused) == (image, set(row.get("refused", ()))), pull.said
            assert pull != real_pulls.expected(row, tool, name)


def test_random_cases(seen, random_cases):
    for case in random_cases:
        check(case, seen)


def test_files_of_a_forecast_do_what_it_says_of_images(seen, node_cases):
    """Policies of OpenShift 4 whose node files this node has: it pulls, refuses and uses mirrors as was forecast."""
    came: Counter[str] = Counter()
    for case in node_cases:
        check(case, seen)
        for told in case["told"]:
            pull = seen[id(case), "podman", told["image"]]
            assert not (pull.image and told["refused"]), (case["words"], told, pull.said)
            if not told["refused"]:
                places = [one["endpoints"] for one in told["candidates"]]
                assert places == [one["endpoints"] for one in real_pulls.candidates(case, told["image"])]
            came.update(pull.refused | {attempt.outcome for attempt in pull.attempts[-1:]})
            came["by a mirror"] += len(pull.attempts) > 1
    assert len(node_cases) >= 40
    assert min(came[kind] for kind in ("served", "policy", "blocked", "by a mirror")) >= 5, came


# Of how many configurations each has to be seen at least; see `facts`.
ENOUGH = {
    "podman": 120, "skopeo": 120, "image": 90, "image of another name": 60, "image of a second endpoint": 20,
    "blocked": 20, "no TLS": 15, "HTTP": 50, "unknown certificate": 10, "no login": 5, "unreachable": 5,
    "wildcard": 8, "drop-ins": 12, "short name": 8, "digest": 20, "tag": 90, "no rewriting": 5, "policy": 3,
    "no reference": 1, "no candidate": 2, "several candidates": 1, "tag and digest": 1,
    "/etc/containers/registries.conf": 15, "/etc/containers/registries.conf.d/10.conf": 2,
}  # fmt: skip


def test_the_configurations_were_worth_pulling_on(seen, random_cases):
    cases = [*ROWS.values(), *random_cases]
    examples = {(str(real_pulls.files(case)), kind) for case in cases for kind in kinds(case, seen)}
    found = Counter(kind for _files, kind in examples)
    assert not {kind: found[kind] for kind, least in ENOUGH.items() if found[kind] < least}, found


def kinds(case, seen):
    """Name the kinds of a configuration by the requests that were seen."""
    pulls = [(tool, name, seen[id(case), tool, name]) for tool in TOOLS for name in case["pulls"]]
    return {kind for tool, name, pull in pulls for kind, holds in facts(case, tool, name, pull).items() if holds}


def facts(case, tool, name, pull):
    """A tool counts where it went to an endpoint; what a configuration says counts where an image came by it."""
    found = {tool: bool(pull.attempts)}
    found |= dict.fromkeys([*pull.refused, *(attempt.outcome for attempt in pull.attempts)], True)
    if not pull.image:
        return found
    prefixes = [candidate["prefix"] for candidate in real_pulls.candidates(case, name)]
    return found | {
        "image": True,
        "image of another name": pull.attempts[-1].reference != name,
        "image of a second endpoint": len(pull.attempts) > 1,
        "HTTP": "http" in pull.attempts[-1].schemes,
        "digest": "@" in name,
        "tag": "@" not in name,
        "drop-ins": bool(case.get("drop_ins")),
        "wildcard": any(prefix.startswith("*.") for prefix in prefixes),
        "short name": tool == "podman" and real_pulls.references.parse(name).is_short,
    }
