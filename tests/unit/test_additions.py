# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up engine, feature, task and kind of object work with the lines that docs/architecture.md names, and no other.

The made-up word is in test_policy.py.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import (
    cluster_registries,
    container_registries,
    container_registries_info,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils import registries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import registries as of_clusters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.changes import WantedObject
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.kinds import Part
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import Desired, Lists
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.watch import Watch
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.draft import Draft, FileChange
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import HostInfo, HostTask
from ansible_collections.dockyard.openshift.plugins.plugin_utils.variables import Fill
from api_server import KINDS
from api_server import run as run_on_cluster
from hosts import contents, snapshot
from tasks import COMMITTED, run
from test_cluster_registries import cluster

LIST = "/etc/made/registries"
MOTD = "/etc/motd"


class Made:
    """An engine with one list in one file of one line each, that reads it at every command."""

    name = "made"
    title = "a made-up engine"
    default_mode = "exact"
    watch = Watch(files=(LIST,))
    record: Any = {}

    def _lists(self, host):
        return Lists(search=tuple((host.text(LIST) or "").split()))

    def present(self, host):
        return host.exists(LIST)

    def version(self, host):
        return "1"

    def running(self, host):
        return True

    def in_force(self, host):
        return self._lists(host)

    def desired(self, host, policy, request):
        old, new = host.text(LIST) or "", "".join(f"{name}\n" for name in policy.search or ())
        change = FileChange(LIST, new.encode(), "search", before=old, after=new)
        return Desired(edits=(change,) if new != old else (), expected=Lists(search=tuple(policy.search or ())))

    def withdrawn(self, host, record):
        return Desired()

    def validations(self, host, edits):
        return ()

    def activation(self, host, differs=frozenset()):
        return None

    def refresh(self, host):
        return ()

    def differs(self, host, shown, expected):
        return frozenset() if shown == expected else frozenset({"search"})

    def checks(self, host, expected):
        return ()

    def contradicted(self, host, policy):
        return []

    def report(self, host):
        return self._lists(host).plain() | {"files": [LIST], "problems": []}


@pytest.fixture
def made(monkeypatch):
    """Its line: one engine more in ENGINES."""
    monkeypatch.setattr(registries, "ENGINES", (*registries.ENGINES, Made()))
    monkeypatch.setattr(registries, "WATCH", registries.WATCH + Made.watch)
    looking = container_registries_info.ActionModule
    monkeypatch.setattr(looking, "watch", looking.watch + Made.watch)


def test_a_new_engine_is_one_file_and_one_line(made):
    """Planned, written, reported by the tasks that know nothing of it."""
    host = {**snapshot({LIST: "old.example.com\n"}), "uid": 0, "user": "root"}
    done = run(container_registries.ActionModule, {"search": ["a.example.com"]}, [host], COMMITTED)
    assert done.result["changed"], done.result
    assert contents(done.transactions[0])[LIST] == "a.example.com\n"
    assert [(each["name"], each["search"]) for each in done.result["planned"]] == [("made", ["a.example.com"])]
    seen = run(container_registries_info.ActionModule, {"search": ["a.example.com"]}, [host]).result
    assert seen["account"][0] == "differs from the policy:" and seen["engines"][0]["title"] == Made.title


#: A feature that keeps one line in a file.
GREETING = {"greeting": {"type": "str"}}
greetings = SimpleNamespace(
    WATCH=Watch(files=(MOTD,)),
    WORD_OPTIONS=GREETING, OPTIONS=GREETING, CHANGE_OPTIONS={}, SURVEY_OPTIONS={},
    VARIABLES={"greeting": ("made_greeting",)},
    fill=Fill({"greeting": ("made_greeting",)}),
    read=lambda options, now, read_file, hide: options["greeting"],
    watch=lambda said: Watch(),
    drafts=lambda host, said: [lambda host: _greeting(host, said)],
    withdraw=lambda host: [],
    confirm=lambda host: [],
    report=lambda proposal, said, report: {"greeting": proposal.world.text(MOTD)},
    survey=lambda host, said, options: {"greeting": host.text(MOTD)},
)  # fmt: skip


def _greeting(host, said):
    new = f"{said}\n"
    change = FileChange(MOTD, new.encode(), "greeting", before=host.text(MOTD) or "", after=new)
    return Draft(("greetings",), files=(change,) if host.text(MOTD) != new else ())


class Greet(HostTask):
    """A task with two features."""

    features = (registries, greetings)


class GreetInfo(HostInfo):
    """Its twin that only looks."""

    features = (registries, greetings)


def test_a_new_feature_is_one_module_and_a_new_task_one_line(made):
    """It shares look, plan, transaction and account with a feature that knows nothing of it."""
    host = {**snapshot({LIST: "", MOTD: "go away\n"}), "uid": 0, "user": "root"}
    words = {"search": ["a.example.com"], "greeting": "hello"}
    done = run(Greet, words, [host], COMMITTED)
    assert done.result["changed"] and done.result["greeting"] == "hello\n", done.result
    assert len(done.transactions) == 1
    assert {MOTD: "hello\n", LIST: "a.example.com\n"}.items() <= contents(done.transactions[0]).items()
    assert "    + hello" in done.result["account"]
    seen = run(GreetInfo, words, [host]).result
    assert seen["account"][0] == "differs from the policy:" and seen["greeting"] == "go away\n"


#: A kind that writes one field of an object that no other kind writes.
INFRASTRUCTURE = Ref(KINDS["Infrastructure"], "cluster")
made_kind = SimpleNamespace(
    ACCESS={INFRASTRUCTURE: ("get", "patch")},
    wanted=lambda seen, said: Part((WantedObject(INFRASTRUCTURE, {"spec": {"made": True}}, "search"),)),
)


def test_a_new_kind_of_object_is_one_file_and_one_line(monkeypatch):
    """Read, compared, planned and patched by a task that knows nothing of it; unchanged in a second run."""
    monkeypatch.setattr(of_clusters, "KINDS", (*of_clusters.KINDS, made_kind))
    server = cluster({})
    for changed in (True, False):
        result = run_on_cluster(cluster_registries.ActionModule, {"insecure": ["a.example.com"]}, server)
        assert result["changed"] is changed and not result.get("failed"), result
    assert server.get("Infrastructure", "cluster")["spec"] == {"made": True}
