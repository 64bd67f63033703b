# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random hosts that pull from the lab: built of few names, so that entries, mirrors and references meet.

Most of what is drawn leads to a registry. None of them leads to a port where nobody listens, other than as a mirror:
podman would try again and again.
"""

from __future__ import annotations

import sys
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import forecast
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from conftest import REPOSITORY
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pull_registries import ABSENT, IMAGES

sys.path.insert(0, str(REPOSITORY / "tests/conformance"))

from strategies import mostly, seldom, some, toml  # noqa: E402

LAB = ["registry.lab.example:5000", "mirror.lab.example:5003", "plain.lab.example:5001", "untrusted.lab.example:5002"]
OTHER = ["registry.lab.example", "quay.io", "example.com", "a.example.com", "a.example.com:5003", "docker.io"]
DEAD = ["gone.lab.example", "registry"]
# With a host for which each of them is meant.
WILDCARDS = {
    "*.lab.example": "mirror.lab.example:5003",
    "*.example": "plain.lab.example:5001",
    "*.example.com": "a.example.com:5003",
    "*.a.example.com": "b.a.example.com:5002",
    "*.io": "quay.io",
}
PATHS = ["", "/pulls", "/pulls/team", "/pulls/app", "/pulls/team/app", "/library", "/team", "/app"]
TAGS = ["1", "latest", "same", "absent", *(f"only-{name}" for name in IMAGES if name != "same")]
DIGESTS = [*(image.digest for image in IMAGES.values()), ABSENT]

hosts = mostly(st.sampled_from(LAB), st.sampled_from(OTHER), 5)
# Those that serve everything below the same path, so that what is rewritten is mostly found again.
places = st.builds("{}{}".format, hosts, mostly(st.just("/pulls"), st.just(""), 4))
scopes = mostly(places, st.builds("{}{}".format, hosts, st.sampled_from(PATHS)), 4)
locations = mostly(places, scopes | st.builds("{}{}".format, st.sampled_from(DEAD), st.sampled_from(PATHS)), 8)
mirrors = st.fixed_dictionaries(
    {
        "location": mostly(locations, st.just("mirror.lab.example:5999"), 15),
        "insecure": mostly(st.just(True), st.just(False), 5),
    },
    optional={"pull-from-mirror": st.sampled_from(["all", "digest-only", "tag-only"])},
)


@st.composite
def registries(draw: Any) -> list[dict[str, Any]]:
    """Tables that load: those with one location agree on their flags."""
    tables: list[dict[str, Any]] = []
    flags: dict[str, dict[str, bool]] = {}
    for prefix in draw(some(mostly(scopes, st.sampled_from(list(WILDCARDS)), 8), 5)):
        location = draw(mostly(st.just(prefix), locations, 3))
        table = {"prefix": prefix} if location.startswith("*.") else {"prefix": prefix, "location": location}
        said = {"insecure": not draw(seldom(6)), "blocked": draw(seldom(6))}
        table |= flags.setdefault(location, said)
        table["mirror"] = draw(some(mirrors, 3))
        if draw(seldom(6)):
            table["mirror-by-digest-only"] = True
            for mirror in table["mirror"]:
                mirror.pop("pull-from-mirror", None)
        tables.append(table)
    return tables


forms = st.fixed_dictionaries(
    {"registry": registries()},
    optional={
        "unqualified-search-registries": some(hosts, 3),
        "short-name-mode": st.sampled_from(["permissive", "disabled", "enforcing"]),
        "aliases": st.dictionaries(
            st.sampled_from(["pulls/app", "app", "team/app"]), st.builds("{}/pulls/app".format, hosts), max_size=2
        ),
    },
)


@st.composite
def references(draw: Any, written: list[dict[str, Any]]) -> str:
    """Most are in the scope of an entry."""
    tables = [table for form in written for table in form["registry"]]
    prefixes = [WILDCARDS.get(table["prefix"], table["prefix"]) for table in tables] or LAB
    short = st.sampled_from(["pulls/app", "app", "team/app", "pulls/team/app"])
    if draw(seldom(5)):
        name = draw(short)
    else:
        prefix = draw(st.sampled_from(prefixes))
        usual = ["/app", "/team/app"] if "/pulls" in prefix else ["/pulls/app", "/pulls/team/app"]
        name = prefix + draw(mostly(st.sampled_from(usual), st.sampled_from(["", *PATHS]), 6))
    tag = ":" + draw(mostly(st.sampled_from(["1", "same"]), st.sampled_from(TAGS), 2))
    digest = "@" + draw(mostly(st.just(IMAGES["same"].digest), st.sampled_from(DIGESTS), 2))
    return name + draw(mostly(st.sampled_from([tag, digest]), st.sampled_from(["", tag + digest]), 8))


@st.composite
def cases(draw: Any) -> dict[str, Any]:
    written = draw(st.lists(forms, min_size=1, max_size=3))
    main, *rest = [draw(toml(form)) for form in written]
    names = draw(st.lists(references(written), min_size=2, max_size=2, unique=True))
    return {"conf": main, "drop_ins": {f"{number}.conf": text for number, text in enumerate(rest)}, "pulls": names}


# --- nodes of OpenShift 4 ---

PAYLOAD = f"quay.io/openshift-release-dev/ocp-release@{ABSENT}"
CLUSTER = [
    {"apiVersion": "config.openshift.io/v1", "kind": "Image", "metadata": {"name": "cluster"}, "spec": {}},
    {
        "apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion", "metadata": {"name": "version"},
        "status": {"desired": {"version": "4.18.10", "image": PAYLOAD}},
    },
]  # fmt: skip
entries = mostly(scopes, st.sampled_from(list(WILDCARDS)), 6)
sources = st.fixed_dictionaries(
    {"source": scopes, "mirrors": st.lists(places, min_size=1, max_size=2, unique=True)},
    optional={"contact_source": st.just(False)},
)
listed = st.lists(entries, min_size=1, max_size=2, unique=True)
words = st.fixed_dictionaries(
    {
        "insecure": st.lists(hosts, min_size=1, max_size=4, unique=True),
        "mirrors": st.lists(sources, max_size=3, unique_by=lambda one: one["source"]),
        "blocked": st.just("all") | listed | st.just([]),
    },
    optional={"search": st.lists(st.sampled_from(LAB), min_size=1, max_size=2, unique=True)},
)


@st.composite
def nodes(draw: Any) -> dict[str, Any] | None:
    """The files of a node, as a forecast names them for a policy, and where it says that images come from.

    None for a policy that the forecast refuses, or of which nothing arrives.
    """
    said = draw(words)
    if said["blocked"] == "all":
        said["allowed"] = draw(st.lists(scopes, min_size=1, max_size=3, unique=True))
    near = [one["source"] for one in said["mirrors"]] or [*said.get("allowed", ()), *said["insecure"]]
    tables = [{"prefix": prefix} for prefix in (*near, LAB[0])]
    names = draw(st.lists(references([{"registry": tables}]), min_size=2, max_size=2, unique=True))
    try:
        found = forecast.of_cluster(CLUSTER, policy=read_policy(said), images=names)
    except Problem:
        return None
    if found["error"]:
        return None
    files = {path.removeprefix("/etc/containers/"): text for path, text in found["files"].items()}
    drop_ins = {
        path.rpartition("/")[2]: text for path, text in files.items() if path.startswith("registries.conf.d/")
    }
    return {
        "words": said, "conf": files["registries.conf"], "policy": files["policy.json"], "drop_ins": drop_ins,
        "pulls": names, "told": found["images"],
    }  # fmt: skip


def draw_nodes(count: int, number: int) -> list[dict[str, Any]]:
    """So many policies of clusters, with the files of their nodes."""
    return _drawn(nodes(), number, 2 * count)[:count]


def draw_cases(count: int, number: int) -> list[dict[str, Any]]:
    """So many different cases, the same each time for the same number."""
    return _drawn(cases(), number, count)


def _drawn(strategy: Any, number: int, examples: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    @seed(number)
    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def note(case: dict[str, Any] | None) -> None:
        if case and case not in found:
            found.append(case)

    note()
    return found
