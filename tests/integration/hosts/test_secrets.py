# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing secret leaves a host: not at -vvvv, not in a diff, not into its journal, not through its process list."""

from __future__ import annotations

import secrets

import pytest
from test_quartet import EVERY_WORD

DROP_IN = "/etc/systemd/system/docker.service.d/proxy.conf"


@pytest.fixture
def planted(request):
    """Random values where secrets live on hosts, by what they are."""
    return {name: f"Planted{secrets.token_hex(12)}" for name in ("auth", "proxy", "key", "option")}


@pytest.fixture(params=["podman1", "origin1", "moby1"])
def node(request, planted):
    node = request.getfixturevalue(request.param)
    node.write("/root/.config/containers/auth.json", '{"auths":{"a.example.com":{"auth":"%s"}}}' % planted["auth"])
    node.write("/root/.docker/config.json.planted", planted["auth"])
    node.write("/etc/docker/certs.d/a.example.com/client.key", planted["key"])
    if node.name == "origin1":
        text = node.read("/etc/sysconfig/docker")
        text = text.replace(
            "OPTIONS='", f"OPTIONS='--insecure-registry 10.0.0.0/8 --log-opt splunk-token={planted['option']} "
        )
        node.write(
            "/etc/sysconfig/docker", f"{text}\nHTTP_PROXY=http://me:{planted['proxy']}@proxy.example.com:3128/\n"
        )
    if node.name == "moby1":
        node.write(DROP_IN, f"[Service]\nEnvironment=HTTP_PROXY=http://me:{planted['proxy']}@proxy.example.com:3128/\n")
        node.write("/etc/docker/daemon.json", '{"log-opts": {"tag": "%s"}}' % planted["option"])
        node.sh("systemctl daemon-reload; systemctl restart docker.service")
    node.sh("journalctl --rotate --vacuum-time=1s >/dev/null 2>&1; : > /tmp/processes; : > /tmp/watched")
    return node


def test_secrets_stay_where_they_are(controller, node, planted):
    policy = EVERY_WORD[node.name]
    watch = node.background(
        "while test -e /tmp/watched; do cat /proc/[0-9]*/cmdline >> /tmp/processes 2>/dev/null; done"
    )
    try:
        runs = [
            controller.task(node, "container_registries", policy, "-vvvv", "--diff", *flags)
            for flags in (("--check",), (), ())
        ]
        runs.append(controller.task(node, "container_registries_info", policy, "-vvvv"))
        seen = node.sh(
            "cat /tmp/processes; journalctl --no-pager 2>/dev/null; cat /var/log/messages 2>/dev/null; true",
            check=False,
        )
    finally:
        node.sh("rm -f /tmp/watched")
        watch.wait(20)
        node.sh("rm -f /tmp/processes")
    assert runs[1].last["changed"], runs[1].output
    # the engine's own command line may hold its options; that is where the admin put them
    own = [line for line in seen.split("\0") if planted["option"] not in line]
    for name, value in planted.items():
        for run in runs:
            assert value not in run.output, f"{name} in the output"
            assert value not in str(run.results), f"{name} in the result"
        assert value not in "\0".join(own) or name == "option", f"{name} in a command line or the journal"
    assert node.sh("find /var/lib/dockyard -perm /077 ! -type d", check=False) == ""
    assert node.sh("stat -c %a /var/lib/dockyard").strip() == "700"
