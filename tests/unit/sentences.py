# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every sentence that a person reads, in full: tests/data/sentences has them by test file.

Tables name the words that matter; there stands the rest, so that whoever reviews a change sees every sentence of it.
`sentences(answer)` compares what one case says, in its order. Whatever else people are told while the tests of a file
run is under `heard`: refusals, plans, the sentences in answers of tasks and filters, and what hosts are asked and
sent. Of answers stands there each record as a whole too, so that no test has to name every key. `make sentences`
writes the files anew.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from functools import cache, lru_cache, wraps
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from cases import DATA, table

KEPT = DATA / "sentences"
WRITES = os.environ.get("SENTENCES") == "write"
if WRITES and "PYTEST_XDIST_WORKER" in os.environ:
    raise SystemExit("SENTENCES=write needs -n 0: each worker would write a file of what it alone heard")
#: What people read of an answer; an account holds the text of the plan.
READ = ("msg", "account", "text", "notes", "warnings", "pending", "refused", "problems", "sentence")
#: What is another in every run: checksums, dates, addresses of stand-ins; and words of Ansible's own.
_VARYING = (
    (re.compile(r"-----BEGIN [A-Z ]+-----(?=.*-----END).*?-----END [A-Z ]+-----"), "PEM"),
    (re.compile(r"\b[0-9a-f]{12,}\b"), "CHECKSUM"),
    (re.compile(r"\b20\d\d-\d\d-\d\d(T[\d:.]+Z?)?"), "DATE"),
    (re.compile(r"\(secret [0-9a-f]{8}\)"), "(secret MARK)"),
    (re.compile(r"\bMI[0-9A-Za-z+/]{20,}=*"), "DER"),
    (re.compile(r"(?=[/+a-zA-Z]*\d)(?=[/+a-z\d]*[A-Z])[0-9A-Za-z+/]{40,}=*"), "BASE64"),
    (re.compile(r"\b\d+(?= bytes)"), "SOME"),
    (re.compile(r"/dev/shm/dockyard-[\w/]+"), "PATH"),
    (re.compile(r"(?<=\(_ssl\.c:)\d+"), "LINE"),
    (re.compile(r"127\.0\.0\.1:\d+|localhost:\d{5}"), "ADDRESS"),
    (re.compile(r"/[\w/.-]*pytest-of-[\w/.-]*"), "PATH"),
    (re.compile(re.escape(str(Path(__file__).parents[2]))), "PATH"),
    (re.compile(r"(?<=we were unable to convert to) .*"), " …"),
)
_new: dict[str, dict[str, list[str]]] = {}
HEARD = "heard"
_PROGRAM = re.compile(r"(?<=.)\n.*", re.DOTALL)
#: Parts of an answer that others wrote: whole files, what a server sent, what a module was given.
_QUOTED = (
    "diff", "before", "after", "stdout", "content", "invocation", "exception", "files", "generated", "manifests",
)  # fmt: skip
#: What the running test has told people, None while none runs whose sentences are kept.
_listening: set[str] | None = None


def lines(value: Any) -> Iterator[str]:
    """Yield the lines of an answer, an exception or a text."""
    if isinstance(value, Mapping):
        if "account" not in value:
            yield from lines(value.get("plan"))
        for key in READ:
            yield from lines(value.get(key))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from lines(item)
    elif isinstance(value, (str, Exception)):
        yield from map(_settled, str(value).splitlines())


@lru_cache(100_000)
def _settled(line: str) -> str:
    """Return a line without what is another one in each run."""
    for pattern, word in _VARYING:
        line = pattern.sub(word, line)
    return line


def _file(module: str) -> Path:
    return KEPT / f"{module.replace('.test', '').removeprefix('test_')}.yml"


@cache
def kept(module: str) -> dict[str, list[str]]:
    path = _file(module)
    return table(path) if path.exists() else {}


def compare(module: str, test: str, *values: Any) -> None:
    """Compare what a test was told with what is kept, or keep it."""
    told = list(lines(values))
    if WRITES:
        _new.setdefault(module, {})[test] = told
        return
    assert told == kept(module).get(test), "a sentence has changed; `make sentences` shows what else"


def _strings(value: Any) -> Iterator[str]:
    if is_dataclass(value):
        value = asdict(value)
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from () if key in _QUOTED else _strings(one)
    elif isinstance(value, (list, tuple, set)):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, str):
        yield value


def _is_sentence(text: str) -> bool:
    return len(text.split()) > 2


def _is_word(text: str) -> bool:
    """Say whether a text is a word or two, and no line of a file quoted in an account."""
    return not _is_sentence(text) and not text.startswith("  ")


