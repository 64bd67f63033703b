# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answer of a drain for all pods of a node. One pod that is refused stops it before the first eviction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ... import clock
from .. import labels
from ..openshift4.objects import cited, kind_of
from . import DrainProblem, pods
from .kubectl import KUBECTL_1_11, KUBECTL_1_34, Kubectl, Options, Verdict, decide, going_for_long
from .pods import Pod

_RELEASE = re.compile(r"v?([34])(?:\.[0-9]{1,3}(?:[.+-].{0,100})?)?")


def plan(
    manifests: Any,
    daemonsets: Any = None,
    release: Any = "4.18",
    pod_selector: Any = None,
    skip_wait_for_delete_timeout: Any = 0,
    now: Any = None,
    **allowed: Any,
) -> dict[str, Any]:
    """Answer for the pods of one node as the kubectl of a release does; nothing is contacted.

    manifests: Pod manifests, lists of them, or their text as YAML. daemonsets: "namespace/name" or manifests of those
    that exist, None for all. now: an ISO time, None for the clock. allowed: force, ignore_daemonsets,
    delete_emptydir_data.
    Returns proceed, evict, skip, refuse and lines, see the documentation of the filter drain_plan.
    Raises DrainProblem, SelectorProblem or ManifestProblem in one sentence.
    """
    kubectl = _kubectl(release)
    options = Options(
        **{name: _flag(name, value) for name, value in allowed.items()},
        skip_wait_for_delete_timeout=_seconds(skip_wait_for_delete_timeout, kubectl),
        existing=None if daemonsets is None else frozenset(pods.daemon_sets(daemonsets)),
        now=clock.now() if now is None else pods.time("now", now),
    )
    selector = _selector(pod_selector)
    selected = [pod for pod in pods.read(manifests) if selector.matches(pod.labels)]
    if kubectl is KUBECTL_1_34:
        selected.sort(key=lambda pod: pod.full_name)  # as the API lists them
    return _result([(pod, decide(pod, options, kubectl)) for pod in selected])


def _result(answers: list[tuple[Pod, Verdict]]) -> dict[str, Any]:
    groups: dict[str, list[tuple[Pod, Verdict]]] = {"evict": [], "skip": [], "refuse": []}
    for pod, answer in answers:
        groups[answer.outcome].append((pod, answer))
    found = {
        outcome: [{"pod": pod.full_name, "text": answer.text} for pod, answer in group]
        for outcome, group in groups.items()
    }
    return {"proceed": not groups["refuse"], **found, "lines": list(_lines(groups))}


def _lines(groups: Mapping[str, list[tuple[Pod, Verdict]]]) -> Iterator[str]:
    evicted, stays, refused = (len(groups[outcome]) for outcome in ("evict", "skip", "refuse"))
    stopped = f", {refused} refused, so that nothing is evicted" if refused else ""
    yield f"{evicted} to evict, {stays} to leave{stopped}"
    for outcome in ("refuse", "evict", "skip"):
        yield from (f"{pod.full_name} {answer.why}" for pod, answer in groups[outcome] if answer.why)


# --- what was asked -------------------------------------------------------------------------------------------------


def _kubectl(release: Any) -> Kubectl:
    match = None if isinstance(release, bool) else _RELEASE.fullmatch(str(release))
    if not match:
        raise DrainProblem(f"release must be a release of OpenShift such as 3.11 or 4.18, not {cited(release)}")
    return KUBECTL_1_11 if match[1] == "3" else KUBECTL_1_34


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise DrainProblem(f"{name} must be true or false, not {cited(value)}")
    return value


def _seconds(value: Any, kubectl: Kubectl) -> int:
    name = "skip_wait_for_delete_timeout"
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DrainProblem(f"{name} must be a number of seconds, 0 or more, not {cited(value)}")
    if value and going_for_long not in kubectl.filters:
        raise DrainProblem(f"{name} must be 0 for release 3.x, whose drain has no such option, not {value}")
    return value


def _selector(value: Any) -> labels.Selector:
    if value is None:
        return labels.Selector()
    if not isinstance(value, str):
        raise DrainProblem(f"pod_selector must be the text of a label selector, not {kind_of(value)}: {cited(value)}")
    try:
        return labels.parse(value)
    except labels.SelectorProblem as problem:
        raise DrainProblem(f"pod_selector: {problem}") from None
