# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves of a registry: the steps as a table, whole moves with a kill at every request, and the copy of real files."""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.action import image_registry_move
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.image_registry.asked import BACKENDS
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.integrated_registry.move import (
    copying,
    images,
    service,
    state,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.word import PolicyError
from api_server import KINDS, ApiServer, on, reply, run
from cases import cases
from test_cluster_image_registry import NAMESPACE, cluster

DIGEST = "sha256:" + "a" * 64
GIVEN = {
    "storage": {"pvc": {"claim": "new"}}, "claim": {"storage_class": "shared", "size": "10Gi"}, "data": "copy",
    "copy_image": "registry.example.com/tools:1", "wait_timeout": 3, "copy_timeout": 3,
}  # fmt: skip
REFUSED = cases("cluster/move_refused.yml")
MOVED = {"pvc": {"claim": "new"}, "managementState": "Unmanaged"}
OLD = {"managementState": "Unmanaged", "pvc": {"claim": "old"}}


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(service, "_POLL", 0.0)


# --- the machine ---


def sight(case: dict[str, Any]) -> state.Sight:
    names = ("read_only", "unfinished", "prepared", "copy", "proof", "proof_needed")
    memory = state.Memory({}, {}, case["data"], copied=case["memory"].get("copied")) if "memory" in case else None
    return state.Sight(case["place"], memory, **{name: case[name] for name in names if name in case})


@pytest.mark.parametrize("case", cases("cluster/move_steps.yml"))
def test_the_steps_that_are_left(case):
    assert [step.name for step in state.plan(case["data"], sight(case))] == case["steps"]


def every_sight() -> list[tuple[str, state.Sight]]:
    memories = [None, *(state.Memory({}, {}, copied=copied) for copied in (None, {"blobs": 1}))]
    states = (state.ABSENT, state.WORKS, state.FAILED, state.DONE)
    flags = (False, True)
    return [
        (data, state.Sight(place, memory, read_only, unfinished, prepared, copied, proof, needed))
        for data, place, memory, read_only, unfinished, prepared, copied, proof, needed in itertools.product(
            ("copy", "abandon"), ("old", "new"), memories, flags, ("", "pods"), flags, states, states, flags
        )
    ]


def test_from_everywhere_there_is_a_way_to_the_end():
    for data, start in every_sight():
        steps = state.plan(data, start)
        assert len(steps) <= 13, (data, start)
        assert not steps or steps[-1] is state.Step.THAW


def test_nothing_is_switched_that_was_not_copied_from_a_registry_without_pushes():
    for data, start in every_sight():
        if data == "copy" and state.next_step(data, start) is state.Step.SWITCH:
            assert start.read_only and not start.unfinished and start.memory and start.memory.copied is not None


def test_what_is_remembered_reads_back_and_holds_no_login():
    memory = state.Memory(OLD, MOVED, "copy", True, {"blobs": 1, "files": 2}, {"storage": {"pvc": None}})
    config = {"metadata": {"annotations": {state.MEMORY: memory.text()}}}
    assert state.memory_of(config) == memory


# --- whole moves in memory ---


def kept_images() -> list[dict[str, Any]]:
    return [{
        "kind": "ManagedImage", "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": DIGEST, "annotations": {"openshift.io/image.managed": "true"}},
        "dockerImageLayers": [{"name": "sha256:1", "size": 1000}],
    }, {
        "kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": {"name": "app", "namespace": "team"},
        "status": {"tags": [{"tag": "1", "items": [{"image": DIGEST}]}]},
    }]  # fmt: skip


