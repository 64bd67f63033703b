# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CRI-O, a stand-in that answers the real crictl: what reloads and restarts take in, and what is taken back.

Only with `make crio`, which builds crictl first.
"""

from __future__ import annotations

import pytest
import yaml
from conftest import REPOSITORY, Node

pytestmark = pytest.mark.engines

PLAIN, EVIL = "plain.lab.example:5001/apps/hello:1", "untrusted.lab.example:5002/evil/hello:1"
DROP_IN, CRIO_DROP_IN = "/etc/containers/registries.conf.d/90-dockyard.conf", "/etc/crio/crio.conf.d/90-dockyard.conf"
VERSION = "/etc/dockyard-lab/crio-version"
RELOADS = "/etc/systemd/system/crio.service.d/reload.conf"
#: skopeo, which the node has too, cannot have ranges.
RANGES = {"insecure": ["10.99.77.0/24"], "unenforceable": "warn"}
LAB_CACHE = REPOSITORY / ".cache/lab"
HOST = {
    "ansible_host": "10.99.77.16",
    "ansible_user": "root",
    "ansible_ssh_private_key_file": str(LAB_CACHE / "ssh/id_ed25519"),
    "ansible_ssh_common_args": f"-o 'UserKnownHostsFile=\"{LAB_CACHE}/ssh/known_hosts\"' -o IdentitiesOnly=yes",
}
STOCK = f"""
rm -rf {RELOADS}; systemctl daemon-reload
rm -rf /var/lib/dockyard /etc/crio /etc/containers/registries.conf /etc/containers/registries.conf.d/* {VERSION}
mkdir -p /etc/containers/registries.conf.d /etc/dockyard-lab
printf '%s' '{{"default": [{{"type": "insecureAcceptAnything"}}]}}' > /etc/containers/policy.json
systemctl reset-failed crio.service; systemctl restart crio.service
crictl images -q | xargs -r -n 1 crictl rmi
"""


@pytest.fixture
def crio1(take) -> Node:
    take("crio1")
    node = Node("crio1", "2.19", "/usr/bin/python3")
    node.sh(STOCK)
    return node


def apply(controller, node, words, **more):
    inventory = controller.scratch / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"crio1": HOST}}}))
    return controller.task(node, "container_registries", words, inventory=inventory, **more)


def pulled(node, image):
    return node.sh(f"crictl pull {image} 2>&1 && echo PULLED", check=False)


def started(node):
    return node.sh("systemctl show -p ExecMainStartTimestampMonotonic crio.service")


def test_lists_are_taken_in_by_a_reload(controller, crio1):
    before = started(crio1)
    assert "PULLED" not in pulled(crio1, PLAIN)
    run = apply(controller, crio1, {"insecure": ["plain.lab.example:5001"], "blocked": ["untrusted.lab.example:5002"]})
    assert run.rc == 0 and run.last["plan"]["disruption"] == "reload", run.output
    assert "PULLED" in pulled(crio1, PLAIN)
    assert "blocked" in pulled(crio1, EVIL)
    assert started(crio1) == before
    assert "Applied new registry configuration" in crio1.sh("journalctl -u crio.service -o cat -n 20")


def test_address_ranges_need_a_restart_and_work(controller, crio1):
    """The node has skopeo too, which cannot have ranges: said first."""
    refused = apply(controller, crio1, {"insecure": ["10.99.77.0/24"]})
    assert refused.rc and "registries.conf knows no address ranges" in refused.output
    before = started(crio1)
    run = apply(controller, crio1, RANGES)
    assert run.rc == 0 and "restart crio.service" in run.last["plan"]["text"], run.output
    assert started(crio1) != before and "10.99.77.0/24" in crio1.read(CRIO_DROP_IN)
    assert "PULLED" in pulled(crio1, PLAIN)


def test_a_reload_that_fails_is_taken_back(controller, crio1):
    """Nobody else reads a broken file of crio.conf.d, and the sender of the signal learns nothing."""
    breaks = "mkdir -p /etc/crio/crio.conf.d; echo [crio >/etc/crio/crio.conf.d/zz; kill -HUP $MAINPID"
    crio1.sh(f"mkdir -p {RELOADS.rpartition('/')[0]}")
    crio1.write(RELOADS, f"[Service]\nExecReload=\nExecReload=/bin/sh -c '{breaks}'\n")
    crio1.sh("systemctl daemon-reload")
    run = apply(controller, crio1, {"blocked": ["untrusted.lab.example:5002"]})
    assert run.rc and "Unable to reload configuration" in run.output
    assert "blocked" not in crio1.sh(f"cat {DROP_IN} 2>&1", check=False)


def test_an_old_one_is_restarted_because_a_reload_ends_it(controller, crio1):
    crio1.write(VERSION, "1.11.17-dev\n")
    crio1.sh("systemctl restart crio.service")
    run = apply(controller, crio1, {"search": ["plain.lab.example:5001"], "insecure": ["plain.lab.example:5001"]})
    assert run.rc == 0 and "restart crio.service" in run.last["plan"]["text"], run.output
    assert "PULLED" in pulled(crio1, "apps/hello:1")
    refused = apply(controller, crio1, {"blocked": ["untrusted.lab.example:5002"]})
    assert refused.rc and "reads search and insecure of registries.conf in its old form only" in refused.output


def test_several_searched_registries_work_again_by_the_mode_of_short_names(controller, crio1):
    words = {"search": ["untrusted.lab.example:5002", "plain.lab.example:5001"], **RANGES}
    apply(controller, crio1, words)
    assert "short name mode is enforcing" in pulled(crio1, "apps/hello:1")
    assert apply(controller, crio1, {**words, "short_name_mode": "disabled"}).rc == 0
    assert "PULLED" in pulled(crio1, "apps/hello:1")


def test_what_is_not_allowed_is_rejected_at_the_next_pull(controller, crio1):
    run = apply(controller, crio1, {**RANGES, "allowed": ["plain.lab.example:5001"]})
    assert run.rc == 0, run.output
    assert "PULLED" in pulled(crio1, PLAIN) and "PULLED" not in pulled(crio1, EVIL)
