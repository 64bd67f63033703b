# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods of a node ``kubectl drain`` would evict, leave where they are, or refuse to touch.

Each pod passes the filters of its kubectl in order, until one says that it stays. One pod that is refused stops the
whole drain before the first eviction.

Sources: kubectl 1.34 pkg/drain filters.go (oc adm drain of OpenShift 4), and Kubernetes 1.11 pkg/kubectl/cmd/drain.go
(oc adm drain of OpenShift 3), both observed in reference/observed-policy-credentials-drain.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple

from ..problems import Problem
from ..references import shown as quoted
from . import labels
from .openshift4 import texts
from .openshift4.objects import Manifest, kind_of, name_of, shown

_MIRROR = "kubernetes.io/config.mirror"
_FINISHED = ("Succeeded", "Failed")
_NO_NAMESPACE = "default"
_RELEASE = re.compile(r"v?([34])(?:\.[0-9]{1,3}(?:[.+-].{0,100})?)?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)?")
_NEVER = datetime(1, 1, 1, tzinfo=timezone.utc)  # Go's zero time: not set


class DrainProblem(Problem):
    """What is wrong with the question; the sentence names the argument or the pod."""


@dataclass(frozen=True)
class Pod:
    """What a drain looks at. controller: kind, apiVersion and name of the owner that is the controller."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    controller: tuple[str, str, str] | None
    is_mirror: bool
    has_local_data: bool
    is_finished: bool
    deleted: datetime | None

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Options:
    """What a person allows. existing: namespace/name of the daemon sets that exist; None: all of them do."""

    force: bool = False
    ignore_daemonsets: bool = False
    delete_emptydir_data: bool = False
    skip_wait_for_delete_timeout: int = 0
    existing: frozenset[str] | None = None
    now: datetime = _NEVER


class Answer(NamedTuple):
    """What one filter says of a pod. outcome: "evict", "skip" or "refuse"; text: kubectl's; why: in plain words."""

    outcome: str
    text: str | None = None
    why: str = ""


_GOES_ON = Answer("evict")
Filter = Callable[[Pod, Options, "Kubectl"], Answer]


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


def _going_for_long(pod: Pod, options: Options, _kubectl: Kubectl) -> Answer:
    limit = options.skip_wait_for_delete_timeout
    if limit and pod.deleted and int((options.now - pod.deleted).total_seconds()) > limit:
        return Answer("skip", None, f"is being deleted for more than {limit} s, and nobody waits for it any longer")
    return _GOES_ON


def _daemon_set(pod: Pod, options: Options, kubectl: Kubectl) -> Answer:
    kind, version, name = pod.controller or ("", "", "")
    if kind != "DaemonSet" or version not in (kubectl.daemon_set_versions or (version,)):
        return _GOES_ON
    if pod.is_finished and kubectl.finished_go:
        return _GOES_ON
    if options.existing is not None and f"{pod.namespace}/{name}" not in options.existing:
        why = f"belongs to the DaemonSet {shown(name)}, which does not exist"
        text = f'{kubectl.resource} "{name}" not found'
        return Answer("evict", text, why) if options.force else Answer("refuse", text, f"{why} (force)")
    if options.ignore_daemonsets:
        return Answer("skip", kubectl.warning("daemon set"), "belongs to a DaemonSet and stays where it is")
    why = "belongs to a DaemonSet, which would start it here again (ignore_daemonsets)"
    return Answer("refuse", kubectl.refusal("daemon set"), why)


def _mirror(pod: Pod, _options: Options, _kubectl: Kubectl) -> Answer:
    why = "mirrors a static pod, which only the node itself can stop"
    return Answer("skip", None, why) if pod.is_mirror else _GOES_ON


def _local_data(pod: Pod, options: Options, kubectl: Kubectl) -> Answer:
    if not pod.has_local_data or (pod.is_finished and kubectl.finished_go):
        return _GOES_ON
    if options.delete_emptydir_data:
        return Answer("evict", kubectl.warning("local data"), "loses the data in its emptyDir")
    why = "has an emptyDir, whose data would be lost (delete_emptydir_data)"
    return Answer("refuse", kubectl.refusal("local data"), why)


def _unmanaged(pod: Pod, options: Options, kubectl: Kubectl) -> Answer:
    if pod.is_finished or pod.controller:
        return _GOES_ON
    if options.force:
        return Answer("evict", kubectl.warning("unmanaged"), "declares no controller: nobody will start it again")
    why = "declares no controller: nobody would start it again (force)"
    return Answer("refuse", kubectl.refusal("unmanaged"), why)


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
    filters=(_going_for_long, *KUBECTL_1_11.filters),
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