class World:
    """A cluster with the controllers that a move needs.

    log: what the Job's pod says; job: how it ends; pulls: whether a node can pull.
    """

    def __init__(self, case: dict[str, Any] | None = None, **fates: Any) -> None:
        self.server = cluster({"cluster": (case or {}).get("cluster", [])})
        self.server.put(*(one for one in kept_images() if not (case or {}).get("no_images")))
        self.log = fates.get("log", "dockyard-copied blobs=3 files=9\n")
        self.job, self.pulls = fates.get("job", "Complete"), fates.get("pulls", True)
        self.server.faults.append(lambda method, path, body: self.controllers())
        self.server.faults.append(on("GET", "/log", lambda: text_reply(self.log)))

    def controllers(self) -> None:
        job = self.server.get("Job", copying.JOB.name, NAMESPACE)
        if not job:  # its pods go with it
            left = self.server.objects.items()
            gone = [path for path, one in left if "job-name" in (one["metadata"].get("labels") or {})]
            for path in gone:
                del self.server.objects[path]
        elif "status" not in job:
            job["status"] = {}
            labels = {"job-name": copying.JOB.name}
            self.server.put({
                "kind": "Pod", "apiVersion": "v1", "status": {},
                "metadata": {"name": "copy-x", "namespace": NAMESPACE, "labels": labels},
            })  # fmt: skip
        elif not job["status"]:
            job["status"] = {"conditions": [{"type": self.job, "status": "True"}]}
        pod = self.server.get("Pod", images.PROOF, "team")
        if pod and "status" not in pod:
            waiting = {"state": {"waiting": {"reason": "ErrImagePull", "message": "manifest unknown"}}}
            pulled = {"imageID": DIGEST, "state": {"terminated": {"exitCode": 0}}}
            pod["status"] = {"containerStatuses": [pulled if self.pulls else waiting]}

    @property
    def spec(self) -> dict[str, Any]:
        return self.server.get("Config", "cluster")["spec"]

    @property
    def annotation(self) -> str | None:
        return self.server.get("Config", "cluster")["metadata"]["annotations"].get(state.MEMORY)

    def run(self, check: bool = False, **given: Any) -> dict[str, Any]:
        said = {name: value for name, value in {**GIVEN, **given}.items() if value is not None}
        return run(image_registry_move.ActionModule, said, self.server, check=check)


def text_reply(text: str) -> Any:
    found = reply(200, None)
    return type(found)(200, {"Content-Type": "text/plain"}, [text.encode()])


def moved(world: World) -> None:
    """The registry uses the new storage, lets pushes in, and nothing of ours is left but the claim."""
    assert world.spec["storage"] == MOVED and world.spec.get("readOnly", False) is False
    assert world.annotation is None
    assert world.server.get("Job", copying.JOB.name, NAMESPACE) is None
    assert world.server.get("Pod", images.PROOF, "team") is None


def old_is_there(world: World) -> None:
    claim = world.server.get("PersistentVolumeClaim", "old", NAMESPACE)
    assert claim and not [path for verb, path in world.server.writes if verb == "DELETE" and "/old" in path]


def test_a_move_with_all_images():
    world = World()
    planned = world.run(check=True)
    assert planned["changed"] and planned["images"] == 1 and not world.server.writes, planned
    done = world.run()
    assert not done.get("failed"), done
    assert done["steps"] == planned["steps"] and done["copied"] == {"blobs": 3, "files": 9}
    moved(world)
    old_is_there(world)
    count = len(world.server.log)
    for check in (True, False):
        again = world.run(check=check)
        assert not again["changed"] and again["steps"] == [], again
    assert {method for method, *_rest in world.server.log[count:]} == {"GET"}


def test_the_registry_was_read_only_while_it_was_copied():
    world, seen = World(), []

    def look(method: str, path: str, body: Any) -> None:
        if method == "POST" and path.partition("?")[0].endswith("/jobs"):
            seen.append(copy.deepcopy(world.spec))

    world.server.faults.append(look)
    world.run()
    (spec,) = seen
    assert spec["readOnly"] is True and spec["storage"]["pvc"] == {"claim": "old"}


def test_a_registry_that_was_read_only_stays_so():
    world = World()
    world.spec["readOnly"] = True
    assert not world.run().get("failed")
    assert world.spec["readOnly"] is True and world.annotation is None