def _records(value: Any, place: str = "answer") -> Iterator[str]:
    """Yield each record of an answer as a whole, behind its place in the answer."""
    if is_dataclass(value):
        value = asdict(value)
    if isinstance(value, Mapping):
        shown = {str(key): "…" if key in _QUOTED else _in_record(one) for key, one in value.items()}
        yield f"{place} {json.dumps(shown, sort_keys=True, ensure_ascii=False)}"
        for key, one in value.items():
            yield from () if key in _QUOTED else _records(one, f"{place}.{key}")
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _records(one, place)


def _in_record(value: Any) -> Any:
    """Return what a record shows of a value. What it leaves out has a line of its own.

    Of a sentence that is its beginning; of a list with records or sentences their number, and the words beside them.
    """
    if isinstance(value, str):
        begins = next(lines(value), "")
        return f"{' '.join(begins.split()[:2])} …" if _is_sentence(value) else begins
    if isinstance(value, (list, tuple)):
        words = [_in_record(one) for one in value if isinstance(one, str) and _is_word(one)]
        return words if len(words) == len(value) else [len(value), *words] if words else len(value)
    if isinstance(value, (set, frozenset)):
        return _in_record(sorted(value, key=str))
    return value if value is None or isinstance(value, (bool, int, float)) else {}


def _shown(differences: Any) -> Iterator[str]:
    """Yield each line that Ansible shows of a change."""
    for one in differences if isinstance(differences, list) else ():
        for part in ("before", "after"):
            yield from (f"shown: {line}" for line in lines(one.get(part, "")) if line.strip())


def hear(value: Any) -> None:
    """Keep in mind what a person was told. A sentence has three words, and no line of a file quoted in it."""
    if _listening is not None:
        told = (line for text in _strings(value) for line in lines(text))
        _listening.update(line for line in told if _is_sentence(line) and not re.match(r"[ +-]{5}", line))
        _listening.update(_records(value))
        _listening.update(_shown(value.get("diff")) if isinstance(value, Mapping) else ())


def hear_sent(arguments: Mapping[str, Any]) -> None:
    """Keep in mind what a host is sent, each file, step and check as a whole; of files without their content."""
    _hear_each("sent", ("files", "validate", "actions", "checks", "undo_checks"), arguments)


def hear_asked(wanted: Mapping[str, Any]) -> None:
    """Keep in mind what a host is asked, each file, directory and command as a whole."""
    _hear_each("asked", ("files", "directories", "commands"), wanted)


def _hear_each(verb: str, kinds: Iterable[str], arguments: Mapping[str, Any]) -> None:
    """Keep each item of lists in mind; of a program for the shell its first line."""
    for kind in kinds:
        for one in arguments.get(kind) or ():
            shown = {**one, "argv": [_PROGRAM.sub("…", word) for word in one.get("argv") or ()]}
            hear(f"{verb} {kind}: {json.dumps(shown, sort_keys=True, ensure_ascii=False)}")


def overheard(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function whose value people read."""

    @wraps(function)
    def told(*arguments: Any, **more: Any) -> Any:
        try:
            value = function(*arguments, **more)
        except AnsibleError as refusal:
            hear(str(refusal))
            raise
        hear(value)
        return value

    return told


@contextmanager
def listening(module: str) -> Iterator[None]:
    """Hear what a test tells people, and compare it with what is kept, unless the test fails by itself."""
    global _listening
    _listening = told = set[str]()
    try:
        yield
    finally:
        _listening = None
    if WRITES:
        tests = _new.setdefault(module, {})
        tests[HEARD] = sorted({*tests.get(HEARD, ()), *told})
    else:
        assert not (new := told - _all_kept(module)), f"sentences nobody has kept, see `make sentences`: {sorted(new)}"


@cache
def _all_kept(module: str) -> set[str]:
    return {line for known in kept(module).values() for line in known}


def write() -> None:
    """Write the files of the tests that ran; what a slow test said that did not run stays."""
    KEPT.mkdir(exist_ok=True)
    for module, tests in _new.items():
        more = set(tests.pop(HEARD, ()))
        ran = {HEARD, *(test.partition("[")[0] for test in tests)}
        tests |= {test: told for test, told in kept(module).items() if test.partition("[")[0] not in ran}
        if more := sorted(more - {line for told in tests.values() for line in told}):
            tests |= {HEARD: more}
        if not tests:
            continue
        text = yaml.safe_dump(tests, width=10**6, allow_unicode=True, sort_keys=True)
        head = "# Written by `make sentences`, see tests/unit/sentences.py.\n---\n"
        _file(module).write_text(head + text, encoding="utf-8")
