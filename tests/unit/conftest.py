# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For all unit tests: the collection is importable, and cases shared with other projects run where they are at hand."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"

sys.path[:0] = [str(REPOSITORY / ".cache" / "collections"), str(Path(__file__).parent)]
sys.path.append(str(REPOSITORY / "tests/lab/cluster/standins"))

from ansible.utils.display import Display  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils import clock, problems  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift4 import (  # noqa: E402
    disruption,
    forecast,
    guards,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.fleet import report  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan import plan  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import signature_policy  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task import base, filters  # noqa: E402
from sentences import compare, hear, listening, overheard, write  # noqa: E402
from trust import pki  # noqa: E402

# Where people are told something: refusals, plans, answers of tasks and filters. Before filters take these by name.
# What a task says while it waits goes to the display of Ansible.
EARS = (
    (problems.Problem, "__str__"), (plan.Plan, "text"), (base.Task, "finish"), (filters, "filtered"),
    (forecast, "of_cluster"), (disruption, "of_change"), (guards, "lint"), (report, "document"),
    (signature_policy, "restrict"),
)  # fmt: skip
for _place, _name in EARS:
    setattr(_place, _name, overheard(getattr(_place, _name)))


# The time that tables of certificates are about: days that are left would be one less each day.
clock.source = lambda: pki.NOW

Display.display = lambda display, msg, *more, **words: hear(msg)

# Cases say which modes files have that somebody has made; whoever runs them may have a stricter umask.
os.umask(0o022)

settings.register_profile("ci", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")

shared_cases = {"passed": 0, "failed": 0, "skipped": 0}


def pytest_collection_modifyitems(config, items):
    """Leave out what cannot run here through nobody's fault, and say so at the end: nothing is skipped in silence."""
    reasons = [next((reason for reason, applies in LEFT_OUT.items() if applies(item)), None) for item in items]
    for item, reason in zip(items, reasons, strict=True):
        if reason:
            left_out[reason].append(item.nodeid)
    config.hook.pytest_deselected(items=[item for item, reason in zip(items, reasons, strict=True) if reason])
    items[:] = [item for item, reason in zip(items, reasons, strict=True) if not reason]


LEFT_OUT = {
    "they need the folder shared beside the repository": lambda item: (
        "shared_dir" in item.fixturenames and not SHARED.is_dir() and os.environ.get("REQUIRE_SHARED") != "1"
    ),
    "they need root": lambda item: item.get_closest_marker("root") and os.geteuid() != 0,
}
#: Reason → names of tests.
left_out: dict[str, list[str]] = {reason: [] for reason in LEFT_OUT}


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of shared data beside the repository. Without it tests are left out, or fail if REQUIRE_SHARED=1."""
    if not SHARED.is_dir():
        pytest.fail(f"REQUIRE_SHARED=1, and there is no {SHARED.name} beside the repository")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def rounds() -> int:
    """Make ids of plans with secrets cheap here, a tenth of a second each otherwise. The value is what users pay."""
    real, plan._ROUNDS = plan._ROUNDS, 1
    return real


@pytest.fixture
def sentences(request):
    """sentences(answer, …) compares all that people read of answers with tests/data/sentences."""
    return functools.partial(compare, request.module.__name__, request.node.name)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Compare what a test told people; not where values are made up, or are those of others."""
    made_up = hasattr(pyfuncitem.obj, "hypothesis") or pyfuncitem.get_closest_marker("slow")
    if made_up or "shared_dir" in pyfuncitem.fixturenames:
        return (yield)
    with listening(pyfuncitem.module.__name__):
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if "shared_dir" in getattr(item, "fixturenames", ()):
        item.user_properties.append(("shared", "yes"))  # for the count of all lanes, see tests/tools/lanes


def pytest_runtest_logreport(report):
    uses_shared_data = any(name == "shared" for name, _value in report.user_properties)
    if uses_shared_data and (report.when == "call" or report.outcome != "passed"):
        shared_cases[report.outcome] += 1


def pytest_sessionfinish(session):
    """Tell the process that prints the summary, where tests run side by side."""
    write()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    left_out.update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter):
    for reason, tests in left_out.items():
        if tests:
            files = sorted({test.partition("::")[0] for test in tests})
            terminalreporter.write_line(f"left out: {len(tests)} tests, because {reason}: {', '.join(files)}")
    counts = ", ".join(f"{number} {outcome}" for outcome, number in shared_cases.items())
    terminalreporter.write_line(f"shared cases: {counts}")
