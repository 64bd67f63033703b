# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every sentence that a person reads, in full: tests/data/sentences has those of the cases of tables, by test file.

Tables name the words that matter; there stands the rest, so that whoever reviews a change sees every sentence of it.
`make sentences` writes the files anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from cases import DATA

KEPT = DATA / "sentences"
WRITES = os.environ.get("SENTENCES") == "write"
#: What people read of an answer; an account holds the text of the plan.
READ = ("msg", "account", "text", "notes", "warnings", "pending", "refused", "problems", "sentence")
#: What is another in every run: checksums, dates, sizes of certificates, addresses; Ansible's own words.
_VARYING = (
    (re.compile(r"\b[0-9a-f]{12,}\b|(?<=\(secret )[0-9a-f]+"), "CHECKSUM"),
    (re.compile(r"\b20\d\d-\d\d-\d\d(T[\d:.]+Z?)?"), "DATE"),
    (re.compile(r"\b\d+(?= bytes)"), "SOME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"/[\w/.-]*pytest-of-[\w/.-]*"), "PATH"),
    (re.compile(r"(?<=we were unable to convert to) .*"), " …"),
)
_new: dict[str, dict[str, list[str]]] = {}


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
        for line in str(value).splitlines():
            for pattern, word in _VARYING:
                line = pattern.sub(word, line)
            yield line


def _file(module: str) -> Path:
    return KEPT / f"{module.replace('.test', '').removeprefix('test_')}.yml"


@cache
def kept(module: str) -> dict[str, list[str]]:
    path = _file(module)
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def compare(module: str, test: str, *values: Any) -> None:
    """Compare what a test was told with what is kept, or keep it."""
    told = list(lines(values))
    if WRITES:
        _new.setdefault(module, {})[test] = told
        return
    assert told == kept(module).get(test), "a sentence has changed; `make sentences` shows what else"


def write() -> None:
    """Write the files of the tests that ran."""
    KEPT.mkdir(exist_ok=True)
    for module, tests in _new.items():
        text = yaml.safe_dump(tests, width=10**6, allow_unicode=True, sort_keys=True)
        head = "# Written by `make sentences`, see tests/unit/sentences.py.\n---\n"
        _file(module).write_text(head + text, encoding="utf-8")
