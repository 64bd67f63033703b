# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan proves of its words: whatever entry of a planned file is changed, the proof fails."""

from __future__ import annotations

import json

import pytest
from ansible_collections.dockyard.openshift.plugins.filter.registries_plan import registries_plan
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines import Request, docker, effects
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers import Containers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers.files import conf_of
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.containers.info import predicted_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.docker_fork import DockerFork
from ansible_collections.dockyard.openshift.plugins.plugin_utils.engines.docker_moby import Moby
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import Policy, read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.names import covers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.registries_conf import (
    RegistriesConf,
    RegistryTable,
)
from hosts import host
from hypothesis import given
from hypothesis import strategies as st
from test_engine_docker_fork import answers

WORDS = {
    "search": ["a.example.com", "b.example.com:5000"],
    "blocked": ["quay.io", "c.example.com/team", "*.example.net"],
    "insecure": ["b.example.com:5000", "d.example.com/x"],
    "mirrors": [
        {"source": "ghcr.io", "mirrors": ["m.example.com/ghcr", "n.example.com"]},
        {"source": "e.example.com", "mirrors": ["m.example.com/e"], "contact_source": False},
        {"source": "f.example.com/g", "mirrors": ["m.example.com/f"], "pull": "digest"},
    ],
    "aliases": {"app": "a.example.com/app"},
    "short_name_mode": "permissive",
}
DOCKERS = {
    "search": ["a.example.com", "b.example.com:5000"], "blocked": ["quay.io", "c.example.com"],
    "insecure": ["b.example.com:5000", "10.0.0.0/8"],
    "mirrors": [{"source": "docker.io", "mirrors": ["m.example.com"]}],
}  # fmt: skip
UPSTREAMS = {word: DOCKERS[word] for word in ("insecure", "mirrors")}
UPSTREAM = {"docker.unit": "[Service]\nExecStart=/usr/bin/dockerd\n", "docker.state": "ActiveState=inactive\n"}


OTHERS = dict.fromkeys(("example.com", "example.net", "quay.io", "ghcr.io", "docker.io"), "changed.test")
OTHERS |= {"true": "false", "permissive": "disabled", "10.0.0.0": "11.0.0.0"}


def changed(files: dict[str, str]) -> list:
    """Every file with one entry, flag or setting other than it was planned."""
    found = []
    for path, text in files.items():
        lines = text.splitlines()
        for number, line in enumerate(lines):
            for old, new in OTHERS.items():
                for part in range(line.count(old)):
                    pieces = line.split(old)
                    other = old.join(pieces[: part + 1]) + new + old.join(pieces[part + 1 :])
                    found.append((path, "\n".join([*lines[:number], other, *lines[number + 1 :]]) + "\n", other))
    return found


def planned(described, words) -> dict[str, str]:
    found = registries_plan(described, policy=words, unenforceable="warn")
    assert found["refused"] is None
    return found["files"]


PODMANS = planned({"podman": {}}, WORDS)
FORKS = planned({"fork": {}}, DOCKERS)
MOBYS = planned({"moby": {}}, UPSTREAMS)


def test_podman_s_files_with_one_entry_changed():
    """But for the place of what is neither blocked nor a mirror: others may say where a registry really is."""
    passed = {line for path, text, line in changed(PODMANS) if not unmet({path: text})}
    places = ("b.changed.test:5000", "d.changed.test/x", "f.changed.test/g", "changed.test")  # insecure, mirrored
    assert passed == {f'location = "{place}"' for place in places}


def test_podman_s_answer_with_one_entry_changed():
    """After the change podman is asked again, and its answer is compared with the words; it has no short names."""
    passed = {line for path, text, line in changed(PODMANS) if not contradicted({path: text})}
    places = ("b.changed.test:5000", "d.changed.test/x", "f.changed.test/g", "changed.test")  # as above
    assert passed == {f'location = "{place}"' for place in places} | {
        'app = "a.changed.test/app"', 'short-name-mode = "disabled"',
    }  # fmt: skip
    assert contradicted(PODMANS) == []


