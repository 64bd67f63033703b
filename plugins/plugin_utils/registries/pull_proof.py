# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proof by pulls: images that must come, images that must not, and a small image that is pushed and pulled again.

The host's own engine pulls. What was not on the host before is removed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..engines import Engine
from ..host.observed import Observed
from ..host.services import CRIO, DOCKER
from ..host.watch import Question, Watch
from ..plan.draft import Check
from ..policy import ALL, Policy
from ..problems import Problem, one_line
from ..resolution.names import DOCKER_HUB
from ..resolution.references import ReferenceProblem, parse

#: Seconds for one image: a slow registry must not take a change back.
_TIMEOUT = 120.0

# program, what must come of it, image
_SCRIPT = r"""
engine=$1 wanted=$2 image=$3
there() {
  case $engine in crictl) crictl inspecti -q "$image";; *) "$engine" inspect --type image "$image";; esac \
    >/dev/null 2>&1
}
forget() { case $engine in crictl) crictl rmi "$image";; *) "$engine" rmi "$image";; esac >/dev/null 2>&1; }
last() { printf '%s' "$said" | tr '\000-\011\013-\037\177' ' ' | grep . | tail -n 1 | cut -c1-300; }

if [ "$wanted" = pushed ]; then
  said=$(tar cf - -T /dev/null | "$engine" import - "$image" 2>&1 && "$engine" push "$image" 2>&1) ||
    { forget; echo "$image cannot be pushed: $(last)" >&2; exit 1; }
  forget
fi
there && kept=yes || kept=
if said=$("$engine" pull "$image" 2>&1); then came=yes; else came=; fi
[ "$kept" ] || [ ! "$came" ] || forget
case $wanted:$came in
  refused:yes) echo "$image came, and it must not" >&2; exit 1;;
  refused:) echo "$image does not come: $(last)";;
  *:yes) echo "$image came";;
  *) echo "$image does not come: $(last)" >&2; exit 1;;
esac
"""

OPTION: dict[str, Any] = {
    "type": "dict",
    "description": [
        "Images that prove the lists, pulled by the engines of the host itself after a change; when one is not as it "
        "should be, everything is put back. Nothing is pulled unless this is set, or where nothing changes.",
        "The task that only reports pulls them at every run. An image that was not there before is removed again.",
        "With it comes a warning for each insecure registry, and one where V(all) is blocked and images of "
        "C(docker.io) are out of reach.",
    ],
    "options": {
        "comes": {
            "type": "list",
            "elements": "str",
            "default": [],
            "description": ["Images that the host must be able to pull."],
        },
        "refused": {
            "type": "list",
            "elements": "str",
            "default": [],
            "description": ["Images that it must not be able to pull, for whatever reason."],
        },
        "pushed": {
            "type": "list",
            "elements": "str",
            "default": [],
            "description": [
                "Names under which an empty image is pushed and then pulled; it stays in the registry. CRI-O cannot "
                "push.",
            ],
        },
    },
}


class PullProblem(Problem):
    """What is wrong with the option verify_pull."""

    word = "verify_pull"


@dataclass(frozen=True)
class Wanted:
    """An image, and what must come of it: comes, refused or pushed."""

    image: str
    outcome: str


def read(option: Mapping[str, Any] | None) -> tuple[Wanted, ...]:
    """Read the option. Raises PullProblem."""
    found = []
    for outcome in OPTION["options"]:
        for image in (option or {}).get(outcome) or ():
            try:
                parse(image)
            except ReferenceProblem as problem:
                raise PullProblem(f"verify_pull: {outcome}: {problem}") from None
            found.append(Wanted(image, outcome))
    return tuple(found)


def checks(engine: Engine, host: Observed, wanted: Iterable[Wanted]) -> tuple[Check, ...]:
    """Return a check an image, by the program of this engine."""
    program = _program(engine, host)
    return tuple(
        Check(_name(each, program), _argv(program, each), ({"rc": 0},), attempts=1, timeout=_TIMEOUT)
        for each in wanted
        if program and not (program == "crictl" and each.outcome == "pushed")
    )


def watch(wanted: Iterable[Wanted]) -> Watch:
    """Ask the same at a look, of every engine that may be there."""
    questions = tuple(
        Question(_name(each, program), _argv(program, each), program)
        for each in wanted
        for program in ("docker", "podman", "crictl")
        if not (program == "crictl" and each.outcome == "pushed")
    )
    return Watch(commands=questions, timeout=_TIMEOUT) if questions else Watch()


def outcomes(report: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what came of each image, from the answers of checks."""
    return [
        _outcome(str(answer["name"]), answer.get("rc"), f"{answer.get('stdout', '')}{answer.get('stderr', '')}")
        for answer in report
        if str(answer.get("name", "")).startswith(_BEGIN)
    ]


def seen(host: Observed, wanted: Iterable[Wanted]) -> list[dict[str, Any]]:
    """Return what came of each image, from a look."""
    names = [question.name for question in watch(wanted).commands]
    answers = ((name, host.answer(name)) for name in names)
    return [
        _outcome(name, answer.rc, answer.failure or f"{answer.stdout}{answer.stderr}")
        for name, answer in answers
        if answer.there
    ]


def warnings(policy: Policy) -> Iterator[str]:
    """Warn of what is allowed and seldom wanted: insecure registries, and Docker Hub out of reach."""
    for entry in policy.insecure or ():
        yield f"'{entry}' is insecure: whoever stands in between can read and change what is pulled from it"
    allowed = policy.allow_list
    if allowed is not None and DOCKER_HUB not in {scope.partition("/")[0] for scope in allowed}:
        yield f"blocked is '{ALL}', and images of {DOCKER_HUB} are out of reach; allow those that are needed"


_BEGIN = "image "


def _name(each: Wanted, program: str) -> str:
    return f"{_BEGIN}{each.image} {each.outcome} ({program})"


def _argv(program: str, each: Wanted) -> tuple[str, ...]:
    return ("sh", "-c", _SCRIPT, "sh", program, each.outcome, each.image)


def _program(engine: Engine, host: Observed) -> str:
    if engine.name != "containers":
        return "docker" if DOCKER.running(host) else ""
    if host.answer("podman.info").there:
        return "podman"
    return "crictl" if CRIO.running(host) else ""


def _outcome(name: str, rc: int | None, said: str) -> dict[str, Any]:
    image, expected, program = name.removeprefix(_BEGIN).rsplit(" ", 2)
    return {
        "image": image,
        "engine": program.strip("()"),
        "expected": expected,
        "ok": rc == 0,
        "said": one_line(said.strip()),
    }