def test_a_move_without_the_images():
    world = World()
    given = {"data": "abandon", "copy_image": None}
    planned = world.run(check=True, **given)
    assert any("1 images that were pushed to pvc old can no longer be pulled" in text for text in planned["warnings"])
    done = world.run(**given)
    assert not done.get("failed"), done
    moved(world)
    old_is_there(world)
    patched = [body.get("spec") or {} for method, _path, _query, body in world.server.log if method == "PATCH"]
    words = [[key for key in ("readOnly", "storage") if key in spec] for spec in patched if spec]
    assert words == [["readOnly"], ["storage"], ["readOnly"]], "pushes do not go to a storage that is given up"
    assert [spec["readOnly"] for spec in patched if "readOnly" in spec] == [True, False]


class Killed(BaseException):
    pass


def killed(world: World, count: int, **given: Any) -> bool:
    """Run until so many requests were answered; whether the run was ended by it."""
    left = [count]

    def kill(method: str, path: str, body: Any) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    world.server.faults.append(kill)
    try:
        world.run(**given)
    except Killed:
        return True
    finally:
        world.server.faults.remove(kill)
    return False


@pytest.mark.slow
def test_killed_at_every_request_the_registry_serves_and_the_next_run_goes_on():
    ended, places = 0, set()
    for count in itertools.count(1):
        world = World()
        if not killed(world, count):
            break
        ended += 1
        backends = [key for key in BACKENDS if world.spec["storage"].get(key) is not None]
        assert backends == ["pvc"], "one storage, the old one or the new one"
        places.add(world.spec["storage"]["pvc"]["claim"])
        again = world.run()
        assert not again.get("failed"), (count, again)
        moved(world)
        old_is_there(world)
    assert ended > 30 and places == {"old", "new"}


# --- what goes wrong ---


def test_a_copy_that_fails_leaves_the_old_storage_in_use_and_is_made_again():
    world = World(job="Failed", log="cp: cannot read\ndockyard: docker/x differs from its copy\n")
    result = world.run()
    assert result["failed"] and "docker/x differs from its copy" in result["msg"], result
    assert "serves read-only from the old storage; the next run goes on" in result["msg"]
    assert world.spec["storage"] == OLD
    world.job, world.log = "Complete", "dockyard-copied blobs=3 files=9\n"
    assert not world.run().get("failed")
    moved(world)


def test_a_copy_that_says_no_counts_is_not_believed():
    world = World(log="all is well\n")
    result = world.run()
    assert result["failed"] and "did not say what it copied: its last words: all is well; it is" in result["msg"]
    assert world.spec["storage"] == OLD and world.server.get("Job", copying.JOB.name, NAMESPACE) is None


@pytest.mark.parametrize("proof", ["pull", "waive"])
def test_a_copy_of_nothing_is_not_believed_while_the_cluster_knows_images(proof):
    world = World(log="dockyard-copied blobs=0 files=0\n")
    result = world.run(proof=proof)
    assert result["failed"] and "copied no blob, and the cluster knows 1 images" in result["msg"], result
    assert "serves read-only from the old storage; the next run goes on" in result["msg"]
    assert world.spec["storage"] == OLD and world.server.get("Job", copying.JOB.name, NAMESPACE) is None
    world.log = "dockyard-copied blobs=3 files=9\n"
    assert not world.run(proof=proof).get("failed")
    moved(world)


def test_a_registry_without_images_is_moved():
    world = World({"no_images": True}, log="dockyard-copied blobs=0 files=0\n")
    assert not world.run().get("failed")
    moved(world)


def test_an_image_that_cannot_be_pulled_takes_the_switch_back():
    world = World(pulls=False)
    result = world.run()
    assert result["failed"] and "manifest unknown; the old storage was put back" in result["msg"], result
    assert world.spec["storage"] == OLD and world.spec["readOnly"] is True
    assert json.loads(world.annotation or "")["copied"] is None, "it is copied again"
    world.pulls = True
    assert not world.run().get("failed")
    moved(world)


