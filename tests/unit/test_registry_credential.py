# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which login is used: own tables, those of the real programs where they are at hand, and what holds for any input."""

from __future__ import annotations

import base64
import json

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.filter.registry_credential import registry_credential
from ansible_collections.dockyard.openshift.plugins.plugin_utils.credentials import containers
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.registries import image_report
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import references
from cases import cases, upstream
from conftest import REPOSITORY
from hosts import host
from hypothesis import given
from hypothesis import strategies as st
from jinja2.nativetypes import NativeEnvironment

ENGINES = ("podman", "crio", "docker", "kubelet")
PATHS = dict(zip(("run", "config", "docker", "old"), containers.FILES, strict=True))


def auth(user, password="pw"):
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def files(case):
    if "files" in case:
        return [{"name": name, "content": text * case.get("times", 1)} for name, text in case["files"].items()]
    return [
        {"name": "f", "content": json.dumps({"auths": {key: {"auth": auth(u)} for key, u in case["keys"].items()}})}
    ]


def shown(tried):
    """As the table writes it."""
    if tried["kind"] == "helper":
        return f"helper {tried['helper']} {tried['key']}"
    return (
        tried["username"] if tried["kind"] == "basic" and tried["username"] else f"{tried['kind']} {tried['username']}"
    )


def possibilities(wanted):
    return [text.split(", ") if text else [] for text in wanted.removeprefix("random: ").split("|")]


@pytest.mark.parametrize("case", cases("credentials/lookup.yml"))
def test_lookup(case):
    secrets = [{"kind": "Secret", "metadata": {"name": "s"}} | secret for secret in case.get("secrets", [])]
    for engine, wanted in case["wanted"].items():
        found = registry_credential(case["image"], files(case), secrets, engine)
        assert (found["problem"] is not None) == (wanted == "refused"), engine
        assert all(each.isprintable() for each in (*found["notes"], found["problem"] or "")), found
        assert found["ambiguous"] == wanted.startswith("random: "), engine
        assert wanted == "refused" or list(map(shown, found["tried"])) in possibilities(wanted), engine


@pytest.mark.parametrize("case", cases("credentials/refused.yml"))
def test_refused_in_one_sentence_without_the_secret(case):
    with pytest.raises(AnsibleFilterError) as refusal:
        registry_credential(
            case.get("image", "a/b"), case.get("files", ()), case.get("secrets", ()), case.get("engine", "kubelet")
        )
    assert str(refusal.value).startswith(f"registry_credential: {case['error']}")
    assert "topsecret" not in str(refusal.value)


def agrees(found, wanted):
    """Return whether a result is what the real program did: the tried of the table, or one of its any_of."""
    if "error" in wanted:
        return found["problem"] is not None
    possible = wanted.get("any_of", [wanted.get("tried")])
    told = [{name: value for name, value in tried.items() if value is not None} for tried in found["tried"]]
    return told in possible and found["problem"] is None and found["ambiguous"] == ("any_of" in wanted)


def test_real_programs(shared_dir):
    wrong = [
        (case["id"], engine)
        for case in upstream(shared_dir, 72)
        for engine, wanted in case["expected"].items()
        if engine in ENGINES
        and not agrees(registry_credential(case["image"], case["auth_files"], case["pull_secrets"], engine), wanted)
    ]
    assert wrong == []


@pytest.mark.parametrize("case", cases("auth_files/find.yml"))
def test_on_a_host(case):
    there = host({path: case[name] for name, path in PATHS.items() if name in case})
    reference = references.parse(case["image"])
    if "refused" in case:
        with pytest.raises(HostProblem, match=f"^{PATHS[case['refused']]}: "):
            image_report.login(there, reference)
        return
    file, key = case["found"] or (None, None)
    login = image_report.login(there, reference)
    assert (login and (login.source, login.key)) == (file and (PATHS[file], key))


def test_the_examples_of_the_documentation():
    text = yaml.safe_load((REPOSITORY / "plugins/filter/registry_credential.yml").read_text(encoding="utf-8"))
    jinja = NativeEnvironment()
    jinja.filters["dockyard.openshift.registry_credential"] = registry_credential
    tasks = yaml.safe_load(text["EXAMPLES"])
    images = ["registry.example.com/a:1", "quay.io/b:1"]
    one, without = (
        jinja.from_string(task["ansible.builtin.debug"]["msg"]).render(task["vars"], images=images) for task in tasks
    )
    assert one == text["RETURN"]["_value"]["sample"]
    assert list(without) == ["quay.io/b"]


def test_a_key_may_hold_a_password():
    (tried,) = registry_credential("quay.io/a", files({"keys": {"https://me:pass@quay.io": "bot"}}), engine="docker")[
        "tried"
    ]
    assert tried["key"] == "https://…@quay.io"