def contradicted(files):
    answer = {"version": {"Version": "4.9.4"}, "registries": predicted_info(host(files))}
    return Containers().contradicted(host(PODMANS, {"podman.info": json.dumps(answer)}), read_policy(WORDS))


def unmet(files):
    found = host(files, {"podman.info": json.dumps({"version": {"Version": "4.9.4"}})})
    policy = read_policy(WORDS)
    return effects.unmet(policy, conf_of(found), found)


#: Scopes that lie inside each other, and two as long, and images of which each finds another of their tables.
NESTED = ("b.test", "a.b.test", "*.b.test", "a.b.test/x", "*.a.b.test", "z.a.b.test")
IMAGES = tuple(f"{name}/i" for name in (*NESTED, "c.b.test", "c.a.b.test") if "*" not in name)


@given(st.sets(st.sampled_from(NESTED), min_size=1), st.dictionaries(st.sampled_from(NESTED), st.booleans()))
def test_a_scope_is_insecure_when_all_its_images_are(scopes, insecure):
    conf = RegistriesConf(
        registries={prefix: RegistryTable(prefix, prefix, insecure=flag) for prefix, flag in insecure.items()}
    )
    tables = {image: conf.find(image) for image in IMAGES}
    secure = {image for image, table in tables.items() if not (table and table.insecure)}
    wanted = {scope for scope in scopes if any(covers(scope, image) for image in secure)}
    found = effects.unmet(read_policy({"insecure": sorted(scopes)}), conf, host({}))
    assert {each.entry for each in found} == wanted


def test_podman_s_files_as_they_are_planned():
    assert unmet(PODMANS) == []


@pytest.mark.parametrize(
    ("engine", "said", "words", "files"),
    [(DockerFork(), answers(["sysconfig"]) | {"docker.state": "ActiveState=inactive\n"}, DOCKERS, FORKS),
     (Moby(), UPSTREAM, UPSTREAMS, MOBYS)],
    ids=["fork", "moby"],
)  # fmt: skip
def test_docker_s_files_with_one_entry_changed(engine, said, words, files):
    policy = read_policy(words)
    spelled = {word: tuple(entries) for word, entries in engine._enforceable(policy).items()}
    shown = engine.desired(host(files, said), Policy(), Request()).expected
    assert docker.unmet_by_lists(spelled, shown.plain()) == []
    for path, text, line in changed(files):
        shown = engine.desired(host({**files, path: text}, said), Policy(), Request()).expected
        assert answered(engine, host(files, said), shown, policy), line
        assert docker.unmet_by_lists(spelled, shown.plain()), line


def answered(engine, found, lists, policy):
    """Return what the engine's answer lacks if it shows these lists."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(engine), "in_force", lambda self, host: lists)
        return engine.contradicted(found, policy)


@pytest.mark.parametrize(
    ("docker", "default", "told"),
    [
        ({"a.example.com": "insecureAcceptAnything"}, "reject", []),
        ({}, "reject", [("allowed", "a.example.com", "rejects a.example.com/dockyard/image (scope 'default')")]),
        (
            {"a.example.com": "insecureAcceptAnything", "a.example.com/dockyard": "reject"}, "insecureAcceptAnything",
            [
                ("allowed", "a.example.com", "rejects a.example.com/dockyard/image (scope 'a.example.com/dockyard')"),
                ("blocked", "all", "accepts images of every registry"),
            ],
        ),
    ],
)  # fmt: skip
def test_an_allow_list_that_a_policy_json_does_not_fulfil(docker, default, told):
    scopes = {scope: [{"type": kind}] for scope, kind in docker.items()}
    document = {"default": [{"type": default}], "transports": {"docker": scopes}}
    found = effects.unmet_by_policy_json(["a.example.com"], "/p", document)
    assert [(each.word, each.entry, each.what) for each in found] == told
    assert {each.file for each in found} <= {"/p"}
