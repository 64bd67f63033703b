# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that registries show: what the host runs, and what the report makes of it."""

from __future__ import annotations

import os
import subprocess

from ansible_collections.dockyard.openshift.plugins.action import registry_trust_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import shown
from hosts import host
from tasks import asked, run

from trust.pki import NOW, certificate

_OPENSSL = """#!/bin/sh
case "$1 $3" in
  "s_client "*down*) echo "connect: Connection refused errno=111" >&2; exit 1;;
  "s_client "*) echo "$*" >>"{log}"; cat "{pem}";;
  *) sed -n '/BEGIN/,/END/p' | grep .;;
esac
"""


def test_what_registries_show(tmp_path):
    (tmp_path / "pem").write_text("depth=0\n" + certificate("one"))
    (tmp_path / "openssl").write_text(_OPENSSL.format(log=tmp_path / "log", pem=tmp_path / "pem"))
    (tmp_path / "openssl").chmod(0o755)
    ((_name, argv, *_more),) = shown.watch(["a.example.com", "down.example.com:5000", "192.0.2.1:5000"]).commands
    said = subprocess.run(
        argv, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, capture_output=True, text=True, check=True
    ).stdout
    first, second, third = shown.report(host({}, {"trust.shown": said}), NOW)
    assert (first["name"], first["certificate"]["subject"], first["reason"]) == ("a.example.com", "CN=one", "")
    assert first["certificate"]["days_left"] > 0 and third["name"] == "192.0.2.1:5000"
    assert (second["certificate"], "Connection refused" in second["reason"]) == (None, True)
    assert sorted((tmp_path / "log").read_text().splitlines()) == [
        "s_client -connect 192.0.2.1:5000", "s_client -connect a.example.com:443 -servername a.example.com",
    ]  # fmt: skip


def test_a_host_connects_only_when_it_is_asked_until_when():
    trust = [{"registry": "a.example.com", "ca": certificate("one")}]
    for more, connects in (({}, False), ({"expires_in_days": 30}, True)):
        done = run(registry_trust_info.ActionModule, {"trust": trust, **more}, [{"uid": 0, "user": "root"}])
        names = [each["name"] for each in asked(done.calls[0][1])["commands"]]
        assert ("trust.shown" in names) is connects