def plan(
    pods: Any,
    daemonsets: Any = None,
    release: Any = "4.18",
    pod_selector: Any = None,
    skip_wait_for_delete_timeout: Any = 0,
    now: Any = None,
    **allowed: Any,
) -> dict[str, Any]:
    """Answer for the pods of one node as the kubectl of a release does; nothing is contacted.

    pods: Pod manifests, lists of them, or their text as YAML. daemonsets: "namespace/name" or manifests of those that
    exist, None for all. now: an ISO time, None for the clock. allowed: force, ignore_daemonsets, delete_emptydir_data.
    Returns proceed, evict, skip, refuse and lines, see the documentation of the filter drain_plan.
    Raises DrainProblem, SelectorProblem or ManifestProblem in one sentence.
    """
    kubectl = _kubectl(release)
    options = Options(
        **{name: _flag(name, value) for name, value in allowed.items()},
        skip_wait_for_delete_timeout=_seconds(skip_wait_for_delete_timeout, kubectl),
        existing=None if daemonsets is None else frozenset(_daemon_sets(daemonsets)),
        now=datetime.now(timezone.utc) if now is None else _time("now", now),
    )
    selector = _selector(pod_selector)
    selected = [pod for pod in _pods(pods) if selector.matches(pod.labels)]
    if kubectl is KUBECTL_1_34:
        selected.sort(key=lambda pod: pod.full_name)  # as the API lists them
    return _result([(pod, _decide(pod, options, kubectl)) for pod in selected])


def _decide(pod: Pod, options: Options, kubectl: Kubectl) -> Answer:
    """Ask the filters in order, until one says that the pod does not go."""
    warnings: list[Answer] = []
    answer = _GOES_ON
    for ask in kubectl.filters:
        answer = ask(pod, options, kubectl)
        if answer.why:
            warnings.append(answer)
        if answer.outcome != "evict":
            break
    if answer.outcome == "refuse":
        return answer
    texts = [warning.text for warning in warnings if warning.text]
    text = f": {pod.name}; ".join(texts) or None if kubectl.keeps_warnings else answer.text
    return Answer(answer.outcome, text, ", and ".join(warning.why for warning in warnings))


def _result(answers: list[tuple[Pod, Answer]]) -> dict[str, Any]:
    groups: dict[str, list[tuple[Pod, Answer]]] = {"evict": [], "skip": [], "refuse": []}
    for pod, answer in answers:
        groups[answer.outcome].append((pod, answer))
    found = {
        outcome: [{"pod": pod.full_name, "text": answer.text} for pod, answer in group]
        for outcome, group in groups.items()
    }
    return {"proceed": not groups["refuse"], **found, "lines": list(_lines(groups))}


def _lines(groups: Mapping[str, list[tuple[Pod, Answer]]]) -> Iterator[str]:
    evicted, stays, refused = (len(groups[outcome]) for outcome in ("evict", "skip", "refuse"))
    stopped = f", {refused} refused, so that nothing is evicted" if refused else ""
    yield f"{evicted} to evict, {stays} to leave{stopped}"
    for outcome in ("refuse", "evict", "skip"):
        yield from (f"{pod.full_name} {answer.why}" for pod, answer in groups[outcome] if answer.why)


# --- what was asked -------------------------------------------------------------------------------------------------


def _kubectl(release: Any) -> Kubectl:
    match = None if isinstance(release, bool) else _RELEASE.fullmatch(str(release))
    if not match:
        raise DrainProblem(f"release must be a release of OpenShift such as 3.11 or 4.18, not {shown(release)}")
    return KUBECTL_1_11 if match[1] == "3" else KUBECTL_1_34


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise DrainProblem(f"{name} must be true or false, not {shown(value)}")
    return value


def _seconds(value: Any, kubectl: Kubectl) -> int:
    name = "skip_wait_for_delete_timeout"
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DrainProblem(f"{name} must be a number of seconds, 0 or more, not {shown(value)}")
    if value and _going_for_long not in kubectl.filters:
        raise DrainProblem(f"{name} must be 0 for release 3.x, whose drain has no such option, not {value}")
    return value


def _selector(value: Any) -> labels.Selector:
    if value is None:
        return labels.Selector()
    if not isinstance(value, str):
        raise DrainProblem(f"pod_selector must be the text of a label selector, not {kind_of(value)}: {shown(value)}")
    try:
        return labels.parse(value)
    except labels.SelectorProblem as problem:
        raise DrainProblem(f"pod_selector: {problem}") from None


