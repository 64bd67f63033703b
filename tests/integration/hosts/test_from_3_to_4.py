# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a node and a master of OpenShift 3 to a cluster of OpenShift 4, by the commands of docs/migrate.md alone.

The node pulls with the stand-in for Red Hat's docker, the master's services are stand-ins, and so are the operators of
the cluster; the API server, the registries and podman, which gets the files of the cluster's nodes, are real. Only with
`make way`.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from conftest import AUTH_FILE, REPOSITORY, Controller, Node

CLUSTER = REPOSITORY / "tests/lab/cluster/cluster"
SHARED = yaml.safe_load((REPOSITORY / "inventory/lab/hosts.yml").read_text())["all"]["vars"]
PRIVATE, PLAIN, UNTRUSTED = "registry.lab.example:5000", "plain.lab.example:5001", "untrusted.lab.example:5002"
#: As people of OpenShift 3 have it.
OLD = {
    "openshift_docker_additional_registries": f"{PRIVATE},{PLAIN}",
    "openshift_docker_insecure_registries": PLAIN,
    "openshift_docker_blocked_registries": UNTRUSTED,
    "registry_policy": {"trust": [{"registry": PRIVATE, "ca_file": "{{ lab_cache }}/ca/ca.crt"}]},
    "openshift_master_image_policy_allowed_registries_for_import": [
        {"domainName": PRIVATE}, {"domainName": PLAIN, "insecure": True},
    ],
}  # fmt: skip
PULLS = {f"{PRIVATE}/tools/hello:1": True, f"{PLAIN}/apps/hello:1": True, f"{UNTRUSTED}/evil/hello:1": False}
#: Every cluster of 4 has one.
PULL_SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: pull-secret, namespace: openshift-config}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {"quay.io": {"auth": "dTpw"}}}'}
"""
CURRENT = "machineconfiguration.openshift.io/currentConfig"
#: The stand-ins shorten the minutes of nodes as much.
SHORTER = ("-e", "image_policy_node_timeout=120", "-e", "image_policy_render_timeout=60")


@dataclass
class Way:
    """What the commands left: which images came before and after, and objects of the cluster."""

    before: dict[str, bool]
    after: dict[str, bool]
    image: dict[str, Any]
    logins: dict[str, Any]
    page: Path


def playbook(controller: Controller, name: str, inventory: Path, *flags: str, **more: Any) -> str:
    done = controller.playbook(f"dockyard.openshift.{name}", *flags, inventory=inventory, **more)
    assert done.rc == 0, done.output
    return done.output


def old_inventory(path: Path) -> Path:
    """Write the inventory of the cluster of OpenShift 3."""
    hosts = {
        "nodes": {"origin1": {"ansible_host": "10.99.77.12"}},
        "masters": {"master2": {"ansible_host": "10.99.77.18"}},
    }
    for group in hosts.values():
        for host in group.values():
            host["ansible_python_interpreter"] = "/usr/bin/python2.7"
    children = {"OSEv3": {"children": {group: {"hosts": found} for group, found in hosts.items()}}}
    variables = {**SHARED, "lab_cache": str(REPOSITORY / ".cache/lab"), **OLD}
    # ansible-core 2.16 does not find its own Python on a path with a space.
    here = {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}}
    path.write_text(yaml.safe_dump({"all": {"vars": variables, "hosts": here, "children": children}}))
    return path


def give_passwords(vault: Path) -> None:
    """Fill in the lines that the first command left empty, as its page asks for."""
    login = json.loads(AUTH_FILE.read_text())["auths"][PRIVATE]["auth"]
    password = base64.b64decode(login).decode().partition(":")[2]
    names = yaml.safe_load(vault.read_text())
    vault.write_text(yaml.safe_dump(dict.fromkeys(names, password)))


def kubectl(*arguments: str) -> Any:
    """Return what the cluster's API says."""
    done = subprocess.run([CLUSTER, "kubectl", *arguments, "-o", "json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def files_of_nodes() -> dict[str, str]:
    """Return the files that the nodes of the cluster have: those of their config, and authorities of registries."""
    current = kubectl("get", "node", "worker-0")["metadata"]["annotations"][CURRENT]
    listed = kubectl("get", "machineconfig", current)["spec"]["config"]["storage"]["files"]
    found = {one["path"]: text_of(one["contents"]["source"]) for one in listed}
    trust = kubectl("get", "images.config", "cluster")["spec"]["additionalTrustedCA"]["name"]
    for key, pem in kubectl("get", "configmap", trust, "-n", "openshift-config")["data"].items():
        found[f"/etc/docker/certs.d/{key.replace('..', ':')}/ca.crt"] = pem
    return found


def text_of(source: str) -> str:
    """Return the text of a data URL."""
    head, _, data = source.partition(",")
    return base64.b64decode(data).decode() if head.endswith(";base64") else unquote(data)


def pulled(node: Node, client: str) -> dict[str, bool]:
    """Say which of the images come."""
    return {image: "came" in node.sh(f"{client} pull {image} && echo came", check=False) for image in PULLS}


@pytest.fixture
def cluster() -> Iterator[str]:
    """The cluster lab with its operators; its kubeconfig."""
    done = subprocess.run([CLUSTER, "up"], capture_output=True, text=True, check=True)
    subprocess.run([CLUSTER, "operators"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([CLUSTER, "kubectl", "create", "-f", "-"], input=PULL_SECRET, text=True, check=True)
    yield done.stdout.strip().splitlines()[-1]
    subprocess.run([CLUSTER, "down"], check=True)


@pytest.fixture
def way(controller, podman1, origin1, take, cluster, tmp_path) -> Iterator[Way]:
    """Go the whole way; afterwards the nodes are what they were."""
    take("master2")
    old, new, page = old_inventory(tmp_path / "hosts.yml"), tmp_path / "ocp4", tmp_path / "plan.html"
    playbook(controller, "site", old, core="2.16")
    before = pulled(origin1, "docker")

    playbook(controller, "migrate_3_to_4", old, "-e", f"migrate_to={new}", core="2.16")
    give_passwords(new / "group_vars/clusters/vault.yml")
    where = {"K8S_AUTH_KUBECONFIG": cluster}
    playbook(controller, "plan", new, "-e", f"plan_page={page}", environment=where)
    playbook(controller, "site", new, *SHORTER, environment=where)

    for path, text in files_of_nodes().items():
        podman1.write(path, text)
    secret = kubectl("get", "secret", "pull-secret", "-n", "openshift-config")["data"][".dockerconfigjson"]
    logins = json.loads(base64.b64decode(secret))["auths"]
    yield Way(before, pulled(podman1, "podman"), kubectl("get", "images.config", "cluster"), logins, page)
    podman1.sh("rm -rf /etc/docker/certs.d")
    playbook(controller, "registries", old, "-e", "docker_registries_state=absent", core="2.16")


def test_what_came_still_comes_and_what_was_blocked_is_blocked(way):
    assert way.before == PULLS and way.after == PULLS
    imports = {one["domainName"]: one.get("insecure", False) for one in way.image["spec"]["allowedRegistriesForImport"]}
    assert imports.items() >= {PRIVATE: False, PLAIN: True}.items()
    assert {"quay.io", PRIVATE} <= set(way.logins)
    assert UNTRUSTED in way.page.read_text()
