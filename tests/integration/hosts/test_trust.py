# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates at work: real clients are refused, pull by every name of the registry, and are refused again."""

from __future__ import annotations

import pytest
import yaml
from conftest import REPOSITORY, Node
from trust.pki import certificate

pytestmark = pytest.mark.trust

CA = REPOSITORY / ".cache/lab/ca/ca.crt"
PORT, ADDRESS, BARE = "registry.lab.example:5000", "10.99.77.2:5000", "registry.lab.example"
NAMES = (PORT, ADDRESS, BARE)
UNKNOWN = "x509: certificate signed by unknown authority"
NODES = ("podman1", "origin1", "moby1")

BUNDLES = {"origin1": "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"}
STORE = "/etc/pki/ca-trust/source /usr/local/share/ca-certificates"


def bundle_of(node: Node) -> str:
    return BUNDLES.get(node.name, "/etc/ssl/certs/ca-certificates.crt")


def everything(node: Node) -> str:
    """All that the tasks may change, but for our own records."""
    facts = [line for line in node.facts().splitlines() if "/var/lib/dockyard" not in line]
    return (
        "\n".join(facts)
        + "\n"
        + node.sh(
            f"find {STORE} -printf '%p %y %m %l\\n' 2>/dev/null | sort; "
            f"find {STORE} -type f -exec sha256sum {{}} + 2>/dev/null | sort; sha256sum {bundle_of(node)}"
        )
    )


def entry(*aliases: str, registry: str = PORT, ca: str | None = None, **more: str) -> dict:
    return {"registry": registry, "aliases": list(aliases), "ca": ca or CA.read_text(), **more}


ALL = [entry(ADDRESS, BARE)]


def trust(controller, node, entries, *flags, **options):
    return controller.task(node, "registry_trust", {"trust": entries, **options}, *flags)


def pull(node: Node, name: str) -> str:
    client = "podman" if node.name == "podman1" else "docker"
    return node.sh(f"{client} pull {name}/tools/hello:1 && echo PULLED", check=False)


def assert_pulls(node: Node, *names: str) -> None:
    for name in names:
        said = pull(node, name)
        assert "PULLED" in said, f"{name}: {said}"


def assert_refused(node: Node, *names: str) -> None:
    for name in names:
        said = pull(node, name)
        assert UNKNOWN in said and "PULLED" not in said, f"{name}: {said}"


@pytest.fixture(params=NODES)
def node(request, untrusting) -> Node:
    return untrusting(request.param)


# -- at work ----------------------------------------------------------------------------------------------------------


def test_refused_then_pulled_by_every_name_then_refused_again(controller, node):
    before = everything(node)
    assert_refused(node, *NAMES)
    foreseen = trust(controller, node, ALL, "--check", "--diff")
    assert foreseen.last["changed"] and everything(node) == before, foreseen.output

    done = trust(controller, node, ALL, "--diff")
    assert done.rc == 0, done.output
    assert (done.last["diff"], done.last["plan"]["id"]) == (foreseen.last["diff"], foreseen.last["plan"]["id"])
    assert {(found["name"], found["outcome"]) for found in done.last["verified"]} == {(n, "trusted") for n in NAMES}
    assert_pulls(node, *NAMES)
    after = everything(node)
    again = trust(controller, node, ALL)
    assert not again.last["changed"] and everything(node) == after, again.output

    gone = trust(controller, node, [])
    assert gone.rc == 0 and gone.last["changed"], gone.output
    assert everything(node) == before
    assert_refused(node, *NAMES)
    assert not trust(controller, node, []).last["changed"]


def test_with_the_authority_of_another_registry_it_is_refused(controller, node):
    """By the proof, which takes everything back; and by the client, when nobody asks for the proof."""
    other = [entry(ADDRESS, BARE, ca=certificate("another", days=40000))]
    before = everything(node)
    run = trust(controller, node, other)
    assert run.rc == 2 and run.last["rolled_back"], run.output
    assert "the registries are trusted" in run.last["msg"] and " would refuse: " in run.last["msg"]
    assert everything(node) == before and node.leftovers() == ""
    assert trust(controller, node, other, verify="none").rc == 0
    assert_refused(node, *NAMES)


