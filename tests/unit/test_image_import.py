# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports on clusters in memory. Their answers to ImageStreamImport are a stand-in: no registry is asked."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import image_import
from api_server import KINDS, ApiServer, reply, run
from cases import cases

TABLE = cases("cluster/image_import.yml")


def cluster(case: dict[str, Any]) -> ApiServer:
    manifests = [{"apiVersion": KINDS[one["kind"]].api_version, **one} for one in case.get("cluster", [])]
    server = ApiServer().put(*manifests)
    server.faults.append(lambda method, path, body: imports(server, case, method, path, body))
    return server


def imports(server: ApiServer, case: dict[str, Any], method: str, path: str, body: Any) -> Any:
    """Answer a request for imports as OpenShift does, and write the stream."""
    if "/imagestreamimports" not in path:
        return None
    name, told = body["metadata"]["name"], []
    stream = server.get("ImageStream", name, "a") or {"spec": {"tags": []}, "status": {"tags": []}}
    for image in body["spec"]["images"]:
        source, tag = image["from"]["name"], image["to"]["name"]
        why = case.get("answers", {}).get(source)
        found = f"{source.rsplit(':', 1)[0]}@sha256:found"
        status = {"status": "Failure", "message": why} if why else {"status": "Success"}
        told.append({"status": status, "tag": tag} | ({} if why else {"image": {"dockerImageReference": found}}))
        spec = {
            "name": tag,
            "from": image["from"],
            "importPolicy": image["importPolicy"],
            "referencePolicy": image.get("referencePolicy", {"type": "Source"}),
        }
        at = {"tag": tag, "items": [] if why else [{"dockerImageReference": found}]}
        stream["spec"]["tags"] = [one for one in stream["spec"]["tags"] if one["name"] != tag] + [spec]
        stream["status"]["tags"] = [one for one in stream["status"]["tags"] if one["tag"] != tag] + [at]
    whole = {"kind": "ImageStream", "metadata": {"name": name, "namespace": "a"}} | stream
    server.put({"apiVersion": "image.openshift.io/v1", **whole})
    return reply(201, {**body, "status": {"images": told}})


def task(case: dict[str, Any], server: ApiServer, **more: Any) -> dict[str, Any]:
    return run(image_import.ActionModule, case["given"], server, **more)


def test_there_are_many_bad_inputs():
    assert sum("refused" in one.values[0]["then"] for one in TABLE) >= 40


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" in one.values[0]["then"]])
def test_bad_input_is_one_sentence_before_the_first_request(case):
    server = ApiServer()
    result = task(case, server)
    assert result["failed"] and case["then"]["refused"] in result["msg"], result["msg"]
    assert "\n" not in result["msg"] and not server.log and "hidden" not in result["msg"]


@pytest.mark.parametrize("case", [one for one in TABLE if "refused" not in one.values[0]["then"]])
def test_what_lacks_is_requested_and_a_second_run_asks_for_nothing(case):
    server, then = cluster(case), case["then"]
    planned = task(case, server, check=True)
    assert planned["changed"] and not server.writes
    done = task(case, server)
    assert bool(done.get("failed")) == ("failed" in then) and then.get("failed", "") in done.get("msg", ""), done
    assert done["changed"]
    sent = {
        body["metadata"]["name"]: body["spec"]["images"] for method, _path, _q, body in server.log if method == "POST"
    }
    assert sent == then.get("requests", sent)
    assert done["imports"] == then.get("imports", done["imports"])
    assert all(any(one in text for text in done.get("warnings", ())) for one in then.get("warnings", ()))
    again = task(case, server)
    if "failed" in then:
        assert again["failed"] and again["imports"][0]["stream"] == "other", (
            "the one that is there is not requested again"
        )
    else:
        assert not again["changed"] and [one["imported"] for one in again["imports"]] == [True] * len(done["imports"])
        same = ("stream", "tag", "from", "image")
        assert [[one[key] for key in same] for one in again["imports"]] == [
            [one[key] for key in same] for one in done["imports"]
        ]
        kept = {one["name"] for one in server.get("ImageStream", "app", "a")["spec"]["tags"]}
        assert {one["name"] for manifest in case.get("cluster", []) for one in manifest["spec"]["tags"]} <= kept
        assert task(case | {"given": {**case["given"], "refresh": True}}, server)["changed"]
