# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as a text file for Prometheus (the textfile collector of its node exporter).

Source of the format: Prometheus documentation, "Exposition formats", text-based format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import clock

#: Name of a metric → what it says.
HELP = {
    "dockyard_outcome": "1 for how a host or cluster stands.",
    "dockyard_drift": "Whether a host or cluster differs from its policy; absent where nobody could tell.",
    "dockyard_certificate_days_left": "Whole days until a certificate ends, negative after that.",
    "dockyard_report_time_seconds": "When the report was made, in seconds since 1970.",
}


def render(report: Mapping[str, Any]) -> str:
    """Return the metrics of what `report.document` returns."""
    lines: dict[str, list[str]] = {name: [] for name in HELP}
    for name, labels, value in _samples(report):
        said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines[name].append(f"{name}{{{said}}} {value}")
    blocks = [[f"# HELP {name} {text}", f"# TYPE {name} gauge", *lines[name]] for name, text in HELP.items()]
    return "".join(f"{line}\n" for block in blocks for line in block)


def _samples(report: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], int]]:
    for one in report["subjects"]:
        whose = {"name": one["name"], "kind": one["kind"]}
        yield "dockyard_outcome", {**whose, "outcome": one["outcome"]}, 1
        if one["drift"] is not None:
            yield "dockyard_drift", whose, int(one["drift"])
    for certificate in report["certificates"]:
        labels = {"subject": certificate["subject"], "fingerprint": certificate["fingerprint"]}
        for name in certificate["on"]:
            yield "dockyard_certificate_days_left", {"name": name, **labels}, certificate["days_left"]
    made = clock.moment_of(report["made"])
    yield "dockyard_report_time_seconds", {"run": report["run"]}, int(made.timestamp())


def _escaped(text: Any) -> str:
    return str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