def test_the_engine_alone(controller, node):
    """The authority counts for its registry, and for nothing else on the host."""
    bundle = node.sh(f"sha256sum {bundle_of(node)}")
    run = trust(controller, node, ALL, scope="engine")
    assert run.rc == 0 and run.last["plan"]["disruption"] == "none", run.output
    assert_pulls(node, *NAMES)
    assert node.sh(f"sha256sum {bundle_of(node)}") == bundle


def test_trusted_and_left_out_of_the_allow_list(controller, untrusting):
    """Said by the check of the policy, which is for all hosts before any is touched."""
    options = {"trust": ALL, "search": [PORT], "blocked": "all"}
    said = controller.task(untrusting("podman1"), "registry_policy", options).last["warnings"]
    assert [text.split("'")[1] for text in said] == [ADDRESS, BARE]


def test_a_registry_that_is_down_is_not_an_untrusted_one(controller, untrusting):
    podman1 = untrusting("podman1")
    run = trust(controller, podman1, [entry(registry="registry.lab.example:5999")])
    assert run.rc == 0, run.output
    assert [found["outcome"] for found in run.last["verified"]] == ["unreachable"]


def test_two_authorities_while_one_takes_over(controller, untrusting):
    podman1 = untrusting("podman1")
    both = CA.read_text() + certificate("successor", days=40000)
    run = trust(controller, podman1, [entry(ca=both)])
    assert run.rc == 0 and "ca holds 2 certificates" in run.last["warnings"][0], run.output
    assert_pulls(podman1, PORT)


def test_a_restart_is_not_forced_on_running_containers(controller, untrusting):
    """certs.d is read at every pull; the system's trust, which serves the bare name, only when the daemon starts."""
    origin1 = untrusting("origin1")
    assert trust(controller, origin1, [entry()]).rc == 0
    assert_pulls(origin1, PORT)
    origin1.sh(f"docker run -d {PORT}/tools/hello:1")
    origin1.sh("update-ca-trust extract")
    before, bare = everything(origin1), [entry(registry=BARE, ca=certificate("another", days=40000)), entry()]
    refused = trust(controller, origin1, bare, verify="store")
    assert refused.rc == 2 and "would take down 1 running container(s)" in refused.last["msg"], refused.output
    assert everything(origin1) == before
    for number in range(2):
        deferred = trust(controller, origin1, bare, activation="defer", verify="store")
        assert deferred.rc == 0 and deferred.last["pending"], deferred.output
        assert deferred.last["changed"] is (number == 0)
    now = trust(controller, origin1, bare, activation="now", verify="store")
    assert now.rc == 0 and not now.last["pending"] and now.last["plan"]["disruption"] == "restart", now.output
    assert origin1.sh("docker ps -q") == "", "it took them down, as was said"


# -- what others have put there ---------------------------------------------------------------------------------------

REDHAT = "/etc/docker/certs.d/registry.access.redhat.com/redhat-ca.crt"


def test_links_stay_links(controller, node):
    """RHEL links its own authority into certs.d, CentOS links it to nothing; and one is in the registry's directory."""
    theirs = f"/etc/docker/certs.d/{PORT}/company.crt"
    node.write("/etc/company/ca.crt", CA.read_text())
    node.sh(
        f"mkdir -p $(dirname {REDHAT}) $(dirname {theirs}); ln -s /etc/rhsm/ca/redhat-uep.pem {REDHAT}; "
        f"ln -s ../../../company/ca.crt {theirs}; "
        "mkdir -p /etc/company/d; ln -s /etc/company/d /etc/docker/certs.d/linked"
    )
    links = f"readlink {REDHAT} {theirs} /etc/docker/certs.d/linked"
    before = node.sh(links), everything(node)
    run = trust(controller, node, ALL)
    assert run.rc == 0, run.output
    assert any(f"the CA of {PORT} is there already" in note for note in run.last["notes"])
    assert_pulls(node, *NAMES)
    assert node.sh(links) == before[0]
    assert trust(controller, node, []).rc == 0
    assert (node.sh(links), everything(node)) == before
    assert_pulls(node, PORT)