@pytest.mark.slow
def test_a_new_storage_that_does_not_serve_is_taken_back():
    world = World()

    def stuck(method: str, path: str, body: Any) -> None:
        deployment = world.server.get("Deployment", "image-registry", NAMESPACE)
        if deployment and world.spec["storage"].get("pvc") == {"claim": "new"}:
            deployment["status"]["availableReplicas"] = 0

    world.server.faults.append(stuck)
    result = world.run(replicas=2, rollout_strategy="RollingUpdate", wait_timeout=1)
    assert result["failed"] and "the old storage was put back" in result["msg"], result
    assert world.spec["storage"] == OLD and world.spec["replicas"] == 1, "all of the switch is taken back"
    world.server.faults.remove(stuck)
    assert not world.run(replicas=2, rollout_strategy="RollingUpdate").get("failed")
    assert world.spec["replicas"] == 2 and world.spec["storage"] == MOVED


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("team/app", ("team", "app:latest")),
        ("team/app:1", ("team", "app:1")),
        ("team/app@sha256:" + "a" * 64, ("team", "app@sha256:" + "a" * 64)),
    ],
)
def test_the_image_of_a_proof_by_its_name(text, image):
    assert images.read_proof(text) == image


@pytest.mark.parametrize("room", ["0.5Ki", "1100"])
def test_a_claim_that_is_there_needs_room_for_what_the_layers_have_and_a_tenth_more(room):
    claim = {"kind": "PersistentVolumeClaim", "apiVersion": "v1",
             "metadata": {"name": "there", "namespace": NAMESPACE},
             "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": room}}},
             "status": {"phase": "Bound", "capacity": {"storage": room}, "accessModes": ["ReadWriteMany"]}}  # fmt: skip
    world = World()
    world.server.put(claim)
    result = world.run(claim=None, storage={"pvc": {"claim": "there"}})
    if room == "1100":
        assert not result.get("failed"), result
    else:
        assert result["failed"] and "0.5Ki is too little: the images have 1000 bytes" in result["msg"]


def test_giving_up_before_the_switch():
    world = World(job="Failed")
    assert world.run()["failed"] and world.spec["readOnly"] is True
    gone = {"state": "cancelled", "storage": None, "claim": None, "data": None, "copy_image": None}
    assert world.run(check=True, **gone)["changed"] and world.annotation
    done = world.run(**gone)
    assert done["changed"] and world.annotation is None and world.spec["readOnly"] is False
    assert world.spec["storage"] == OLD and not world.run(**gone)["changed"]


def test_another_move_is_refused_while_one_is_under_way():
    world = World(job="Failed")
    world.run()
    result = world.run(storage={"pvc": {"claim": "third"}})
    assert result["failed"] and "a move to another storage (pvc new) is under way" in result["msg"], result


def test_a_move_under_way_is_gone_on_with_as_it_began():
    world = World(job="Failed")
    world.run()
    result = world.run(data="abandon", copy_image=None)
    assert result["msg"].startswith("the move that is under way has data: copy; finish it so, or cancel it"), result
    world.spec["storage"] = {"pvc": {"claim": "third"}}
    result = world.run()
    assert "its storage is neither the one that this move began with nor the new one" in result["msg"], result


def test_nothing_is_given_up_after_the_switch():
    world = World(pulls=False, job="Complete")
    memory = state.Memory({**OLD}, {**MOVED}, "copy")
    config = world.server.get("Config", "cluster")
    config["spec"]["storage"] = {**MOVED}
    config["metadata"]["annotations"] = {state.MEMORY: memory.text()}
    result = world.run(state="cancelled", storage=None, claim=None, data=None, copy_image=None)
    assert result["failed"] and "the registry uses the new storage already: finish the move" in result["msg"], result
    assert not world.server.writes


