# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entry serves an image, by engine."""

from __future__ import annotations

from collections.abc import Sequence

from ..problems import Problem
from ..resolution.references import Reference, quoted
from .answers import Lookup, Source
from .containers import crio, podman
from .docker import docker
from .kubelet import kubelet

ENGINES = ("podman", "crio", "kubelet", "docker")


class EngineProblem(Problem):
    """Why the question makes no sense for this engine."""


def any_image_of(registry: str) -> Reference:
    """Return an image of a registry, or of a part of it, of which only the place counts."""
    domain, _slash, path = registry.partition("/")
    return Reference(domain, path or "an/image")


def look_up(engine: str, reference: Reference, files: Sequence[Source], secrets: Sequence[Source] = ()) -> Lookup:
    """Return the answer of one of ENGINES; files in the order in which it reads them. Raises EngineProblem."""
    if engine == "kubelet":
        return kubelet(reference, files, secrets)
    lookups = {"podman": podman, "crio": crio, "docker": docker}
    if engine not in lookups:
        raise EngineProblem(f"engine must be one of {', '.join(ENGINES)}, not {quoted(engine)}")
    lookup = lookups[engine](reference, files)
    lookup.note_unread(secrets, f"{engine} knows no pull secrets")
    return lookup