def test_a_list_of_images():
    found = registry_credential(["quay.io/a", "x/y"], files({"keys": {"quay.io": "bot"}}))
    assert [result["reference"] for result in found] == ["quay.io/a", "docker.io/x/y"]


def test_core_2_16_makes_a_mapping_of_json():
    file = {"name": "f", "content": {"auths": {"quay.io": {"auth": auth("bot")}}}}
    assert registry_credential("quay.io/a", [file])["tried"][0]["username"] == "bot"


@pytest.mark.parametrize(
    ("image", "engine", "note"),
    [
        ("quay.io/organization/app", "kubelet", "the key quay.io/org is a plain prefix for the kubelet"),
        ("quay.io/organization/app", "docker", "f: docker lets the key quay.io/org serve the whole host"),
        ("quay.io/organization/app", "podman", "f: podman does not use the key quay.io/org"),
        ("1.dkr.ecr.eu-west-1.amazonaws.com/x", "kubelet", "on its cloud, the kubelet may get a login"),
        ("busybox", "docker", "f: docker never uses the key docker.io"),
    ],
)
def test_notes(image, engine, note):
    found = registry_credential(image, files({"keys": {"quay.io/org": "bot", "docker.io": "x"}}), engine=engine)
    assert any(text.startswith(note) for text in found["notes"]), found["notes"]


@pytest.mark.parametrize("engine", ["podman", "docker"])
def test_a_choice_is_said_where_there_is_one(engine):
    one, two = (dict.fromkeys(names, "bot") for names in (["https://quay.io"], ["https://quay.io", "http://quay.io"]))
    assert not registry_credential("quay.io/a", files({"keys": one}), engine=engine)["notes"]
    (said,) = registry_credential("quay.io/a", files({"keys": two}), engine=engine)["notes"]
    assert f"{engine} picks at random between https://quay.io, http://quay.io" in said


def test_what_docker_hub_is_called_matters_to_its_images_alone():
    assert not registry_credential("quay.io/a", files({"keys": {"docker.io": "x"}}), engine="docker")["notes"]


HOSTS = st.sampled_from(["quay.io", "docker.io", "index.docker.io", "localhost", "a.example.com:5000", "*.io", "*"])
PATH = st.sampled_from(["", "/", "/org", "/org/", "/org/app", "/v1/", "/v2/org", "?x", "#%zz", "/%6frg"])
KEYS = st.tuples(st.sampled_from(["", "https://", "http://", "me@", "ftp://"]), HOSTS, PATH).map("".join)
SECRETS = st.text("abcdefghij", min_size=12, max_size=12)
ENTRIES = st.one_of(
    SECRETS.map(lambda secret: {"auth": auth("u", secret)}),
    SECRETS.map(lambda secret: {"username": "u", "password": secret}),
    SECRETS.map(lambda secret: {"auth": secret}),
    SECRETS.map(lambda secret: {"identitytoken": secret, "auth": auth("u", "")}),
    SECRETS.map(lambda secret: {"auth": [secret]}),
    SECRETS.map(lambda secret: {"auth": auth(secret).rstrip("=") + "!"}),
    SECRETS,
)
IMAGES = st.sampled_from(["quay.io/org/app:1", "busybox", "localhost/x", "a.example.com:5000/org/app", "org/app"])


def secrets_in(value):
    """All texts that are a secret in any of the forms above."""
    if isinstance(value, dict):
        return {text for item in value.values() for text in secrets_in(item)}
    if isinstance(value, list):
        return {text for item in value for text in secrets_in(item)}
    return {value, base64.b64decode(value + "==").decode(errors="replace")[-12:]} if len(value) >= 12 else set()


@given(st.dictionaries(KEYS, ENTRIES, max_size=5), IMAGES, st.sampled_from(ENGINES))
def test_no_secret_is_ever_told(entries, image, engine):
    told = json.dumps(
        registry_credential(image, [{"name": "f", "content": json.dumps({"auths": entries})}], (), engine)
    )
    assert not [secret for secret in secrets_in(entries) if secret in told]


@given(st.text(max_size=60), IMAGES, st.sampled_from(ENGINES))
def test_any_text_gets_an_answer(text, image, engine):
    found = registry_credential(image, [{"name": "f", "content": text}], (), engine)
    assert found["problem"] is None or (found["problem"].startswith("f: ") and "\n" not in found["problem"])


@given(st.dictionaries(KEYS, SECRETS.map(lambda s: {"auth": auth("u", s)}), max_size=5), IMAGES, st.randoms())
def test_the_order_of_a_file_counts_only_where_chance_does(entries, image, random):
    shuffled = list(entries.items())
    random.shuffle(shuffled)
    for engine in ENGINES:
        one, other = (
            registry_credential(image, [{"name": "f", "content": json.dumps({"auths": each})}], (), engine)
            for each in (entries, dict(shuffled))
        )
        assert one["ambiguous"] == other["ambiguous"]
        assert one["ambiguous"] or one["tried"] == other["tried"]
