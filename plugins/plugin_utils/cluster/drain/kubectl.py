# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each kubectl decides about one pod: its filters in order, until one says that the pod stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ..openshift4.objects import cited
from .pods import NEVER, Pod


@dataclass(frozen=True)
class Options:
    """What a person allows. existing: namespace/name of the daemon sets that exist; None: all of them do."""

    force: bool = False
    ignore_daemonsets: bool = False
    delete_emptydir_data: bool = False
    skip_wait_for_delete_timeout: int = 0
    existing: frozenset[str] | None = None
    now: datetime = NEVER


class Verdict(NamedTuple):
    """What one filter says of a pod. outcome: "evict", "skip" or "refuse"; text: kubectl's; why: in plain words."""

    outcome: str
    text: str | None = None
    why: str = ""


_GOES_ON = Verdict("evict")
Filter = Callable[[Pod, Options, "Kubectl"], Verdict]


@dataclass(frozen=True)
class Kubectl:
    """What differs between the two kubectls. says: reason → its warning, its refusal."""

    filters: tuple[Filter, ...]
    #: A DaemonSet counts in these versions of its API; None: in any.
    daemon_set_versions: tuple[str, ...] | None
    #: How the API names daemon sets when it does not find one.
    resource: str
    #: Whether pods that have finished go without a question.
    finished_go: bool
    #: Whether all warnings of a pod are kept, or only that of the last filter.
    keeps_warnings: bool
    says: Mapping[str, tuple[str, str]]

    def warning(self, reason: str) -> str:
        return self.says[reason][0]

    def refusal(self, reason: str) -> str:
        return self.says[reason][1]


def going_for_long(pod: Pod, options: Options, _kubectl: Kubectl) -> Verdict:
    limit = options.skip_wait_for_delete_timeout
    if limit and pod.deleted and int((options.now - pod.deleted).total_seconds()) > limit:
        return Verdict("skip", None, f"is being deleted for more than {limit} s, and nobody waits for it any longer")
    return _GOES_ON


def _daemon_set(pod: Pod, options: Options, kubectl: Kubectl) -> Verdict:
    kind, version, name = pod.controller or ("", "", "")
    if kind != "DaemonSet" or version not in (kubectl.daemon_set_versions or (version,)):
        return _GOES_ON
    if pod.is_finished and kubectl.finished_go:
        return _GOES_ON
    if options.existing is not None and f"{pod.namespace}/{name}" not in options.existing:
        why = f"belongs to the DaemonSet {cited(name)}, which does not exist"
        text = f'{kubectl.resource} "{name}" not found'
        return Verdict("evict", text, why) if options.force else Verdict("refuse", text, f"{why} (force)")
    if options.ignore_daemonsets:
        return Verdict("skip", kubectl.warning("daemon set"), "belongs to a DaemonSet and stays where it is")
    why = "belongs to a DaemonSet, which would start it here again (ignore_daemonsets)"
    return Verdict("refuse", kubectl.refusal("daemon set"), why)


def _mirror(pod: Pod, _options: Options, _kubectl: Kubectl) -> Verdict:
    why = "mirrors a static pod, which only the node itself can stop"
    return Verdict("skip", None, why) if pod.is_mirror else _GOES_ON


def _local_data(pod: Pod, options: Options, kubectl: Kubectl) -> Verdict:
    if not pod.has_local_data or (pod.is_finished and kubectl.finished_go):
        return _GOES_ON
    if options.delete_emptydir_data:
        return Verdict("evict", kubectl.warning("local data"), "loses the data in its emptyDir")
    why = "has an emptyDir, whose data would be lost (delete_emptydir_data)"
    return Verdict("refuse", kubectl.refusal("local data"), why)


def _unmanaged(pod: Pod, options: Options, kubectl: Kubectl) -> Verdict:
    if pod.is_finished or pod.controller:
        return _GOES_ON
    if options.force:
        return Verdict("evict", kubectl.warning("unmanaged"), "declares no controller: nobody will start it again")
    why = "declares no controller: nobody would start it again (force)"
    return Verdict("refuse", kubectl.refusal("unmanaged"), why)


_OF_3 = "pods not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet"
KUBECTL_1_11 = Kubectl(
    filters=(_daemon_set, _mirror, _local_data, _unmanaged),
    daemon_set_versions=None,
    resource="daemonsets.extensions",
    finished_go=False,
    keeps_warnings=True,
    says={
        "daemon set": (
            "Ignoring DaemonSet-managed pods",
            "DaemonSet-managed pods (use --ignore-daemonsets to ignore)",
        ),
        "local data": (
            "Deleting pods with local storage",
            "pods with local storage (use --delete-local-data to override)",
        ),
        "unmanaged": (f"Deleting {_OF_3}", f"{_OF_3} (use --force to override)"),
    },
)
KUBECTL_1_34 = Kubectl(
    filters=(going_for_long, *KUBECTL_1_11.filters),
    daemon_set_versions=("apps/v1",),
    resource="daemonsets.apps",
    finished_go=True,
    keeps_warnings=False,
    says={
        "daemon set": (
            "ignoring DaemonSet-managed Pods",
            "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)",
        ),
        "local data": (
            "deleting Pods with local storage",
            "Pods with local storage (use --delete-emptydir-data to override)",
        ),
        "unmanaged": (
            "deleting Pods that declare no controller",
            "cannot delete Pods that declare no controller (use --force to override)",
        ),
    },
)


def decide(pod: Pod, options: Options, kubectl: Kubectl) -> Verdict:
    """Ask the filters in order, until one says that the pod does not go."""
    warnings: list[Verdict] = []
    answer = _GOES_ON
    for ask in kubectl.filters:
        answer = ask(pod, options, kubectl)
        if answer.why:
            warnings.append(answer)
        if answer.outcome != "evict":
            break
    if answer.outcome == "refuse":
        return answer
    said = [warning.text for warning in warnings if warning.text]
    text = f": {pod.name}; ".join(said) or None if kubectl.keeps_warnings else answer.text
    return Verdict(answer.outcome, text, ", and ".join(warning.why for warning in warnings))
