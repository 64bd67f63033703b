# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drains on a real API server, which decides about evictions: by budgets, and by webhooks that it asks."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.action import node_drain, node_drain_info
from api_server import run
from rolling import Objects

from .conftest import Lab, settled
from .test_playbooks import command, inventory, kill

NODE = "worker-3"
ASKED = {"node": NODE, "force": True, "ignore_daemonsets": True}


def drain(lab: Lab, action: Any = node_drain, **given: Any) -> dict[str, Any]:
    return run(action.ActionModule, {"kubeconfig": str(lab.kubeconfig), **ASKED, **given}, None)


def restore(lab: Lab, node: str = NODE) -> dict[str, Any]:
    given = {"kubeconfig": str(lab.kubeconfig), "node": node, "state": "in_service"}
    return run(node_drain.ActionModule, given, None)


def left(lab: Lab) -> list[str]:
    found = json.loads(json.dumps(lab.client._ask("GET", "/api/v1/namespaces/team/pods")[1]))
    return sorted(one["metadata"]["name"] for one in found["items"])


@pytest.fixture
def pods(lab: Lab) -> Lab:
    """A node with thirty pods, of which a budget holds one."""
    settled(lab)
    lab.apply({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "team"}})
    lab.wait_for(lambda: not left(lab))
    for number in range(29):
        lab.new_pod(f"p{number:02}", NODE)
    lab.new_pod("web", NODE)
    return lab


@pytest.fixture
def held(pods: Lab) -> Lab:
    pods.hold("web", "web")
    return pods


def test_the_others_go_at_once_and_the_one_when_its_budget_frees(held: Lab) -> None:
    """N1."""
    lined = drain(held, node_drain_info)
    assert lined["budgets"] == [{"budget": "team/web", "allowed": 0, "pods": ["team/web"]}]
    threading.Timer(4, held.let_go, ["web"]).start()
    start = time.monotonic()
    done = drain(held, timeout=60)
    assert done["changed"] and not done.get("failed"), done
    assert left(held) == [] and 4 <= time.monotonic() - start < 20
    assert held.get("Node", NODE)["spec"]["unschedulable"]
    assert restore(held)["changed"] and not held.get("Node", NODE)["spec"].get("unschedulable")


def test_a_budget_that_never_frees_ends_it_at_the_deadline_by_its_name(held: Lab) -> None:
    """N1, N2: the node is as it was found, and the message says so."""
    late = drain(held, timeout=3)
    said = f"{NODE}: 1 pod(s) are still there after 3 s: team/web Cannot evict pod"
    assert late["failed"] and late["msg"].startswith(said)
    assert "The disruption budget web needs 1 healthy pods and has 1 currently" in late["msg"]
    assert late["msg"].endswith(f"; {NODE} is schedulable again")
    assert left(held) == ["web"] and not held.get("Node", NODE)["spec"].get("unschedulable")


def test_a_pod_under_two_budgets_is_told_beforehand(held: Lab) -> None:
    """The server evicts no such pod, whatever they allow."""
    held.hold("second", "web")
    why = "more than one PodDisruptionBudget (team/second, team/web), and the API server evicts no such pod"
    assert f"team/web is under {why}" in drain(held, node_drain_info)["account"]
    late = drain(held, timeout=3)
    assert late["failed"] and "team/web This pod has more than one PodDisruptionBudget" in late["msg"]


