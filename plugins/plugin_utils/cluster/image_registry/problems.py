# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the image registry operator would answer to a specification, and what a person would want to know before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..openshift4 import releases
from ..openshift4.objects import cited, kind_of
from . import BY_API, REFUSE, Finding, RegistryProblem, checks, doubts, refusal, surroundings, validation, warning
from .asked import Asked

#: A word that people write → the one that the API knows, for fields that it drops.
_MEANT = {"storage.pvc": "claim", "storage.s3": "regionEndpoint", "storage": "one of the backends"}


def of(spec: Any, current: Any = None, objects: Any = (), release: Any = "4.18") -> list[dict[str, Any]]:
    """Return the findings for a specification, in the order in which the product looks; warnings come last.

    spec: of configs.imageregistry.operator.openshift.io/cluster, after a merge. current: the one in force, None when
    it is not known. objects: manifests that the operator reads, see surroundings; what is not there does not exist.
    Each finding is {path, effect, sentence, reason}; see the documentation of the filter image_registry_problems.
    Raises RegistryProblem or ManifestProblem in one sentence.
    """
    minor = int(releases.find(release).name.partition(".")[2])
    around = surroundings.read(objects)
    schema = validation.schema_of(minor)
    asked, unknown = validation.stored(_spec("the specification", spec), schema)
    stored, known = ({}, []) if current is None else validation.stored(_spec("current", current), schema)
    now = _believable(stored, schema)
    dropped = [path for path in unknown if path not in known]  # what is stored, an API newer than ours knows
    return [one._asdict() for one in _findings(Asked(asked, now, around, minor), dropped, schema)]


def _believable(current: Mapping[str, Any], schema: validation.Schema) -> dict[str, Any]:
    """Return the fields that an API server can have stored; nothing follows from others."""
    wrong = {re.split(r"[.[]", path)[0] for path, _sentence in validation.mistakes(current, schema)}
    return {key: value for key, value in current.items() if key not in wrong}


def _findings(asked: Asked, unknown: list[str], schema: validation.Schema) -> Iterator[Finding]:
    dropped = [warning(path, _dropped(path)) for path in unknown]
    refused = [refusal(path, sentence, BY_API) for path, sentence in validation.mistakes(asked.spec, schema)]
    refused = refused or list(checks.unreadable(asked.spec, schema))
    yield from refused
    if not refused:
        found = list(checks.in_state(asked))
        yield from (one for one in found if one.effect == REFUSE)
        yield from (one for one in found if one.effect != REFUSE)
        yield from doubts.of(asked)
    yield from dropped


def _dropped(path: str) -> str:
    meant = _MEANT.get(path.rpartition(".")[0])
    return "is not known to the API, which drops it" + (f"; the key may be {meant}" if meant else "")


def _spec(argument: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RegistryProblem(f"{argument} must be a mapping, not {kind_of(value)}: {cited(value)}")
    if value.get("kind") == "Config" and "spec" in value:
        raise RegistryProblem(f"{argument} must be the spec of Config/cluster, and this is the whole object")
    return value