@pytest.mark.parametrize(
    ("given", "about", "warning"),
    [
        ({"proof": "waive"}, {}, "proof: waive: no image from before is pulled after the switch"),
        ({}, {"no_images": True}, "no image of before is known that could be pulled as a proof; proof_image names one"),
        ({"data": "abandon", "copy_image": None}, {}, "data: abandon: 1 images that were pushed to pvc old can no"),
    ],
)
def test_what_a_move_gives_up_is_warned_of(given, about, warning):
    foreseen = World(about).run(check=True, **given)
    assert [text[: len(warning)] for text in foreseen["warnings"]] == [warning], foreseen
    assert not foreseen.get("failed") and foreseen["changed"] and foreseen["account"][0] == "this would be done"


def test_a_registry_that_does_not_serve_is_not_moved():
    world = World()

    def gone(method: str, path: str, body: Any) -> None:
        if deployment := world.server.get("Deployment", "image-registry", NAMESPACE):
            deployment["status"]["availableReplicas"] = 0

    world.server.faults.append(gone)
    result = world.run()
    wanted = "the registry does not serve as it is, so nothing is moved: 1 of 1 pods are new, and 0 available"
    assert result["failed"] and result["msg"].startswith(wanted) and not world.server.writes, result


def test_a_copy_that_does_not_end_is_told_while_it_lasts_and_after():
    world, said, ticks = World(job="Suspended"), [], itertools.count()

    def made(*given: Any, **more: Any) -> service.MoveService:
        return service.MoveService(*given, **more | {"say": said.append, "clock": lambda: float(next(ticks))})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(image_registry_move, "MoveService", made)
        result = world.run(copy_timeout=100)
    assert "Job openshift-image-registry/" in result["msg"] and "waited 100 s for the copy" in result["msg"], result
    assert said.count("registry: the copy is under way") >= 2


def test_a_memory_that_nobody_can_read_stops_the_move():
    world = World()
    world.server.get("Config", "cluster")["metadata"]["annotations"][state.MEMORY] = "{"
    result = world.run()
    assert result["failed"] and "cannot be read" in result["msg"] and not world.server.writes


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_sentence_before_anything_is_written(case):
    world = World(case)
    for check in (True, False):
        result = world.run(check=check, **case["given"])
        assert result.get("failed") and case["refused"] in result["msg"], result
        assert "\n" not in result["msg"] and not result.get("changed")
    assert not world.server.writes


def test_there_are_many_bad_inputs():
    assert len(REFUSED) >= 40


# --- the copy itself ---


def stored(place: Path, *contents: bytes) -> None:
    """Files as the registry keeps them: blobs by digest, a link, an upload that was cut off."""
    for content in contents:
        digest = hashlib.sha256(content).hexdigest()
        blob = place / f"docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"
        blob.parent.mkdir(parents=True)
        blob.write_bytes(content)
    link = place / "docker/registry/v2/repositories/team/app/_layers/sha256/x/link"
    link.parent.mkdir(parents=True)
    link.write_text("sha256:x")
    upload = place / "docker/registry/v2/repositories/team/app/_uploads/1/data"
    upload.parent.mkdir(parents=True)
    upload.write_text("half")


def copied(before: Path, after: Path) -> subprocess.CompletedProcess[str]:
    environment = {"FROM": str(before), "TO": str(after), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["/bin/sh", "-c", copying._SHELL], env=environment, capture_output=True, text=True, check=False
    )


def test_the_copy_has_every_blob_and_may_be_made_twice(tmp_path):
    before, after = tmp_path / "a b", tmp_path / "after"
    after.mkdir()
    stored(before, b"one", b"two" * 1000)
    for _time in range(2):
        done = copied(before, after)
        assert done.returncode == 0 and copying.counted(done.stdout) == {"blobs": 2, "files": 3}, done
    files = {path.relative_to(before) for path in before.rglob("*") if path.is_file()}
    assert files == {path.relative_to(after) for path in after.rglob("*") if path.is_file()}


def test_a_registry_that_keeps_nothing_is_copied(tmp_path):
    assert copying.counted(copied(tmp_path, tmp_path / "after").stdout) == {"blobs": 0, "files": 0}