def test_of_two_controllers_that_begin_at_once_one_has_to_wait(lab: Lab) -> None:
    """A Lease counts nodes; a place counts from the moment that it is taken, and not only when its node is marked."""
    settled(lab)
    for _round in range(2):
        results: dict[str, dict[str, Any]] = {}

        def one(node: str, found: dict[str, dict[str, Any]]) -> None:
            found[node] = drain(lab, node=node, max_out_of_service=1, timeout=1)

        threads = [threading.Thread(target=one, args=(node, results)) for node in ("worker-4", "worker-5")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (waits,) = [node for node, result in results.items() if result.get("failed")]
        (works,) = results.keys() - {waits}
        assert results[works]["changed"], results
        said = f"{waits}: 1 node(s) are out of service ({works}), and max_out_of_service is 1; nothing was changed"
        assert results[waits]["msg"] == said
        assert not lab.get("Node", waits)["spec"].get("unschedulable")
        assert restore(lab, works)["changed"]


@pytest.mark.parametrize("cordoned", [False, True], ids=["by us", "by an admin"])
def test_a_killed_drain_is_gone_on_with_and_an_admins_cordon_stays(held: Lab, tmp_path: Path, cordoned: bool) -> None:
    """N3. Killed is ansible-playbook with its workers, by SIGKILL."""
    objects = Objects(held.client.transport)
    if cordoned:
        objects.merge(f"/api/v1/nodes/{NODE}", {"spec": {"unschedulable": True}})
    task = {"dockyard.openshift.node_drain": {"kubeconfig": str(held.kubeconfig), **ASKED, "timeout": 60}}
    (tmp_path / "drain.yml").write_text(yaml.safe_dump([{"hosts": "lab", "gather_facts": False, "tasks": [task]}]))
    arguments = command("2.19", tmp_path, "-i", inventory(tmp_path), "drain.yml")
    killed = subprocess.Popen(**arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    held.wait_for(lambda: left(held) == ["web"])
    kill(killed)
    assert held.get("Node", NODE)["spec"]["unschedulable"]
    time.sleep(1)  # what it asked last may still be under way, and must not meet the budget that is gone
    held.let_go("web")
    done = subprocess.run(**arguments, capture_output=True)
    assert done.returncode == 0 and "changed=1" in done.stdout, done.stdout
    assert left(held) == [] and restore(held)["changed"] is not cordoned
    assert bool(held.get("Node", NODE)["spec"].get("unschedulable")) is cordoned
    objects.merge(f"/api/v1/nodes/{NODE}", {"spec": {"unschedulable": None}})


class Webhook:
    """A webhook that the API server asks about evictions. answer: what it says, (allowed, why); None: it hangs up."""

    def __init__(self, lab: Lab, answer: Callable[[], tuple[bool, str] | None]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if (said := answer()) is None:
                    return
                response = {"uid": asked["request"]["uid"], "allowed": said[0], "status": {"message": said[1]}}
                body = json.dumps({**asked, "request": None, "response": response}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_about: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(lab.kubeconfig.with_name("server.crt"), lab.kubeconfig.with_name("server.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        bundle = base64.b64encode(lab.kubeconfig.with_name("ca.crt").read_bytes()).decode()
        rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["*"], "resources": ["pods/eviction"]}
        url = f"https://127.0.0.1:{self.server.server_port}/"
        hook = {
            "name": "keep.example.com", "rules": [rule], "clientConfig": {"url": url, "caBundle": bundle},
            "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 2,
        }  # fmt: skip
        lab.apply({"kind": "ValidatingWebhookConfiguration", "apiVersion": "admissionregistration.k8s.io/v1",
                   "metadata": {"name": "keeper"}, "webhooks": [hook]})  # fmt: skip
        time.sleep(1)  # the server reads webhooks anew each second


@pytest.fixture
def webhook(pods: Lab) -> Iterator[Callable[..., Webhook]]:
    made: list[Webhook] = []

    def make(answer: Callable[[], tuple[bool, str] | None]) -> Webhook:
        made.append(Webhook(pods, answer))
        return made[0]

    yield make
    for one in made:
        one.server.shutdown()
        one.server.server_close()


def test_a_webhook_that_hangs_up_and_then_denies_is_asked_again(pods: Lab, webhook: Callable[..., Webhook]) -> None:
    """N4: the server says 500 for the one and 403 for the other; both may pass."""
    said: list[str] = []

    def answer() -> tuple[bool, str] | None:
        """Hang up on each pod once, then deny each once."""
        said.append("")
        return None if len(said) <= 30 else (len(said) > 60, "a backup is running")

    webhook(answer)
    done = drain(pods, timeout=60)
    assert done["changed"] and not done.get("failed"), done
    assert left(pods) == [] and len(said) >= 90


def test_a_webhook_that_always_denies_is_named_with_its_reason(pods: Lab, webhook: Callable[..., Webhook]) -> None:
    """N4: the task fails, so that nothing after it stops an engine with pods."""
    webhook(lambda: (False, "a backup is running"))
    late = drain(pods, timeout=3)
    said = 'team/web admission webhook "keep.example.com" denied the request: a backup is running'
    assert late["failed"] and said in late["msg"] and len(left(pods)) == 30
    assert not pods.get("Node", NODE)["spec"].get("unschedulable")
