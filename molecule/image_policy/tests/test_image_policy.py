# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server holds after the role has run, and what each node was given."""

import base64
from urllib.parse import unquote

STATE = "machineconfiguration.openshift.io/state"
CURRENT = "machineconfiguration.openshift.io/currentConfig"


def test_image_holds_the_lists(get):
    assert get("images.config", "cluster")["spec"]["registrySources"] == {
        "blockedRegistries": ["registry.untrusted.example.net"],
        "insecureRegistries": ["plain.lab.example:5001"],
    }


def test_the_mirror_is_for_digests_and_says_that_it_is_ours(get):
    (found,) = get("imagedigestmirrorsets")["items"]
    assert found["metadata"]["labels"] == {"dockyard.openshift/word": "mirrors"}
    assert found["spec"]["imageDigestMirrors"] == [
        {
            "source": "quay.io/example", "mirrors": ["mirror.lab.example:5003/example"],
            "mirrorSourcePolicy": "AllowContactingSource",
        }
    ]  # fmt: skip
    assert get("imagetagmirrorsets")["items"] == []


def test_no_pool_stays_paused(get):
    assert [pool["spec"].get("paused", False) for pool in get("machineconfigpools")["items"]] == [False, False]


def test_every_node_is_done_with_a_config_that_blocks_and_mirrors(get):
    configs = {one["metadata"]["name"]: one for one in get("machineconfigs")["items"]}
    nodes = get("nodes")["items"]
    assert len(nodes) == 9
    for node in nodes:
        notes = node["metadata"]["annotations"]
        assert notes[STATE] == "Done" and not node["spec"].get("unschedulable")
        files = configs[notes[CURRENT]]["spec"]["config"]["storage"]["files"]
        conf = next(text(one) for one in files if one["path"] == "/etc/containers/registries.conf")
        assert "registry.untrusted.example.net" in conf and "mirror.lab.example:5003/example" in conf


def text(file):
    """Return the text of a file of a MachineConfig."""
    data = file["contents"]["source"].partition(",")[2]
    return base64.b64decode(data).decode() if ";base64," in file["contents"]["source"] else unquote(data)
