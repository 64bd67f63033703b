# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server holds after the role has run: logins where they are read, and what others had there."""

import base64
import json

OURS = {"auth": base64.b64encode(b"robot:of-the-lab-only").decode()}


def logins(secret):
    """Return the logins that a secret holds, by registry."""
    return json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]


def test_the_pull_secret_has_our_login_after_that_of_others(get):
    found = logins(get("secret", "pull-secret", "-n", "openshift-config"))
    assert list(found) == ["quay.io", "mirror.lab.example:5003"]
    assert found["quay.io"] == {"auth": "dTpw"} and found["mirror.lab.example:5003"].items() >= OURS.items()


def test_the_project_has_a_secret_with_our_login_alone(get):
    secret = get("secret", "mirror-login", "-n", "shop")
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    assert list(logins(secret)) == ["mirror.lab.example:5003"]
    assert "of-the-lab-only" not in json.dumps(secret["metadata"])


def test_links_are_added_after_those_of_others(get):
    robot, default = (get("serviceaccount", name, "-n", "shop") for name in ("robot", "default"))
    assert [one["name"] for one in robot["imagePullSecrets"]] == ["others", "mirror-login"]
    assert [one["name"] for one in default["secrets"]] == ["mirror-login"]
