# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated pods and options: what a drain evicts, leaves and refuses equals what the library of kubectl answers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import labels
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain import DrainProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.drain.plan import plan
from hypothesis import given, seed
from hypothesis import strategies as st

from .amount import CASES, ENOUGH, SEED
from .conftest import Program
from .strategies import mostly, seldom

OUTCOMES = ("evict", "skip", "refuse")
NOW = "2026-06-01T12:00:00Z"
LONG_AGO = (
    *("2026-06-01T11:59:59Z", "2026-06-01T11:58:59.5Z", "2026-06-01T11:59:00Z", "2026-06-01T11:58:58Z"),
    *("2026-06-01T12:00:30Z", "2026-06-01T13:50:00+02:00", "2026-05-01T00:00:00-05:30", "0001-01-01T00:00:00Z", None),
)
KINDS = ("ReplicaSet", "StatefulSet", "Job", "ReplicationController", "Node", "Acme", "daemonset", "", None)
VERSIONS = ("apps/v1", "extensions/v1beta1", "apps/v1beta2", "apps", "v1", "batch/v1", "daemons.example/v1", "", None)
VOLUMES: tuple[Any, ...] = (
    *({"emptyDir": {}}, {"emptyDir": {"medium": "Memory"}}, {"emptyDir": None}, {"emptyDir": {"sizeLimit": "1Gi"}}),
    *({"hostPath": {"path": "/x"}}, {"configMap": {"name": "c"}}, {"persistentVolumeClaim": {"claimName": "c"}}, {}),
    *({"ephemeral": {"volumeClaimTemplate": {"spec": {}}}}, {"projected": {"sources": []}}, {"csi": {"driver": "d"}}),
)
LABELS = {"app": ("x", "y", "", None), "tier": ("web", "5", "-7", "+5", "9223372036854775808", "")}
SELECTORS = (
    *("", " ", "app=x", "app==x", "app!=x", "app", "!app", "app in (x,y)", "app notin (x)", "tier>4", "tier<6", "app="),
    *("app=x,tier=web", "app in ()", "app in (x,)", "app,", ",app", "app=x,,tier", "app in x", "a b", "tier>x"),
    *("app=x y", "app in (,x)", "app in (,)", "app in (,,x)", "app in (x,,y)", "app in (x,,)", "!app=x", "app~x"),
    *("-app", "app=-x", "a/b/c", "/app", "acme.example/app=x", "Acme/app", "app = x , tier", "in in (in)", "notin"),
    *("app\t=\nx", "äpp=x", "app=ä", "tier>-8", "tier>+4", "tier<1.5", "app > x", "app=!x", "app==", "=", "()", "app)"),
    *("!", "!!app", "app in(x)", "app in (x y)", "tier > 04", "tier<0000000000000000000000000000000000000000000006"),
    *("a" * 63, "a" * 64, "app=" + "x" * 63, "app=" + "x" * 64, "app===x", "app!x", "app=x;tier", "app\u00a0=x"),
)
SEEN: Counter[str] = Counter()


def some_of(**optional: Any) -> Any:
    return st.fixed_dictionaries({}, optional=optional)