def test_a_blob_that_is_not_what_its_digest_says_stops_the_copy(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    after.mkdir()
    stored(before, b"one")
    next(before.rglob("blobs/sha256/*/*/data")).write_bytes(b"another")
    done = copied(before, after)
    assert done.returncode == 1 and "is not what its digest says" in done.stdout
    assert copying.counted(done.stdout) is None


@pytest.mark.parametrize("case", cases("cluster/move_logins.yml"))
def test_logins_of_a_store_stay_in_their_secret(case):
    secrets = {name: {"data": dict.fromkeys(keys, "aGlkZGVu")} for name, keys in case["secrets"].items()}
    reason = copying.why_not(case["storage"], MOVED, secrets)
    assert reason == case.get("refused", "")
    if not reason:
        job = copying.manifest(case["storage"], MOVED, "tools:1", secrets)
        (container,) = job["spec"]["template"]["spec"]["containers"]
        env = {one["name"].removeprefix("RCLONE_CONFIG_FROM_"): one for one in container["env"]}
        told = {name: one["value"] for name, one in env.items() if "value" in one}
        keys = {name: one["valueFrom"]["secretKeyRef"] for name, one in env.items() if "valueFrom" in one}
        assert told == {"TO": "/to", **case["told"]} and "aGlkZGVu" not in json.dumps(job)
        assert keys == {name: {"name": case["from"], "key": key} for name, key in case["logins"].items()}


def test_the_pod_of_the_proof_asks_the_registry_whatever_the_node_holds():
    ref, pod = images.proof_pod("team", f"app@{DIGEST}", "")
    (container,) = pod["spec"]["containers"]
    assert container["imagePullPolicy"] == "Always" and container["command"] == ["true"]
    assert container["image"].endswith(f":5000/team/app@{DIGEST}") and pod["spec"]["restartPolicy"] == "Never"
    assert (ref.name, ref.namespace) == (images.PROOF, "team")


@pytest.mark.parametrize(
    "text", ["app", "team/", "/app", "team/app/more", "team/app:", "team/app@sha256:12", "a b/app", ""]
)
def test_what_cannot_name_the_image_of_a_proof(text):
    with pytest.raises(PolicyError) as refusal:
        images.read_proof(text)
    assert "is not PROJECT/NAME, with :TAG or @sha256:DIGEST if wanted" in str(refusal.value)


@pytest.mark.parametrize(
    ("of_container", "proof", "why"),
    [
        (None, images.WORKS, "no node says anything of it"),
        ({"state": {"waiting": {"reason": "ContainerCreating"}}}, images.WORKS, "ContainerCreating"),
        ({"state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}, images.FAILED, "ErrImagePull: no"),
        ({"state": {"waiting": {"reason": "ImagePullBackOff"}}}, images.FAILED, "ImagePullBackOff"),
        ({"state": {"waiting": {"reason": "InvalidImageName"}}}, images.FAILED, "InvalidImageName"),
        ({"state": {"waiting": {"reason": "RunContainerError"}}, "imageID": "x"}, images.DONE, "RunContainerError"),
        ({"state": {"running": {"startedAt": "now"}}}, images.DONE, "no node says anything of it"),
        ({"state": {"terminated": {"exitCode": 1}}}, images.DONE, "no node says anything of it"),
    ],
)  # fmt: skip
def test_what_a_pull_has_come_to(of_container, proof, why):
    pod = {"status": {"containerStatuses": [of_container] if of_container else None}}
    assert (images.proof_of(pod), images.why_not_pulled(pod)) == (proof, why)


def test_without_a_pod_nothing_was_pulled():
    assert images.proof_of(None) == images.ABSENT and images.why_not_pulled(None) == "no node says anything of it"


def test_the_kinds_of_images_are_told_apart():
    assert KINDS["ManagedImage"].group != KINDS["Image"].group
    assert isinstance(World().server, ApiServer)
