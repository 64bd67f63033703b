# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task about hosts can be asked for: features, of which it takes any number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from ..host.observed import Observed
from ..host.watch import Watch
from ..plan.proposal import Drafter, Proposal
from .base import Fill

Spec = dict[str, dict[str, Any]]
Report = tuple[Mapping[str, Any], ...]


class AnyFeature(Protocol):
    """What a feature of hosts and one of clusters have in common. `said` is its own value, made of its options."""

    #: The options of every task; of those that change something; of those that only report. `make docs` documents
    #: them from their key `description`.
    OPTIONS: Spec
    CHANGE_OPTIONS: Spec
    SURVEY_OPTIONS: Spec
    #: Option → the variables of the inventory that it is taken from, nearest first.
    VARIABLES: Mapping[str, tuple[str, ...]]

    @property
    def fill(self) -> Fill:
        """Gives the options that VARIABLES name their values, see task/base.py."""

    def read(
        self, options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
    ) -> Any:
        """Read what is asked for. read_file: a file on the controller; hide: takes each private key. Raises Problem."""


class HostFeature(AnyFeature, Protocol):
    """A module with these names is a feature of hosts."""

    #: What is looked at to report, to take things off a host, and to undo.
    WATCH: Watch
    #: Its words, and what is needed to read them: part of OPTIONS.
    WORD_OPTIONS: Spec

    def watch(self, said: Any) -> Watch:
        """Name the facts that a plan needs, none where none is made."""

    def drafts(self, host: Observed, said: Any) -> Iterable[Drafter]:
        """List what is wanted of the host. Raises HostProblem."""

    def withdraw(self, host: Observed) -> Iterable[Drafter]:
        """List the drafts that remove everything that earlier runs made for this feature. Raises HostProblem."""

    def confirm(self, host: Observed) -> Iterable[Drafter]:
        """List the drafts after which its programs agree with files that were taken back. Raises HostProblem."""

    def report(self, proposal: Proposal, said: Any, report: Report) -> dict[str, Any]:
        """Return its part of the task's result, after the proposal; report: the answers of the commands."""

    def survey(self, host: Observed, said: Any, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return its part of the result of an _info task. Raises Problem."""


def merged_specs(specs: Iterable[Spec]) -> Spec:
    """Merge the options of several argument specs."""
    return {name: about for spec in specs for name, about in spec.items()}