#: Half of them are a daemon set's, because most rules are about those.
owners = st.builds(
    lambda daemon_set, other: daemon_set or other,
    st.none() | st.builds(
        lambda name, controller: {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": name, **controller},
        st.sampled_from(("ds", "gone")), mostly(st.just({"controller": True}), st.just({}), 4),
    ),
    some_of(
        apiVersion=st.sampled_from(VERSIONS), kind=st.sampled_from((*KINDS, *["DaemonSet"] * 5)),
        name=st.sampled_from(("ds", "gone", "rs", "", None)),
        controller=mostly(st.just(True), st.sampled_from((False, None)), 3),
        uid=st.sampled_from(("u", None)), blockOwnerDeletion=st.booleans(),
    ),
)  # fmt: skip


#: The mark of a mirror pod counts whatever its value; what else a kubelet notes on pods of files does not.
MARKS = (
    *({"kubernetes.io/config.mirror": "x"}, {"kubernetes.io/config.mirror": ""}, {"kubernetes.io/config.hash": "x"}),
    *({"kubernetes.io/config.source": "file"}, {"kubernetes.io/config.Mirror": "x"}, {"config.mirror": "x"}),
    {"kubernetes.io/config.source": "file", "kubernetes.io/config.mirror": "x"},
)
marks = st.sampled_from(MARKS)
DAEMON_SETS = ("team/ds", "kube-system/ds", "other/gone", "team-a/ds")
#: Names in the order of the API and in others: a drain sorts nothing itself.
NAMES = ("p0", "p10", "p2", "a-b", "a.b", "a", "z")


@st.composite
def pods(draw: Any, name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": draw(st.sampled_from(("team", "kube-system", "team-a")))}
    metadata |= draw(
        some_of(
            ownerReferences=mostly(st.lists(owners, min_size=1, max_size=3), st.sampled_from((None, []))),
            labels=st.none() | some_of(**{key: st.sampled_from(values) for key, values in LABELS.items()}),
            deletionTimestamp=st.sampled_from(LONG_AGO),
            annotations=st.none() | mostly(st.just({"a": "b"}), marks, 3),
        )
    )  # fmt: skip
    if draw(seldom(3)):
        metadata.pop("ownerReferences", None)
    volumes = st.builds(lambda source: {"name": "v", **source}, st.sampled_from(VOLUMES))
    spec = draw(
        some_of(
            volumes=mostly(st.lists(volumes, max_size=3), st.none()),
            initContainers=st.just([{"name": "i", "volumeMounts": [{"name": "v", "mountPath": "/x"}]}]),
            terminationGracePeriodSeconds=st.sampled_from((0, 30, 86400)), restartPolicy=st.sampled_from(("Never", "")),
            priorityClassName=st.just("system-node-critical"), hostNetwork=st.booleans(),
            tolerations=st.just([{"operator": "Exists"}]),
        )
    )  # fmt: skip
    phases = ("Running", "Pending", "Succeeded", "Failed", "Unknown", "succeeded", "", None)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec,
            "status": draw(mostly(statuses(phases), st.none()))}  # fmt: skip


def statuses(phases: Any) -> Any:
    """A phase, and what else an API says of pods that were evicted, lost or never ready."""
    ready = st.sampled_from(("True", "False", "Unknown"))
    conditions = st.builds(lambda status: [{"type": "Ready", "status": status}], ready)
    reasons = st.sampled_from(("Evicted", "NodeLost", "UnexpectedAdmissionError", ""))
    return some_of(phase=st.sampled_from(phases), reason=reasons, conditions=conditions)


@st.composite
def drains(draw: Any) -> dict[str, Any]:
    flags = dict.fromkeys(("force", "ignore_daemonsets", "delete_emptydir_data"), st.booleans())
    options = draw(st.fixed_dictionaries(flags))
    options["skip_wait_for_delete_timeout"] = draw(st.sampled_from((0, 0, 1, 29, 60, 61, 3600)))
    options["pod_selector"] = draw(mostly(st.just(""), st.sampled_from(SELECTORS), 3))
    return {
        "pods": [draw(pods(name)) for name in draw(st.lists(st.sampled_from(NAMES), max_size=5, unique=True))],
        "daemonsets": draw(st.lists(st.sampled_from(DAEMON_SETS), unique=True)),
        "now": NOW,
        "options": options,
    }


@seed(SEED)
@ENOUGH
@given(drains())
def test_drains(kubectl: Program, case: dict[str, Any]) -> None:
    told = kubectl.ask(case)
    try:
        found = plan(case["pods"], case["daemonsets"], now=case["now"], **case["options"])
    except (DrainProblem, labels.SelectorProblem) as problem:
        assert told["error"], (problem, case)
        SEEN["error"] += 1
        return
    assert not told["error"], (told, case)
    texts = {one: {item["pod"]: item["text"] or "" for item in found[one]} for one in OUTCOMES}
    assert texts == {one: told[one] for one in OUTCOMES}, case
    SEEN.update(one for one in OUTCOMES if texts[one])


def test_the_cases_were_worth_asking() -> None:
    """Nodes on which nothing is refused, or nothing stays, would prove nothing."""
    if not SEEN:
        pytest.skip("no cases were asked for")
    assert all(SEEN[kind] > CASES // 50 for kind in (*OUTCOMES, "error")), SEEN
