# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client's private key: in no output, diff, journal or command line; on the host for its owner alone, always."""

from __future__ import annotations

import base64
import json
import subprocess

import pytest
from test_trust import CA, NODES, entry, trust
from trust.pki import certificate, key_pem

pytestmark = pytest.mark.trust

CA_KEY = CA.with_suffix(".key")


@pytest.fixture(params=NODES)
def node(request, untrusting):
    return untrusting(request.param)


@pytest.fixture
def key():
    return key_pem("client")


@pytest.fixture
def line(key):
    """A line of the key, by which to find it."""
    return key.splitlines()[1]


def with_client(key, name="client"):
    """Nobody asks for it, so who has signed it is nobody's concern."""
    return [entry(client_cert=certificate(name, by="some authority", ca=False, days=40000), client_key=key)]


def holders(node, key):
    """Files on the host that hold the key, plainly or as the journal keeps what was there: path → (mode, owner)."""
    coded = base64.b64encode(key.encode()).decode()[120:180]  # before that all keys of a kind are alike
    found = node.sh(
        f"grep -rlsF -e '{key.splitlines()[1]}' -e '{coded}' /etc /var/lib /root /tmp /var/tmp /run /dev/shm | "
        "xargs -r stat -c '%a %u %n'",
        check=False,
    )
    return {path: (mode, owner) for mode, owner, path in (line.split(" ", 2) for line in found.splitlines())}


@pytest.mark.parametrize(
    ("node", "moment"),
    [("podman1", "staged"), ("podman1", "between two renames"), ("origin1", "checking")],
    indirect=["node"],
)
def test_for_its_owner_alone_while_it_is_being_written(controller, node, key, moment):
    """The new key and the one that it replaces."""
    old = key_pem("old")
    assert trust(controller, node, with_client(old, "old"), verify="none").rc == 0
    node.stop_at(moment)
    started = controller.begin(node, {"trust": with_client(key), "verify": "store"}, task="registry_trust")
    node.stopped()
    new_at, old_at = holders(node, key), holders(node, old)
    node.go_on()
    run = controller.ended(started)
    assert run.rc == 0, run.output
    assert set(new_at.values()) == set(old_at.values()) == {("600", "0")}, (new_at, old_at)
    assert "/var/lib/dockyard/journal.json" in old_at and "/var/lib/dockyard/journal.json" not in new_at
    assert holders(node, old) == {}
    assert {path.rpartition("/")[2] for path in holders(node, key)} == {"dockyard.key"}


# As fast as it goes, for every name that the key may have; the shell's own patterns cost no process.
WATCH = r"""
while test -e /tmp/watching; do
  for file in /etc/containers/certs.d/*/.dockyard-* /etc/containers/certs.d/*/*.key /etc/docker/certs.d/*/.dockyard-* \
              /etc/docker/certs.d/*/*.key /var/lib/dockyard/journal.json*; do
    test -e "$file" && find "$file" -perm /077 -exec grep -lsF 'PRIVATE KEY' {} + 2>/dev/null
  done
done
"""


@pytest.mark.parametrize("node", ["podman1", "origin1"], indirect=True)
def test_nowhere_a_person_or_a_program_sees_it(controller, node, key, line):
    node.sh("journalctl --rotate --vacuum-time=1s >/dev/null 2>&1; : > /tmp/watching; : > /tmp/processes", check=False)
    open_files = node.background(WATCH)
    processes = node.background(
        "while test -e /tmp/watching; do cat /proc/[0-9]*/cmdline >> /tmp/processes 2>/dev/null; done"
    )
    another = with_client(key_pem("other"), "other")
    try:
        runs = [
            trust(controller, node, entries, "-vvvv", "--diff", *flags, verify="store")
            for entries, flags in ((with_client(key), ("--check",)), (with_client(key), ()), (another, ()), ([], ()))
        ]
        runs.append(controller.task(node, "registry_trust_info", {"trust": with_client(key)}, "-vvvv"))
    finally:
        node.sh("rm -f /tmp/watching")
        loud = open_files.communicate(timeout=30)[0]
        processes.wait(30)
    seen = node.sh("cat /tmp/processes; rm /tmp/processes; journalctl --no-pager 2>/dev/null; true")
    assert [run.last["changed"] for run in runs] == [True, True, True, True, False], runs[1].output
    assert loud == "", "somebody else could have read it"
    for secret in (line, key_pem("other").splitlines()[1]):
        assert all(secret not in run.output and secret not in json.dumps(run.results) for run in runs)
        assert secret not in seen
    assert "private key of CN=client" in runs[1].output, "its existence is public"


# -- a registry that asks for it --------------------------------------------------------------------------------------

ASKING = "registry.lab.example:5004"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A client's certificate, signed by the lab's authority, and its key."""
    where = tmp_path_factory.mktemp("client")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "30",
         "-subj", "/CN=node", "-CA", CA, "-CAkey", CA_KEY, "-addext", "basicConstraints=CA:FALSE",
         "-addext", "extendedKeyUsage=clientAuth", "-keyout", where / "client.key", "-out", where / "client.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    return {"client_cert_file": str(where / "client.crt"), "client_key_file": str(where / "client.key")}


def test_a_registry_that_asks_for_a_client_certificate(controller, node, pair):
    assert trust(controller, node, [entry(registry=ASKING)], verify="store").rc == 0
    client = "podman" if node.name == "podman1" else "docker"
    pull = f"{client} pull {ASKING}/tools/hello:1 && echo PULLED"
    assert "PULLED" not in node.sh(pull, check=False), "without a certificate of its own"
    run = trust(controller, node, [entry(registry=ASKING, **pair)])
    assert run.rc == 0, run.output
    assert [found["outcome"] for found in run.last["verified"]] == ["trusted"]
    assert "PULLED" in node.sh(pull, check=False)
    found = node.sh(f"find /etc/*/certs.d -path '*{ASKING}/dockyard.key' -exec stat -c '%a %U' {{}} +")
    assert set(found.splitlines()) == {"600 root"}
