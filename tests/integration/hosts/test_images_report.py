# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`container_registries_info images:` beside what podman says on the same host that it does to pull these images."""

from __future__ import annotations

import json
import re
import tempfile

import pull_registries
import pytest
import real_pulls
import yaml
from conftest import REPOSITORY, Controller

pytestmark = pytest.mark.engines

DATA = REPOSITORY / "tests/data"
HOST = yaml.safe_load((DATA / "hosts/images_report.yml").read_text())
LOGINS = yaml.safe_load((DATA / "auth_files/find.yml").read_text())
CONNECTION = "containers.podman.podman"  # the node has no ssh
SECRETS = ("bGFiOng=", "not for the eyes of a report")
HELPER = "/usr/local/bin/docker-credential-pass"


@pytest.fixture(scope="module")
def equipped(puller):
    """With a helper that knows every login."""
    pull_registries.seed()
    pull_registries.equip(puller)
    puller.write(HELPER, f"#!/bin/sh\necho '{json.dumps({'Username': 'lab', 'Secret': SECRETS[1]})}'\n")
    puller.sh(f"chmod +x {HELPER}")
    yield puller
    puller.sh(f"rm {HELPER}")


@pytest.fixture(scope="module")
def pulled(equipped):
    """Image → what podman did."""
    equipped.sh("mkdir -p " + " ".join(HOST["directories"]))
    pulls = [{"files": HOST["files"], "tool": "podman", "reference": name} for name in HOST["images"]]
    return dict(zip(HOST["images"], real_pulls.pull_all(equipped, pulls), strict=True))


@pytest.fixture(scope="module")
def reported(equipped, pulled, tmp_path_factory):
    """Image → the report's candidates."""
    scratch = tmp_path_factory.mktemp("report")
    inventory = scratch / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {equipped.name: {"ansible_connection": CONNECTION}}}}))
    with tempfile.TemporaryDirectory(prefix="cp-") as sockets:
        options = {"images": list(HOST["images"])}
        run = Controller(scratch, sockets).task(equipped, "container_registries_info", options, inventory=inventory)
    assert run.rc == 0, run.output
    assert not any(secret in run.output + json.dumps(run.tasks) for secret in SECRETS)
    return {answer["image"]: answer["candidates"] for answer in run.last["images"]}


def endpoints(candidates):
    return [endpoint for candidate in candidates for endpoint in candidate["endpoints"]]


def by_endpoint(pull):
    """The messages of each attempt."""
    starts = [number for number, message in enumerate(pull.said) if message.startswith("Trying to access ")]
    return [pull.said[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def told(messages, words):
    """Return the word behind these words in one of the messages."""
    return next((found[1] for message in messages if (found := re.fullmatch(rf"{words}(\S+)", message))), None)


images = pytest.mark.parametrize("name", HOST["images"])


@images
def test_endpoints(pulled, reported, name):
    """In order as far as podman went: reference, blocked or not, insecure or not."""
    attempts, found = pulled[name].attempts, endpoints(reported[name])
    assert attempts and (len(attempts) == len(found) or pulled[name].image)
    for endpoint, attempt in zip(found, attempts, strict=False):
        assert endpoint["reference"] == attempt.reference
        assert endpoint["blocked"] == (attempt.outcome == "blocked")
        assert endpoint["insecure"] == ("http" in attempt.schemes) or endpoint["blocked"]


@images
def test_who_blocks(equipped, reported, name):
    """podman does not say it; that it is this entry shows the table, and the line in the file."""
    blocked = [endpoint["blocked_by"] for endpoint in endpoints(reported[name]) if endpoint["blocked"]]
    assert [f"{entry['file']}:{entry['line']}" for entry in blocked] == HOST["images"][name].get("blocked", [])
    for entry in blocked:
        lines = equipped.read(entry["file"]).splitlines()[entry["line"] - 1 :]
        assert lines[:3] == ["[[registry]]", f'location = "{entry["prefix"]}"', "blocked = true"]


@images
def test_logins_and_certificates(equipped, pulled, reported, name):
    for endpoint, messages in zip(endpoints(reported[name]), by_endpoint(pulled[name]), strict=False):
        file = told(messages, r"Found credentials for \S+ in credential helper containers-auth.json in file ")
        assert (endpoint["credential"] or {"file": None})["file"] == file
        directory = told(messages, "Looking for TLS certificates and private keys in ")
        there = equipped.sh(f"test -d {directory} && echo there", check=False)
        assert endpoint["ca_directory"] == (directory if there else None)


@images
def test_policy(pulled, reported, name):
    """podman speaks of it once it has an image."""
    scopes = [told([message], r' Using transport "docker" specific policy section ') for message in pulled[name].said]
    asked = [message for message in pulled[name].said if message.startswith("IsRunningImageAllowed")]
    policy = reported[name][0]["policy"]
    assert bool(asked) == HOST["images"][name].get("policy", False)
    if asked:
        assert policy["scope"] == next((scope for scope in scopes if scope), None)
        accepted = policy["requirement"] == [{"type": "insecureAcceptAnything"}]
        assert (accepted, not accepted) == (bool(pulled[name].image), "policy" in pulled[name].refused)


def test_the_table_of_logins(equipped):
    """Its rows are what podman does, too."""
    names = dict(zip(("run", "config", "docker", "old"), pull_registries.AUTH_FILES, strict=True))
    rows = [{path: row.get(name) for name, path in names.items()} for row in LOGINS]
    pulls = [
        {"files": files, "tool": "podman", "reference": row["image"]} for files, row in zip(rows, LOGINS, strict=True)
    ]
    for row, pull in zip(LOGINS, real_pulls.pull_all(equipped, pulls), strict=True):
        file = told(pull.said, r"Found credentials for \S+ in credential helper containers-auth.json in file ")
        assert file == (names[row["found"][0]] if row.get("found") else None), row
        assert ("getting username and password" in pull.attempts[0].outcome) == ("refused" in row), row


def test_helpers_of_the_configuration(equipped):
    """They come in the order of the configuration, and one that is not a file is asked for the registry."""
    conf = 'credential-helpers = ["pass", "containers-auth.json"]\n'
    pulls = [{"files": {real_pulls.CONF: conf}, "tool": "podman", "reference": "quay.io/pulls/app:1"}]
    (pull,) = real_pulls.pull_all(equipped, pulls)
    assert told(pull.said, "Found credentials for quay.io in credential helper ") == "pass"
