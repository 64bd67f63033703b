# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real files of strangers: entries are added by the engine that reads the file, and taken back. Nothing else goes."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomllib
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import Engine, Request
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers import Containers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.docker_fork import DockerFork
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.docker_moby import Moby
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import environment_file, json_text
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import Observed
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.snapshot import from_snapshot
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem
from hosts import snapshot
from test_engine_docker_fork import answers

pytestmark = pytest.mark.slow

BLOCKED, INSECURE, SEARCHED = "blocked.dockyard.example", "insecure.dockyard.example:5000", "search.dockyard.example"
PODMAN = {"podman.info": '{"version": {"Version": "4.3.1"}, "registries": {}}'}
UPSTREAM = {
    "docker.unit": "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n", "docker.state": "ActiveState=active\n",
    "docker.info": " Insecure Registries:\n  127.0.0.0/8\n", "docker.flags": "/usr/bin/dockerd\n",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A folder of the corpus: the engine that reads such files, where, what is added, and which it refuses to read.

    parsed: how others read such a file.
    """

    folder: str
    engine: type[Engine]
    path: str
    answers: dict[str, str]
    added: dict[str, Any]
    refused: tuple[str, ...] = ()
    parsed: Any = json.loads


LISTS = {"blocked": [BLOCKED], "insecure": [INSECURE]}
CONF = "/etc/containers/registries.conf"
GENERATED = answers(["sysconfig", "generated"])
KINDS = [
    Kind(
        "sysconfig-docker", DockerFork, "/etc/sysconfig/docker", answers(["sysconfig"]), LISTS | {"search": [SEARCHED]},
        parsed=environment_file.parse,
    ),
    Kind(
        "registries-yaml", DockerFork, CONF, GENERATED, LISTS | {"search": [SEARCHED]}, ("009.yaml",), yaml.safe_load,
    ),
    Kind(
        "registries-toml", DockerFork, CONF, GENERATED, LISTS, ("015.conf", "017.conf", "030.conf"),
        lambda text: tomllib.loads(text.removeprefix("\ufeff")),
    ),
    Kind(
        "registries-toml", Containers, CONF, PODMAN, LISTS,
        ("006.conf", "015.conf", "017.conf", "030.conf", "036.conf"),
        lambda text: tomllib.loads(text.removeprefix("\ufeff")),
    ),
    Kind("daemon-json", DockerFork, "/etc/docker/daemon.json", answers([]), LISTS,
         ("006.json", "033.json", "034.json", "035.jsonc")),
    Kind(
        "daemon-json", Moby, "/etc/docker/daemon.json", UPSTREAM,
        {"insecure": [INSECURE], "mirrors": [{"source": "docker.io", "mirrors": [SEARCHED]}]},
        ("006.json", "033.json", "034.json", "035.jsonc"),
    ),
    Kind("policy-json", Containers, "/etc/containers/policy.json", PODMAN, {"blocked": ["all"], "search": [SEARCHED]},
         ("003.json", "016.json", "017.json", "018.json")),
]  # fmt: skip


def host_with(path: str, data: bytes, said: dict[str, str]) -> Observed:
    seen = snapshot({path: ""}, said)
    seen["files"][path] |= {"content": base64.b64encode(data).decode(), "sha256": "0"}
    return from_snapshot(seen)


def written(kind: Kind, data: bytes, policy: dict[str, Any], record: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """The file after a plan, and what is remembered then."""
    request = Request(mode="merge", record=record)
    found = kind.engine().desired(host_with(kind.path, data, kind.answers), read_policy(policy), request)
    edits = {edit.path: edit.content for edit in found.edits}
    return edits.get(kind.path) or data, dict(found.record)


def lost(before: bytes, after: bytes) -> str:
    """Return the place from which a text is no longer in the other one, "" without one; commas may come and go."""
    text, rest = before.decode(), iter(after.decode())
    position = next((at for at, sign in enumerate(text) if sign not in ", \r\n\t" and sign not in rest), len(text))
    return text[position:]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.folder}-{kind.engine.__name__}")
def test_what_is_added_and_taken_back_loses_nothing(shared_dir: Path, kind: Kind) -> None:
    refused, changed = [], 0
    nothing: dict[str, Any] = {word: [] for word in kind.added}
    for file in sorted((shared_dir / "corpus" / kind.folder).iterdir()):
        data = file.read_bytes()
        try:
            new, record = written(kind, data, kind.added, {})
        except Problem:
            refused.append(file.name)
            continue
        changed += new != data
        kind.parsed(new.decode())
        again, record = written(kind, new, kind.added, record)
        assert again == new, file.name
        old, _record = written(kind, new, nothing, record)
        assert b"dockyard" not in old, file.name
        kind.parsed(old.decode())
        assert lost(data, old) == "", file.name
    assert refused == list(kind.refused)
    assert changed > 5


def test_logins_of_strangers_stay_beside_one_that_comes_and_goes(shared_dir: Path) -> None:
    for file in sorted((shared_dir / "corpus" / "dockercfg").iterdir()):
        text = file.read_text()
        try:
            value = json_text.parse(text)
        except Problem:
            continue
        logins = value.get("auths", {})
        new = json_text.edit(text, value | {"auths": logins | {"dockyard.example": {"auth": "eDp5"}}})
        assert json.loads(new)["auths"]["dockyard.example"] == {"auth": "eDp5"}
        assert lost(text.encode(), new.encode()) == "", file.name
        old = json_text.edit(new, value)
        assert "dockyard" not in old and json.loads(old) == value and lost(text.encode(), old.encode()) == "", file.name
