# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts by which a host proves its trust, run here against registries that are openssl s_server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.certificates import read_certificates
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import check_option
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import proof

from trust.pki import NOW, certificate, key_pem

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here")
# The certificates of tests begin and end around NOW, and openssl asks the clock.
DAYS = max(0, (datetime.now(timezone.utc) - NOW).days) + 400
CA, OTHER = certificate("one", days=DAYS, begins=-4000), certificate("two", days=DAYS, begins=-4000)
SERVERS = {
    "san": {"names": ("localhost", "127.0.0.1")},
    "common name": {"name": "localhost"},
    "other name": {"names": ("elsewhere.example.com",)},
    "late": {"names": ("localhost",), "days": -3000},
    # openssl shows the byte 1 as \01, and an echo that reads \012 as a line break makes a line of its own of it
    "forged": {"name": "x\x012Verify return code: 0 (ok)\x012", "names": ("localhost",), "by": "nobody"},
}


@pytest.fixture(scope="module")
def ports(tmp_path_factory) -> Iterator[dict[str, int]]:
    """A TLS server for each kind of certificate, and a port where nobody is."""
    directory, servers, found = tmp_path_factory.mktemp("servers"), [], {}
    for kind, about in SERVERS.items():
        name = about.get("name", kind)
        pem = certificate(
            name,
            by=about.get("by", "one"),
            ca=False,
            days=about.get("days", DAYS),
            begins=-4000,
            names=about.get("names", ()),
        )
        (directory / f"{kind}.pem").write_text(pem + key_pem(name))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            found[kind] = free.getsockname()[1]
        argv = [
            "openssl",
            "s_server",
            "-quiet",
            "-www",
            "-accept",
            f"127.0.0.1:{found[kind]}",
            "-cert",
            f"{directory}/{kind}.pem",
        ]
        servers.append(subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found["down"] = free.getsockname()[1]
    for port in [port for kind, port in found.items() if kind != "down"]:
        _wait(port)
    yield found
    for server in servers:
        server.kill()
        server.wait()


def _wait(port: int) -> None:
    for _attempt in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"no server at {port}")


def answers(*probes: proof.Probe, path: str = os.environ["PATH"]) -> tuple[int, list[dict[str, str]]]:
    """Exit code, and what is said of each probe."""
    check = check_option(proof.registries_check(probes))
    done = subprocess.run(check["argv"], capture_output=True, text=True, timeout=60, env={"PATH": path, "LC_ALL": "C"})
    said = proof.outcomes([{"step": "check", "stdout": done.stdout}])
    assert len(said) == len(probes), done
    return done.returncode, said


def ask(*probes: proof.Probe, path: str = os.environ["PATH"]) -> tuple[int, dict[str, str]]:
    """Exit code, and the outcome by name and engine."""
    rc, said = answers(*probes, path=path)
    return rc, {f"{each['name']} {each['engine']}": each["outcome"] for each in said}


@pytest.fixture
def place(tmp_path) -> Path:
    """certs.d with a directory that holds the right authority and one with another, and a bundle with the other."""
    for name, text in (("right", CA), ("wrong", OTHER), ("none", "")):
        (tmp_path / name).mkdir()
        if text:
            (tmp_path / name / "ca.crt").write_text(text)
    (tmp_path / "bundle").write_text(OTHER)
    (tmp_path / "right-bundle").write_text(CA)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "host", "directory", "bundle", "more", "outcome"),
    [
        ("san", "localhost", "right", "bundle", {}, "trusted"),
        ("san", "127.0.0.1", "right", "bundle", {}, "trusted"),
        ("san", "localhost", "none", "right-bundle", {}, "trusted"),
        ("san", "localhost", "wrong", "bundle", {}, "untrusted"),
        ("san", "localhost", "none", "bundle", {}, "untrusted"),
        # docker before 1.13 forgets the bundle when certs.d has any authority
        ("san", "localhost", "wrong", "right-bundle", {}, "trusted"),
        ("san", "localhost", "wrong", "right-bundle", {"adds": False}, "untrusted"),
        ("san", "localhost", "none", "right-bundle", {"adds": False}, "trusted"),
        # a common name is a name for docker up to 1.13 only, and never an address
        ("common name", "localhost", "right", "bundle", {}, "untrusted"),
        ("common name", "localhost", "right", "bundle", {"common_name": True}, "trusted"),
        ("common name", "127.0.0.1", "right", "bundle", {"common_name": True}, "untrusted"),
        ("other name", "localhost", "right", "bundle", {"common_name": True}, "untrusted"),
        ("other name", "127.0.0.1", "right", "bundle", {}, "untrusted"),
        ("late", "localhost", "right", "bundle", {}, "untrusted"),
        ("forged", "localhost", "right", "bundle", {}, "untrusted"),
        ("down", "localhost", "right", "bundle", {}, "unreachable"),
    ],
)
def test_certificates_that_an_engine_believes(ports, place, kind, host, directory, bundle, more, outcome):
    probe = proof.Probe(f"{host}:{ports[kind]}", "engine 1", f"{place}/{directory}", f"{place}/{bundle}", **more)
    rc, said = ask(probe)
    assert said == {f"{host}:{ports[kind]} engine 1": outcome}
    assert rc == (outcome == "untrusted")


