# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ImagePruner/cluster: when images that nobody needs go, and why the last time failed.

Source: openshift/api imageregistry/v1 types_imagepruner.go; CIRO pkg/operator/imagepruner.go. The pruner is
independent of the registry's state, except that its job prunes the registry's storage only while it is Managed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from ...policy.word import UNSHOWN, PolicyError
from ...variables import Fill, behind, from_variables
from ..api import Manifest, Ref, at
from ..changes import ClusterDraft, NotYet, WantedObject
from ..image_registry import pods, validation
from ..image_registry.values import duration
from ..integrated_registry import CONFIG, JOBS, PRUNER, diagnosis, health
from ..seen import Cluster
from . import unreadable

WATCH: tuple[Ref, ...] = (PRUNER,)
OPTIONS: dict[str, dict[str, Any]] = {
    "schedule": {
        "type": "str",
        "description": ["When to prune: five fields of cron, or V(@daily) and the like; empty means every midnight."],
    },
    "suspend": {"type": "bool", "description": ["Whether pruning pauses."]},
    "keep_tag_revisions": {"type": "int", "description": ["How many revisions of a tag are kept."]},
    "keep_younger_than": {"type": "str", "description": ["Images younger than this are kept, as V(60m) or V(48h)."]},
    "ignore_invalid_image_references": {
        "type": "bool",
        "description": ["Whether objects with an unreadable image name are passed over. Such a name fails the job."],
    },
    "log_level": {
        "type": "str", "choices": ["Normal", "Debug", "Trace", "TraceAll"], "description": ["How much the job logs."],
    },
    "successful_jobs_history_limit": {"type": "int", "description": ["How many jobs that succeeded are kept."]},
    "failed_jobs_history_limit": {"type": "int", "description": ["How many jobs that failed are kept."]},
    "node_selector": {"type": "dict", "description": ["Labels of the nodes for the job, merged over those there."]},
    "tolerations": {"type": "list", "elements": "dict", "description": ["Tolerations of the job, as in the API."]},
    "affinity": {"type": "dict", "description": ["Affinity of the job, as in the API, merged over what is there."]},
    "resources": {"type": "dict", "description": ["Requests and limits of the job, merged over what is there."]},
    "remove_failed_jobs": {
        "type": "bool", "default": False,
        "description": [
            "Whether failed jobs are removed. One that failed by a passing fault keeps the operator degraded until the "
            "next that succeeds.",
        ],
    },
    **from_variables("image_pruner_"),
}  # fmt: skip
CHANGE_OPTIONS: dict[str, dict[str, Any]] = {}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {}
ASKING = tuple(name for name in OPTIONS if name != "from_variables")
VARIABLES = behind("image_pruner_", ASKING)
fill = Fill(VARIABLES)

#: Option → field of the spec.
_FIELDS: Mapping[str, str] = {
    "schedule": "schedule",
    "suspend": "suspend",
    "keep_tag_revisions": "keepTagRevisions",
    "keep_younger_than": "keepYoungerThanDuration",
    "ignore_invalid_image_references": "ignoreInvalidImageReferences",
    "log_level": "logLevel",
    "successful_jobs_history_limit": "successfulJobsHistoryLimit",
    "failed_jobs_history_limit": "failedJobsHistoryLimit",
    "node_selector": "nodeSelector",
    "tolerations": "tolerations",
    "affinity": "affinity",
    "resources": "resources",
}
_OF_PODS = ("node_selector", "tolerations", "affinity", "resources")
#: The newest minor release whose schema of pods is known here.
_RELEASE = 18
_UNREADABLE = (
    "the pruner's job ends at it: correct the name, or say ignore_invalid_image_references: true, which passes over it"
)
_NEXT = "nothing tries again before the next time of the schedule"
_ENDS = "remove_failed_jobs: true ends the state Degraded at once"
_FOREIGN = "it is not a job of the pruner, and the operator takes it for one: delete it, which ends the state Degraded"
_COUNTS = ("keep_tag_revisions", "successful_jobs_history_limit", "failed_jobs_history_limit")
_MOST = 2**31 - 1

