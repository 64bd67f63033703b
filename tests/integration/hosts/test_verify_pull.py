# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""verify_pull on each engine: an image that must come and one that must not, by the host's own client."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.engines

COMES, EVIL = "plain.lab.example:5001/apps/hello:1", "untrusted.lab.example:5002/evil/hello:1"
#: moby cannot block; EVIL does not come there because nothing calls its registry insecure.
PLAIN, BLOCKED = "plain.lab.example:5001", "untrusted.lab.example:5002"
WORDS = {
    "podman1": {"insecure": [PLAIN, BLOCKED], "blocked": [BLOCKED]},
    "origin1": {"insecure": [PLAIN, BLOCKED], "blocked": [BLOCKED]},
    "moby1": {"insecure": [PLAIN]},
    "py313": {"insecure": [PLAIN, BLOCKED], "blocked": [BLOCKED]},
}


@pytest.fixture
def node(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("node", list(WORDS), indirect=True)
def test_what_must_come_comes_and_what_must_not_does_not(controller, node):
    options = {**WORDS[node.name], "verify_pull": {"comes": [COMES], "refused": [EVIL]}}
    done, again = controller.tasks(node, options, options).tasks
    assert done["changed"] and [each["ok"] for each in done["pulled"]] == [True, True], done
    assert not again["changed"], again


@pytest.mark.parametrize("node", list(WORDS), indirect=True)
@pytest.mark.parametrize("wrong", [{"comes": [EVIL]}, {"refused": [COMES]}], ids=["does not come", "comes"])
def test_one_that_is_otherwise_takes_everything_back(controller, node, wrong):
    before, lists = node.facts(), node.lists()
    done = controller.task(node, "container_registries", {**WORDS[node.name], "verify_pull": wrong})
    assert done.rc == 2 and "everything is as it was before" in done.last["msg"], done.output
    assert (node.facts(), node.lists()) == (before, lists)
