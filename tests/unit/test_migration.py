# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From OpenShift 3 to 4: the same policy comes out, what has no equivalent is named, and no secret is in it."""

from __future__ import annotations

import copy
import functools
import json

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.filter.migrate_3_to_4 import migrate_3_to_4
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster import registries as of_clusters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.migration import migrate
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy
from conftest import REPOSITORY
from trust import pki

CERTIFICATES = {
    "A": {}, "OLD": {}, "NEW": {}, "EXPIRED": {"days": -1}, "SERVER": {"by": "A", "ca": False},
}  # fmt: skip


PEM = {f"<{name}>": pki.certificate(name, **made) for name, made in CERTIFICATES.items()}
PEM["<A:key>"] = pki.key_pem("A")


def cases():
    text = json.dumps(yaml.safe_load((REPOSITORY / "tests/data/migration/cases.yml").read_text(encoding="utf-8")))
    for sign, pem in PEM.items():
        text = text.replace(sign, json.dumps(pem)[1:-1])
    return json.loads(text)


CASES = cases()


def found_in(case):
    one = {"n1": {"engines": case["engines"]}} if "engines" in case else {}
    return {"nodes": one, **{key: case[key] for key in ("nodes", "masters", "authorities", "variables") if key in case}}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_migration(case):
    if "error" in case:
        with pytest.raises(AnsibleFilterError, match=case["error"]):
            migrate_3_to_4(found_in(case))
        return
    made = migrate_3_to_4(found_in(case))
    variables = dict(made["variables"])
    assert variables.pop("registry_policy", None) == case["policy"]
    assert variables == case.get("more", {}) and made["vault"] == case.get("vault", [])
    wanted = case.get("left", [])
    assert len(made["left"]) == len(wanted), made["left"]
    for one, (what, words) in zip(made["left"], wanted, strict=True):
        assert what in one["what"] and words in f"{one['reason']} {one['nearest']}" and one["where"], one
    assert not {"AKIAEXAMPLE", "topsecret"} & set(json.dumps(made).replace('"', " ").split())
    assert "PRIVATE KEY-" not in json.dumps(made)


@pytest.mark.parametrize("case", [case for case in CASES if case.get("policy")], ids=lambda case: case["name"])
def test_the_policy_is_one_that_tasks_take(case):
    policy = dict(case["policy"])  # certificates too are read
    if "credentials" in policy:
        policy["credentials"] = [{**one, "password": "from the vault"} for one in policy["credentials"]]
    assert read_policy(policy).words().keys() >= policy.keys() - {"credentials", "trust"}


SAID = {
    "nodes": {
        "n1": {
            "engines": [{word: ["r.example.com"] for word in ("search", "blocked", "insecure", "allowed")}],
            "policy": {"mirrors": [{"source": "docker.io", "mirrors": ["m.example.com"], "pull": "all"}]},
            "registries": [{"name": "r.example.com", "files": ["/r/ca.crt"]}],
            "anchors": [{"path": "/anchors/a.crt"}],
            "auth_files": [
                {"path": "/auth", "entries": [{"key": "r.example.com", "kind": "basic", "username": "puller"}]}
            ],
        }
    },
    "authorities": {"n1": {"/r/ca.crt": f"# a comment\n{PEM['<A>']}"}},
    "masters": {
        "m1": {
            "master": {
                "image_policy_config": {
                    "allowedRegistriesForImport": [{"domainName": "docker.io"}],
                    "externalRegistryHostname": "registry.example.com",
                    "additionalTrustedCA": "/ca.crt",
                },
                "image_policy": {"executionRules": [{"name": "one", "matchRegistries": ["docker.io"]}]},
            }
        }
    },
}


def texts_in(value, path=()):
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts_in(item, (*path, key))


@pytest.mark.parametrize("sign", ["{{x}}", "{%x%}", "{#x#}"])
@pytest.mark.parametrize("path", [path for path, _text in texts_in(SAID)], ids=lambda path: ".".join(map(str, path)))
def test_what_a_host_says_stays_text_in_the_new_inventory(path, sign):
    found = copy.deepcopy(SAID)
    inner = functools.reduce(lambda value, key: value[key], path[:-1], found)
    inner[path[-1]] = f"{sign}{inner[path[-1]]}"
    made = migrate(found)
    known = {f"{{{{ {name} }}}}" for name in made["vault"]}
    assert not [text for _path, text in texts_in(made["variables"]) if "{" in text and text not in known]


IMPORTS = [case for case in CASES if "image_policy_import" in case.get("more", {})]


@pytest.mark.parametrize("case", IMPORTS, ids=lambda case: case["name"])
def test_imports_are_some_that_tasks_take(case):
    assert read_policy({"import": case["more"]["image_policy_import"]}).import_, "an empty list of 4 is for everything"


@pytest.mark.parametrize("found", [None, [], "text", 7])
def test_what_is_not_a_mapping_is_refused(found):
    with pytest.raises(AnsibleFilterError, match="not a mapping with nodes and masters"):
        migrate_3_to_4(found)


def test_the_variables_are_those_that_clusters_read():
    read = {name for names in of_clusters.VARIABLES.values() for name in names}
    assert {"image_policy_import", "image_policy_external_hostnames"} <= read