#: Field of cron → least, most, names. Source: robfig/cron v3 parser.go, which the CronJob controller uses.
_CRON: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    ("day of the week", 0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_WORDS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_PART = re.compile(r"(?P<from>\*|\?|[0-9A-Za-z]+)(?:-(?P<to>[0-9A-Za-z]+))?(?:/(?P<step>[0-9]+))?")


@dataclass(frozen=True)
class Asked:
    """What a task was asked for."""

    said: Mapping[str, Any]


def cron_mistake(text: str) -> str:
    """Say what is wrong with a schedule, "" when a CronJob takes it."""
    if text == "" or text in _WORDS:
        return ""
    if text.startswith("@every "):
        nanoseconds = duration(text.removeprefix("@every ").strip())
        return "" if nanoseconds and nanoseconds > 0 else "has no duration behind @every"
    if text.startswith("@"):
        return f"is not one of {', '.join(_WORDS)}, @every"
    if "TZ" in text:
        return "names a time zone, which the API refuses in a schedule"
    fields = text.split()
    if len(fields) != len(_CRON):
        return f"has {len(fields)} fields, and a schedule has five: minute, hour, day, month, weekday"
    return next(
        (f"has the {rule[0]} {one}" for one, rule in zip(fields, _CRON, strict=True) if not _fits(one, rule)), ""
    )


def _fits(text: str, rule: tuple[str, int, int, tuple[str, ...]]) -> bool:
    return all(_part_fits(part, rule) for part in text.split(","))


def _part_fits(text: str, rule: tuple[str, int, int, tuple[str, ...]]) -> bool:
    _name, least, most, names = rule
    match = _PART.fullmatch(text)
    if not match or match["step"] is not None and int(match["step"][:9]) == 0:
        return False
    if match["from"] in "*?":
        return match["to"] is None
    ends = [_number(match[end], least, names) for end in ("from", "to") if match[end] is not None]
    return all(end is not None and least <= end <= most for end in ends) and (ends[0] or 0) <= (ends[-1] or 0)


def _number(text: str, least: int, names: tuple[str, ...]) -> int | None:
    if text.isdecimal():
        return int(text[:9])
    return names.index(text.lower()) + least if text.lower() in names else None


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    """Read what the options say. Raises PolicyError in one sentence before anything is sent."""
    if options["schedule"] is not None and (mistake := cron_mistake(options["schedule"])):
        raise PolicyError("schedule", options["schedule"], mistake)
    for name in _COUNTS:
        if options[name] is not None and not 0 <= options[name] <= _MOST:
            raise PolicyError(name, str(options[name]), "is not a number from 0 to 2147483647")
    for option, sentence in _pod_mistakes(options):
        raise PolicyError(option, UNSHOWN, sentence)
    age = options["keep_younger_than"]
    if age is not None and (duration(age) is None or (duration(age) or 0) < 0):
        raise PolicyError("keep_younger_than", age, "is not a duration such as 60m or 48h; days are written as hours")
    return Asked(options)


def _pod_mistakes(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the pods that are asked for; they have the same schema as those of the registry."""
    names = {_FIELDS[name]: name for name in _OF_PODS}
    asked = {_FIELDS[name]: options[name] for name in _OF_PODS if options[name] is not None}
    schema = validation.schema_of(_RELEASE)
    kept, unknown = validation.stored(asked, {"properties": {key: schema["properties"][key] for key in asked}})
    for path in unknown:
        yield _said(names, path, "is not known to the API")
    wrong = validation.mistakes(kept, {"type": "object", "properties": schema["properties"]})
    for one in wrong or pods.mistakes(kept, _RELEASE):
        yield _said(names, one.path, one.sentence)


def _schema() -> validation.Schema:
    """Return the schema of what is a duration or an amount; resources are those of the registry.

    An age of 0 is not what the operator takes where none is given, so it counts as one that has to be there.
    """
    resources = validation.schema_of(_RELEASE)["properties"]["resources"]
    fields = {"keepYoungerThanDuration": {"format": "duration"}, "resources": resources}
    return {"properties": fields, "required": ["keepYoungerThanDuration"]}


def _said(names: Mapping[str, str], path: str, sentence: str) -> tuple[str, str]:
    """Return the option that a path is in, and the sentence with the rest of the path."""
    key = re.split(r"[.[]", path)[0]
    rest = path[len(key) :].lstrip(".")
    return names[key], f"{rest} {sentence}" if rest else sentence


def draft(cluster: Cluster, asked: Asked) -> ClusterDraft:
    """Say what is wanted of the cluster. Raises NotRead, NotYet, ClusterProblem."""
    pruner = cluster.one(PRUNER)
    if pruner is None:
        raise NotYet(f"{PRUNER}: the registry operator has not made it yet", diagnosis.why)
    spec = {key: asked.said[name] for name, key in _FIELDS.items() if asked.said[name] is not None}
    spec = validation.as_there(spec, at(pruner, "spec") or {}, _schema())
    if "keepYoungerThanDuration" in spec and at(pruner, "spec", "keepYoungerThan") is not None:
        spec["keepYoungerThan"] = None  # the older field, in nanoseconds, which the newer one replaces
    why = ", ".join(name for name in _FIELDS if asked.said[name] is not None)
    wanted = [WantedObject(PRUNER, {"spec": spec}, why)] if spec else []
    if asked.said["remove_failed_jobs"]:
        wanted += [WantedObject(_ref(job), None, "remove_failed_jobs") for job in failed(cluster.all(JOBS))]
    return ClusterDraft(tuple(wanted), warnings=tuple(_warnings(cluster, pruner, spec)))


def _warnings(cluster: Cluster, pruner: Manifest, spec: Mapping[str, Any]) -> Iterator[str]:
    state = at(cluster.one(CONFIG), "spec", "managementState")
    suspended = spec.get("suspend", at(pruner, "spec", "suspend"))
    if state != "Managed" and not suspended:
        yield f"the registry is {state or 'not there'}: only objects of the API are pruned, and its storage stays"
    if spec.get("ignoreInvalidImageReferences"):
        yield "ignore_invalid_image_references: an image that is used under a name nobody can read may be pruned"


def _ref(job: Manifest) -> Ref:
    return Ref(JOBS.resource, str(at(job, "metadata", "name")), JOBS.namespace)


def failed(jobs: Iterable[Manifest]) -> list[Manifest]:
    """Return the pruner's jobs that failed."""
    return [job for job in jobs if _is_pruners(job) and _has(job, "Failed")]


def _is_pruners(job: Manifest) -> bool:
    return str(at(job, "metadata", "name") or "").startswith("image-pruner-")


def _has(job: Manifest, condition: str) -> bool:
    return health.conditions(job).get(condition, {}).get("status") == "True"


def _finished(jobs: Iterable[Manifest]) -> list[Manifest]:
    """Return the jobs that are over, the newest first: the first one decides whether the pruner is degraded.

    The operator takes every job of its namespace for one of the pruner. Source: CIRO controllerimagepruner.go sync.
    """
    over = [job for job in jobs if _has(job, "Failed") or _has(job, "Complete")]
    return sorted(over, key=lambda job: str(at(job, "metadata", "creationTimestamp") or ""), reverse=True)


def report(cluster: Cluster) -> dict[str, Any]:
    """Report what the pruner does and which jobs failed; a failure of it does not make a registry broken.

    Raises NotRead.
    """
    pruner, finished = cluster.one(PRUNER), _finished(cluster.all(JOBS))
    spec: Mapping[str, Any] = at(pruner, "spec") or {}
    ignores = spec.get("ignoreInvalidImageReferences")
    degraded = health.conditions(pruner).get("Degraded", {}).get("status")
    lately = list(takewhile(lambda job: _has(job, "Failed"), filter(_is_pruners, finished)))
    decides = finished[:1] if degraded == "True" else []
    foreign = [job for job in decides if not _is_pruners(job) and _has(job, "Failed")]
    remedy = _NEXT if degraded == "False" or foreign else f"{_NEXT}; {_ENDS}"
    return {
        "there": pruner is not None,
        "schedule": spec.get("schedule") or "",
        "suspend": bool(spec.get("suspend")),
        "conditions": {name: health.condition_text(one) for name, one in health.conditions(pruner).items()},
        "failed_jobs": [
            *(_told(job) | {"remedy": _FOREIGN} for job in foreign),
            *(_told(job) | {"remedy": remedy} for job in lately),
        ],
        "failed_earlier": [_told(job) for job in failed(finished) if job not in lately],
        "unreadable": [
            {**one, "remedy": _UNREADABLE} for one in (unreadable.references(cluster) if lately else ())
            if not ignores
        ],
    }  # fmt: skip


def _told(job: Manifest) -> dict[str, Any]:
    return {
        "name": at(job, "metadata", "name"), "reason": health.condition_text(health.conditions(job)["Failed"]),
    }  # fmt: skip


def survey(cluster: Cluster, asked: Asked) -> dict[str, Any]:
    """Report what the cluster has now. Raises NotRead, ClusterProblem."""
    cluster.need(PRUNER, JOBS, CONFIG)
    found = report(cluster)
    state = at(cluster.one(CONFIG), "spec", "managementState") or ""
    return {"pruner": found, "registry_state": state, "prunes_storage": state == "Managed"}