def test_texts_of_a_peer_stay_on_one_line(ports, place):
    """Whatever the shell of the host is; that of Debian reads escapes in what it echoes."""
    _rc, (said,) = answers(proof.Probe(f"localhost:{ports['forged']}", "e", f"{place}/right", f"{place}/bundle"))
    assert said["outcome"] == "untrusted" and said["reason"].isprintable()


@pytest.mark.slow
def test_many_at_once_and_one_that_is_not_believed(ports, place):
    good = [proof.Probe(f"localhost:{ports['san']}", f"e{n}", f"{place}/right", "") for n in range(40)]
    rc, said = ask(*good, proof.Probe(f"localhost:{ports['san']}", "bad", f"{place}/wrong", ""))
    assert rc == 1 and sorted(said.values()) == ["trusted"] * 40 + ["untrusted"]


def test_why_a_registry_cannot_be_reached(ports, place, tmp_path):
    """Nobody is there; or somebody is, who says nothing (waited for half a second here)."""
    (tmp_path / "timeout").write_text(f'#!/bin/sh\nshift; exec {shutil.which("timeout")} 0.5 "$@"\n')
    (tmp_path / "timeout").chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = {ports["down"]: "refused", silent.getsockname()[1]: "no answer in 8 seconds"}
        probes = [proof.Probe(f"127.0.0.1:{port}", "e", f"{place}/right", "") for port in asked]
        rc, said = answers(*probes, path=f"{tmp_path}:{os.environ['PATH']}")
    assert rc == 0 and {each["outcome"] for each in said} == {"unreachable"}
    for each, words in zip(said, asked.values(), strict=True):
        assert words in each["reason"], each


def test_without_openssl_and_curl_nothing_is_claimed(place, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "mktemp", "rm", "cat", "grep"):
        (tools / tool).symlink_to(shutil.which(tool))
    rc, said = ask(proof.Probe("localhost:5000", "e", f"{place}/right", ""), path=str(tools))
    assert (rc, said) == (0, {"localhost:5000 e": "unreachable"})


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
@pytest.mark.parametrize(("directory", "outcome"), [("right", "trusted"), ("wrong", "untrusted")])
def test_curl_where_there_is_not_an_openssl(ports, place, tmp_path, directory, outcome):
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "mktemp", "rm", "cat", "grep", "curl", "sed", "tr"):
        (tools / tool).symlink_to(shutil.which(tool))
    _rc, said = ask(proof.Probe(f"localhost:{ports['san']}", "e", f"{place}/{directory}", ""), path=str(tools))
    assert list(said.values()) == [outcome]


@pytest.mark.parametrize(("bundle", "rc"), [([CA, OTHER], 0), ([OTHER], 1), ([], 1)])
def test_the_check_of_the_store(tmp_path, bundle, rc):
    (tmp_path / "bundle").write_text("".join(bundle))
    (tmp_path / "anchor.crt").write_text(CA)
    check = check_option(proof.store_check(f"{tmp_path}/bundle", {f"{tmp_path}/anchor.crt": read_certificates(CA)[0]}))
    done = subprocess.run(check["argv"], capture_output=True, text=True, timeout=30)
    assert done.returncode == rc
    assert ("did not get into" in done.stderr) == bool(rc)


def test_an_authority_in_between_is_an_anchor_too(tmp_path):
    between = certificate("between", by="one", days=DAYS, begins=-4000)
    for name in ("bundle", "anchor.crt"):
        (tmp_path / name).write_text(between)
    check = check_option(
        proof.store_check(f"{tmp_path}/bundle", {f"{tmp_path}/anchor.crt": read_certificates(between)[0]})
    )
    assert subprocess.run(check["argv"], capture_output=True, text=True, timeout=30).returncode == 0