def test_a_directory_that_hides_ours_is_named_and_written_to(controller, untrusting):
    """An empty directory of containers' hides what docker's holds."""
    podman1 = untrusting("podman1")
    podman1.write(f"/etc/docker/certs.d/{PORT}/theirs.crt", CA.read_text())
    assert_pulls(podman1, PORT)
    podman1.sh(f"mkdir -p /etc/containers/certs.d/{PORT}")
    assert_refused(podman1, PORT)
    run = trust(controller, podman1, [entry()], scope="engine")
    assert run.rc == 0, run.output
    (warning,) = run.last["warnings"]
    assert f"reads only /etc/containers/certs.d/{PORT}, which hides /etc/docker/certs.d/{PORT}/theirs.crt" in warning
    assert_pulls(podman1, PORT)


def test_a_file_that_stops_every_pull_is_named(controller, untrusting):
    podman1 = untrusting("podman1")
    podman1.write(f"/etc/containers/certs.d/{PORT}/ca.cert", CA.read_text())
    assert "missing key ca.key" in pull(podman1, PORT)
    run = trust(controller, podman1, [entry()], verify="store")
    assert any("has no ca.key" in warning for warning in run.last["warnings"]), run.output


# -- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("node", ["podman1", "origin1"], indirect=True)
def test_a_store_whose_tool_is_disabled_fails(controller, node):
    tool = "/usr/bin/update-ca-trust" if node.name == "origin1" else "/usr/sbin/update-ca-certificates"
    before = everything(node)
    node.sh(f"chmod -x {tool}")
    try:
        run = trust(controller, node, ALL)
        assert run.rc == 2 and "the system's trust cannot be changed" in run.last["msg"], run.output
        node.sh(f"chmod +x {tool}; mv {tool} {tool}.away; printf '#!/bin/sh\\nexit 0\\n' > {tool}; chmod +x {tool}")
        run = trust(controller, node, ALL)
        assert run.rc == 2 and f"did not get into {bundle_of(node)}" in run.last["msg"], run.output
        assert run.last["rolled_back"]
    finally:
        node.sh(f"test ! -e {tool}.away || mv {tool}.away {tool}; chmod +x {tool}")
    assert everything(node) == before


# -- the report -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("node", ["podman1", "origin1"], indirect=True)
def test_the_report(controller, node):
    options = {"trust": ALL, "expires_in_days": 100000}
    drifted = controller.task(node, "registry_trust_info", options)
    assert drifted.rc == 0 and drifted.last["drift"] and not drifted.last["changed"], drifted.output
    trust(controller, node, ALL)
    options["query"] = f"registries[?name=='{PORT}'].files[]"
    found = controller.task(node, "registry_trust_info", options).last
    assert found["drift"] is False and found["problems"] == []
    (file,) = found["selected"]
    assert file.endswith(f"/{PORT}/dockyard.crt") and node.read(file) == CA.read_text()
    assert {anchor["effective"] for anchor in found["anchors"]} == {True}
    assert {each["subject"] for each in found["expiring"]} == {"CN=dockyard lab CA"}
    assert 0 < found["days_left"] <= 3650


# -- the role ---------------------------------------------------------------------------------------------------------


def test_the_role_without_insecure(controller, node, tmp_path):
    """Search and trust, and no registry is insecure: the short name is pulled over verified TLS."""
    policy = {"trust": [{"registry": PORT, "aliases": [ADDRESS], "ca_file": str(CA)}]}
    policy |= {} if node.name == "moby1" else {"search": [PORT]}
    play = {"hosts": node.name, "gather_facts": False, "roles": ["dockyard.openshift.docker_registries"]}
    known = {"ansible_python_interpreter": node.python, "registry_policy": policy}
    path = tmp_path / "role.yml"
    silent = {f"openshift_docker_{word}_registries": None for word in ("additional", "insecure", "blocked")}
    path.write_text(yaml.safe_dump([play | {"vars": known | silent}]))
    done = controller.playbook(path, core=node.core)
    assert done.rc == 0, done.output
    assert node.lists()["insecure"] == []
    assert_pulls(node, PORT, ADDRESS)
    if node.name != "moby1":
        assert "PULLED" in node.sh(
            f"{'podman' if node.name == 'podman1' else 'docker'} pull tools/hello:1 && echo PULLED"
        )
    again = controller.playbook(path, core=node.core)
    assert not any(task.get("changed") for task in again.tasks), again.output
