# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins at work: an image that needs one is refused before, comes after, and is refused again without the login."""

from __future__ import annotations

import base64
import json

import pytest
from conftest import AUTH_FILE
from test_trust import PORT as PRIVATE
from test_trust import entry

IMAGE = f"{PRIVATE}/tools/hello:1"
#: Node → how it pulls, and where its engine reads logins.
CLIENTS = {
    "podman1": ("podman pull", "/root/.config/containers/auth.json"),
    "origin1": ("docker pull", "/root/.docker/config.json"),
    "moby1": ("docker pull", "/root/.docker/config.json"),
}
#: The fork asks a registry of the first version next, which has no such image.
NO_LOGIN = {
    "podman1": "authentication required", "moby1": "no basic auth credentials",
    "origin1": "Error: image tools/hello:1 not found",
}  # fmt: skip
#: With white space as a person left it: no byte of it may change.
OF_OTHERS = '{ "auths": {\n\t"other.example.com": {"auth": "eDp5", "email": "x@example.com"} } ,"HttpHeaders":{}}\n'
#: By a certificate: to an insecure registry docker talks in plain text, too, and may report that alone.
ALONE = {"trust": [entry()]}


@pytest.fixture(scope="module")
def login() -> dict[str, str]:
    auth = json.loads(AUTH_FILE.read_text())["auths"][PRIVATE]["auth"]
    username, _colon, password = base64.b64decode(auth).decode().partition(":")
    return {"registry": PRIVATE, "username": username, "password": password}


@pytest.fixture(params=CLIENTS)
def node(request, controller, untrusting):
    """A node that has lost the login of the lab; afterwards it has it again."""
    node = untrusting(request.param)
    path = CLIENTS[node.name][1]
    before = node.read(path)
    node.sh(f"rm {path}")
    done = controller.task(node, "host_policy", ALONE)
    assert done.rc == 0, done.output
    yield node
    node.sh(f"mkdir -p $(dirname {path}); umask 077; cat > {path}", data=before.encode())


def refused(node) -> None:
    said = node.sh(f"{CLIENTS[node.name][0]} {IMAGE} && echo PULLED", check=False)
    assert "PULLED" not in said and NO_LOGIN[node.name] in said, said


def served(node) -> None:
    assert "PULLED" in node.sh(f"{CLIENTS[node.name][0]} {IMAGE} && echo PULLED", check=False)


def with_logins(*logins, **more):
    return {**ALONE, "credentials": list(logins), **more}


@pytest.mark.parametrize("there", [None, OF_OTHERS], ids=["no file", "a file of others"])
def test_refused_then_served_then_refused_again(controller, node, login, there):
    path = CLIENTS[node.name][1]
    if there:
        node.write(path, there)
        node.sh(f"chmod 600 {path}")
    refused(node)
    asked = with_logins(login, verify_logins=True)
    foreseen = controller.task(node, "host_policy", asked, "--check", "--diff")
    assert foreseen.rc == 0 and foreseen.last["changed"], foreseen.output
    assert node.sh(f"cat {path} 2>/dev/null; true") == (there or ""), "check mode wrote something"

    done = controller.task(node, "host_policy", asked, "--diff")
    assert done.rc == 0 and done.last["plan"]["id"] == foreseen.last["plan"]["id"], done.output
    assert node.sh(f"stat -c '%a %U' {path}").split() == ["600", "root"]
    served(node)
    for flags in (("--check",), ()):
        again = controller.task(node, "host_policy", asked, *flags)
        assert again.rc == 0 and not again.last["changed"], again.output

    gone = with_logins({"registry": PRIVATE, "state": "absent"})
    done = controller.task(node, "host_policy", gone)
    assert done.rc == 0 and done.last["changed"], done.output
    refused(node)
    assert node.sh(f"cat {path} 2>/dev/null; true") == (there or ""), "not another byte has changed"


def test_a_wrong_login_is_found_out_by_the_host_and_nothing_is_changed(controller, node, login):
    wrong = with_logins({**login, "password": "not-the-password"}, verify_logins=True)
    done = controller.task(node, "host_policy", wrong)
    assert done.rc == 2 and "everything is as it was before" in done.last["msg"], done.output
    assert not node.sh(f"cat {CLIENTS[node.name][1]} 2>/dev/null; true")
    refused(node)


def test_no_form_of_a_password_leaves_the_host(controller, node, login):
    """Neither at -vvvv, nor in a difference or the record of the host, nor through its process list."""
    both = f"{login['username']}:{login['password']}"
    forms = [login["password"], *(base64.b64encode(text.encode()).decode() for text in (login["password"], both))]
    node.sh(": > /tmp/processes; : > /tmp/watched")
    watch = node.background(
        "while test -e /tmp/watched; do cat /proc/[0-9]*/cmdline >> /tmp/processes 2>/dev/null; done"
    )
    try:
        asked = with_logins(login, verify_logins=True)
        runs = [controller.task(node, "host_policy", asked, "-vvvv", "--diff", *flags) for flags in (("--check",), ())]
        seen = node.sh("cat /tmp/processes; cat /var/lib/dockyard/state.json")
    finally:
        node.sh("rm -f /tmp/watched")
        watch.wait(20)
        node.sh("rm -f /tmp/processes")
    assert runs[1].rc == 0 and runs[1].last["changed"], runs[1].output
    for form in forms:
        assert form not in seen
        assert not [run for run in runs if form in run.output or form in str(run.results)]
    assert "(secret " in runs[1].output, "and yet it is of use"
    assert node.sh("find /var/lib/dockyard -perm /077 ! -type d", check=False) == ""
