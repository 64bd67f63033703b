# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real files of strangers: change one thing at a time, and nothing else may move."""

from __future__ import annotations

import copy
import difflib

import go_yaml
import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import (
    FormatError,
    decode,
    environment_file,
    json_text,
    toml_text,
    yaml_text,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats.splice import same

pytestmark = pytest.mark.slow

KINDS = [
    ("sysconfig-docker", environment_file, ()),
    ("docker-storage-setup", environment_file, ()),
    ("registries-toml", toml_text, ("015.conf", "017.conf", "030.conf")),
    ("registries-yaml", yaml_text, ("009.yaml",)),
    ("daemon-json", json_text, ("006.json", "033.json", "034.json", "035.jsonc")),
    ("policy-json", json_text, ("017.json",)),
    ("master-config", go_yaml, ("007.yaml", "011.yaml")),
]
PLACES = 25  # that are tried in a file, spread over it


def paths(value, path=()):
    """Every place in a value, but the root."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*path, key)
        yield from paths(member, (*path, key))


def holder(value, path):
    for key in path[:-1]:
        value = value[key]
    return value, path[-1]


def with_leaf(value, path):
    """Another string in place of a string."""
    owner, key = holder(value, path)
    if not isinstance(owner[key], str) or "\n" in owner[key]:
        return False
    owner[key] += "-dockyard"
    return True


def without(value, path):
    owner, key = holder(value, path)
    del owner[key]
    return True


def with_appended(value, path):
    owner, key = holder(value, path)
    if not isinstance(owner[key], list) or not all(isinstance(item, str) for item in owner[key]):
        return False
    owner[key].append("dockyard.example.com")
    return True


def with_prepended(value, path):
    owner, key = holder(value, path)
    if not owner[key] or not with_appended(value, path):
        return False
    owner[key].insert(0, owner[key].pop())
    return True


def with_emptied(value, path):
    owner, key = holder(value, path)
    if not isinstance(owner[key], list) or not owner[key]:
        return False
    owner[key].clear()
    return True


def with_member(value, path):
    owner, key = holder(value, path)
    if not isinstance(owner[key], dict):
        return False
    owner[key]["dockyard"] = "added"
    return True


# How many lines a change may bring, and take away (None: those of what is removed, however many).
CHANGES = {
    with_leaf: (1, None),
    without: (2, None),
    with_appended: (3, 1),
    with_prepended: (2, 1),
    with_emptied: (2, None),
    with_member: (4, 1),
}


def moved_lines(before, after):
    """The stretches of lines that differ, each as those that are gone and those that are new."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(old[i1:i2], new[j1:j2]) for tag, i1, i2, j1, j2 in blocks if tag != "equal"]


def files(shared_dir, kind):
    for file in sorted((shared_dir / "corpus" / kind).iterdir()):
        yield file.name, decode(file.read_bytes())


@pytest.mark.parametrize(("kind", "module", "invalid"), KINDS, ids=[kind for kind, _, _ in KINDS])
def test_every_file_is_read_unchanged_or_refused(shared_dir, kind, module, invalid):
    refused = []
    for name, text in files(shared_dir, kind):
        try:
            value = module.parse(text)
        except FormatError as error:
            assert error.line, f"{name}: {error} names no line"
            refused.append(name)
            continue
        assert module.edit(text, value) == text, name
    assert refused == list(invalid)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize(("kind", "module", "invalid"), KINDS, ids=[kind for kind, _, _ in KINDS])
def test_nothing_else_moves(shared_dir, kind, module, invalid, change):
    most_new, most_gone = CHANGES[change]
    for name, text in files(shared_dir, kind):
        if name in invalid:
            continue
        value = module.parse(text)
        places = list(paths(value))
        for path in places[:: len(places) // PLACES + 1]:
            changed = copy.deepcopy(value)
            if not change(changed, path):
                continue
            after = module.edit(text, changed)
            assert same(module.parse(after), changed), (name, path)
            moved = moved_lines(text, after)
            # A line and the comma before it, a variable that was assigned twice, sections with blank lines between.
            assert len(moved) <= 3, (name, path, moved)
            assert sum(len(new) for _, new in moved) <= most_new, (name, path, moved)
            assert most_gone is None or sum(len(gone) for gone, _ in moved) <= most_gone, (name, path, moved)
