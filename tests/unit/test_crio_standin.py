# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's stand-in for CRI-O does what the real one was seen to do: its files, its names, its messages."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

import pytest
from cases import cases
from conftest import REPOSITORY

STANDIN = REPOSITORY / "tests/lab/standins/crio"


def module(name: str) -> ModuleType:
    loader = SourceFileLoader(f"crio_{name}", str(STANDIN / f"{name}.py"))
    found = module_from_spec(spec_from_loader(loader.name, loader))
    sys.modules[loader.name] = found  # dataclasses look for it there
    loader.exec_module(found)
    return found


HELD, MESSAGES = module("held"), module("messages")


@pytest.mark.parametrize("case", cases("standins/crio.yml"))
def test_what_it_holds(case, tmp_path):
    for path, text in case.get("files", {}).items():
        (tmp_path / "etc" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "etc" / path).write_text(text)
    version = HELD.version_of(case.get("version", "1.34.11"))
    settings = HELD.settings(tmp_path)
    if "broken" in case:
        with pytest.raises(HELD.Broken) as problem:
            HELD.load(tmp_path, version)
        assert case["broken"] in str(problem.value)
        return
    found = HELD.load(tmp_path, version)
    for image, wanted in case.get("names", {}).items():
        if isinstance(wanted, list):
            assert HELD.names(image, found, settings, version) == wanted
        else:
            with pytest.raises(HELD.Refused) as refused:
                HELD.names(image, found, settings, version)
            assert wanted in str(refused.value)
    assert all(part in found.told() for part in case.get("told", [])), found.told()
    for image, wanted in case.get("insecure", {}).items():
        assert HELD.is_insecure(image, found, settings, version) is wanted


@pytest.mark.parametrize(
    ("message", "encoded"),
    [([(1, "r1.test/a")], b"\n\x09r1.test/a"), ([(1, [(1, "a")]), (4, 300)], b"\n\x03\n\x01a \xac\x02"),
     ([(2, ""), (3, 0)], b""), ([], b"")],
)  # fmt: skip
def test_messages_are_encoded_as_protobuf_has_them(message, encoded):
    assert MESSAGES.encode(message) == encoded


def test_what_is_read_of_a_request():
    request = MESSAGES.encode([(1, [(1, "r1.test/a:1")]), (2, [(1, "joe"), (2, "secret")])])
    assert (MESSAGES.image_of(request), MESSAGES.auth_of(request)) == ("r1.test/a:1", ("joe", "secret"))
    assert MESSAGES.auth_of(MESSAGES.encode([(1, [(1, "a")])])) is None
