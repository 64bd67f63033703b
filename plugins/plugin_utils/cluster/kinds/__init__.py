# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kinds of objects that a registry policy becomes on OpenShift 4: one file each, which says only what is wanted.

How objects are read, compared and sent is the same for all (`changes.py`). A new kind is one file with the names of
`Kind`, and one line in KINDS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ...policy import Policy
from ..api import Ref
from ..changes import WantedObject
from ..seen import Cluster
from .mirrors_from import MirrorObject


@dataclass(frozen=True)
class Said:
    """What a task was asked for; None leaves alone, empty empties. The names are those of its options."""

    policy: Policy
    mode: str = "merge"
    external_hostnames: tuple[str, ...] | None = None
    import_mode: str | None = None
    node_disruption: str | None = None
    mirrors_from: tuple[MirrorObject, ...] | None = None
    additional_registries: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        return self.mode == "exact"

    @property
    def allowed_too(self) -> tuple[str, ...]:
        """What an allow-list holds beside the words: sources of files of mirrors, and what hosts of 3 searched."""
        sources = [str(each["source"]) for one in self.mirrors_from or () for each in one.sets]
        return (*sources, *self.additional_registries)

    @property
    def anything(self) -> bool:
        """Whether anything at all is asked for."""
        own = (self.external_hostnames, self.import_mode, self.node_disruption, self.mirrors_from)
        return any(value is not None for value in own) or any(True for _word in self.policy.set_words())


@dataclass(frozen=True)
class Part:
    """What one kind contributes. lost: sources whose mirrors an object of others would lose."""

    wanted: tuple[WantedObject, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class Kind(Protocol):
    """A module with these names."""

    #: What its plan is made from, for access reviews: (what is read or written, verbs).
    ACCESS: Mapping[Ref, tuple[str, ...]]

    def wanted(self, cluster: Cluster, said: Said) -> Part:
        """Decide what the objects of this kind shall be. Raises NotRead, ClusterProblem."""
