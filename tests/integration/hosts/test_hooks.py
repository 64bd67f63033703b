# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks of the role around a real restart, and none where nothing is restarted."""

from __future__ import annotations

import pytest
import yaml
from conftest import lab
from test_quartet import MOBY_POLICY, POLICY

pytestmark = pytest.mark.engines

NOTED = "/run/hooks"
NOTE = f"echo %s {{{{ docker_registries_plan.disruption }}}} $(systemctl show -p MainPID docker.service) >> {NOTED}"


@pytest.fixture
def role(controller, tmp_path):
    """role(node, policy, …): the run, and what both hooks noted: their name, the disruption, the daemon's id."""
    hooks = {}
    for name in ("before", "after"):
        path = tmp_path / f"{name}.yml"
        path.write_text(yaml.safe_dump([{"ansible.builtin.shell": NOTE % name}]))
        hooks[f"docker_registries_{name}_restart"] = str(path)

    def run(node, policy, **variables):
        node.sh(f"rm -f {NOTED}; touch {NOTED}")
        words = {f"docker_registries_{word}": value for word, value in policy.items()}
        known = {"ansible_python_interpreter": node.python, "registry_policy": {}}
        play = {"hosts": node.name, "gather_facts": False, "vars": known | words | hooks | variables}
        path = tmp_path / "role.yml"
        path.write_text(yaml.safe_dump([play | {"roles": ["dockyard.openshift.docker_registries"]}]))
        done = controller.playbook(path, core=node.core)
        return done, [tuple(line.split()) for line in node.read(NOTED).splitlines()]

    return run


def daemon(node):
    return node.sh("systemctl show -p MainPID docker.service").strip()


def test_around_a_restart_and_not_when_nothing_restarts(role, origin1):
    old = daemon(origin1)
    done, noted = role(origin1, POLICY)
    assert done.rc == 0, done.output
    assert noted == [("before", "restart", old), ("after", "restart", daemon(origin1))]
    assert daemon(origin1) != old
    again, noted = role(origin1, POLICY)
    assert (again.rc, noted) == (0, []), again.output
    deferred, noted = role(origin1, POLICY | {"blocked": []}, docker_registries_activation="defer")
    assert (deferred.rc, noted) == (0, []), deferred.output


def test_afterwards_too_when_the_restart_fails(role, origin1):
    before = origin1.facts()
    lab("fault", "origin1", "docker-dies-on", "untrusted.lab.example")
    done, noted = role(origin1, POLICY)
    lab("fault", "origin1", "off")
    assert done.rc == 2 and "everything is as it was before" in done.output
    assert [name for name, *_rest in noted] == ["before", "after"]
    assert origin1.facts() == before and origin1.sh("systemctl is-active docker") == "active\n"


def test_not_around_a_reload(role, moby1):
    done, noted = role(moby1, MOBY_POLICY)
    assert (done.rc, noted) == (0, []), done.output
    assert moby1.lists()["mirrors"]