def _time(name: str, value: Any) -> datetime:
    """Read an ISO time; one without a zone is in UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    try:
        if match:
            zone = match[3] or "Z"
            return datetime.fromisoformat(f"{match[1]}T{match[2]}{'+00:00' if zone in 'Zz' else zone}")
    except ValueError:
        pass
    raise DrainProblem(f"{name} must be a time such as 2026-06-01T12:00:00Z, not {shown(value)}")


# --- what is on the node --------------------------------------------------------------------------------------------


def _pods(value: Any) -> Iterator[Pod]:
    if value is None or not isinstance(value, (str, list, tuple, Mapping)):
        raise DrainProblem(f"the pods must be Pod manifests, not {kind_of(value)}: {shown(value)}")
    for manifest in _manifests(value, "the pods", "Pod"):
        yield _pod(manifest)


def _daemon_sets(value: Any) -> Iterator[str]:
    items = value if isinstance(value, (list, tuple)) else [value]
    for item in items:
        if isinstance(item, str):
            if not re.fullmatch(r"[^/\s]+/[^/\s]+", item):
                raise DrainProblem(f"daemonsets must hold namespace/name or manifests, not {quoted(item)}")
            yield item
            continue
        for manifest in _manifests(item, "daemonsets", "DaemonSet"):
            namespace, name = _names(manifest)
            yield f"{namespace}/{name}"


def _manifests(value: Any, argument: str, kind: str) -> Iterator[Manifest]:
    files = {"name": argument, "content": value} if isinstance(value, str) else value
    for manifest in texts.documents(files):
        if manifest.get("kind") not in (None, kind):
            raise DrainProblem(f"{argument} must be manifests of kind {kind}, and one is {name_of(manifest)}")
        yield manifest


def _names(manifest: Manifest) -> tuple[str, str]:
    metadata = _mapping(manifest, "metadata", manifest)
    namespace, name = (_text(metadata, key, f"metadata.{key}", manifest) for key in ("namespace", "name"))
    if not name:
        raise DrainProblem(f"{name_of(manifest)}: metadata.name is missing")
    return namespace or _NO_NAMESPACE, name


def _pod(manifest: Manifest) -> Pod:
    namespace, name = _names(manifest)
    metadata, spec, status = (_mapping(manifest, part, manifest) for part in ("metadata", "spec", "status"))
    deleted = metadata.get("deletionTimestamp")
    time = None if deleted is None else _time(f"{name_of(manifest)}: metadata.deletionTimestamp", deleted)
    pairs = _mapping(metadata, "labels", manifest, "metadata.labels")
    return Pod(
        namespace=namespace,
        name=name,
        labels={key: _text(pairs, key, "a label", manifest) for key in pairs},
        controller=_controller(metadata, manifest),
        is_mirror=_MIRROR in _mapping(metadata, "annotations", manifest, "metadata.annotations"),
        has_local_data=any(
            _optional_mapping(volume, "emptyDir", manifest, "spec.volumes[].emptyDir") is not None
            for volume in _items(spec, "volumes", manifest, "spec.volumes")
        ),
        is_finished=_text(status, "phase", "status.phase", manifest) in _FINISHED,
        deleted=None if time == _NEVER else time,
    )


def _controller(metadata: Manifest, manifest: Manifest) -> tuple[str, str, str] | None:
    """Return the first owner that says it is the controller, as GetControllerOf does."""
    where = "metadata.ownerReferences"
    for owner in _items(metadata, "ownerReferences", manifest, where):
        is_controller = owner.get("controller")
        if not isinstance(is_controller, (bool, type(None))):
            raise _wrong(manifest, f"{where}[].controller", "true or false", is_controller)
        if is_controller:
            kind, version, name = (
                _text(owner, key, f"{where}[].{key}", manifest) for key in ("kind", "apiVersion", "name")
            )
            return kind, version, name
    return None


def _mapping(holder: Manifest, key: str, manifest: Manifest, path: str = "") -> Mapping[str, Any]:
    return _optional_mapping(holder, key, manifest, path) or {}


def _optional_mapping(holder: Manifest, key: str, manifest: Manifest, path: str) -> Mapping[str, Any] | None:
    found = holder.get(key)
    if found is not None and not isinstance(found, Mapping):
        raise _wrong(manifest, path or key, "a mapping", found)
    return found


def _items(holder: Manifest, key: str, manifest: Manifest, path: str) -> Iterable[Manifest]:
    found = holder.get(key)
    if found is None:
        return []
    if not isinstance(found, (list, tuple)):
        raise _wrong(manifest, path, "a list", found)
    for item in found:
        if not isinstance(item, Mapping):
            raise _wrong(manifest, f"{path}[]", "a mapping", item)
    return found


def _text(holder: Manifest, key: str, path: str, manifest: Manifest) -> str:
    found = holder.get(key)
    if found is not None and not isinstance(found, str):
        raise _wrong(manifest, path, "text", found)
    return found or ""


def _wrong(manifest: Manifest, path: str, wanted: str, found: object) -> DrainProblem:
    return DrainProblem(f"{name_of(manifest)}: {path} must be {wanted}, not {kind_of(found)}: {shown(found)}")
