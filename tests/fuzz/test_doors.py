# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile input at every public door: an answer or one sentence, in a time that grows with the length of the input.

COUNT inputs in all (20,000 unless given), made from SEED (1 unless given) and the number of each input alone, so that
what is found once is found again: REPEAT=door:number runs a single one. A door is a line of the table DOORS.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import inspect
import io
import json
import os
import re
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / ".cache/collections"), str(REPOSITORY / "tests/unit")]

import go_yaml  # noqa: E402
import test_growth as growth  # noqa: E402
from ansible.errors import AnsibleFilterError  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.action import (  # noqa: E402
    certificates_backup,
    container_registries,
    container_registries_info,
    container_storage,
    container_storage_info,
    host_policy,
    host_policy_info,
    registry_auth,
    registry_auth_info,
    registry_trust,
)
from ansible_collections.dockyard.openshift.plugins.module_utils import _hands, _snapshot  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import (  # noqa: E402
    decode,
    environment_file,
    json_text,
    toml_text,
    yaml_text,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.watch import Question  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import certificates as pem  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import read_policy  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.word import Reading  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.problems import Problem  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.storage import facts  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.filters import filtered  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import SNAPSHOT  # noqa: E402
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import archive  # noqa: E402
from cases import DATA  # noqa: E402
from disks import Host  # noqa: E402
from hosts import described, snapshot  # noqa: E402
from tasks import COMMITTED, opaque, run  # noqa: E402
from test_engine_docker_fork import answers  # noqa: E402
from test_host_policy import docker  # noqa: E402
from trust.pki import NOW, certificate, key_pem  # noqa: E402

FILTERS = "ansible_collections.dockyard.openshift.plugins.filter"
COUNT, SEED = int(os.environ.get("COUNT", "20000")), os.environ.get("SEED", "1")
REPEAT = os.environ.get("REPEAT", "").rpartition(":")
SHARED = REPOSITORY.parent / "shared" / "corpus"
SECRET = "S3CRETs3cret"
#: In a sentence about something that was given: what is in front of no @ any more is not a password of anybody's.
TOLD = re.compile(rf"{SECRET}[^\s'\"]*@|={SECRET}")


class Door(NamedTuple):
    """Something that takes what others made. take: answers, raises Problem, or returns a task's result.

    seeds: inputs as they should be. share: how many of the inputs come to this door, beside others.
    """

    name: str
    seeds: Callable[[], list[Any]]
    take: Callable[[Any], Any]
    share: int = 4


# --- inputs ----------------------------------------------------------------------------------------------------------

#: What has a meaning somewhere, or is where programs go wrong.
PIECES = [
    "", " ", "\n", "\r", "\r\n", "\t", "\0", "\x0c", "\x1b]0;owned\x07", "\x1b[2J\nok: [node1]", "x\n+ forged",
    "\u202e", "\ufeff", "\ud800", "\udfff", "\U0001f600", "é", "\x85", "\u2028",
    "'", '"', "'''", '"""', "\\", "\\\n", "#", "#\n", ";",
    "=", ":", ",", ".", "[", "]", "[[", "]]", "{", "}", "a.", "a=[", "[a]\n", "[[a]]\n", "- ", "? ", ": ", "&a ",
    "*a ", "<<: *a\n", "!!int ", "!!python/object:os.system ", "|\n", "%", "@", "---\n", "...\n", "1:1", "1" * 400,
    "9" * 5000, "0x" + "f" * 5000, "1e999", "-1", "18446744073709551616", "nan", "2024-02-30", "12:60", "null",
    "true", "~", "a" * 300, "*.", "*", "all", "docker.io", "//", "/", "..", "../../etc/passwd", "http://",
    "https://user:S3CRETs3cret@", "@sha256:", "0.0.0.0/0", "::1/128", "[::1]:5000", "10.0.0.1/8", ":5000", ":99999",
    ":0", "--insecure-registry", "--insecure-registry=", "${HOME}", "{{ 1 + 1 }}", "{% raw %}",
    "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "-----BEGIN ", "-----", "MII", "\\u0000", "\\ud800",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 1 << 63, 1 << 70, 10**400, -(10**30), 1.5, 1e308, float("inf"), float("nan"), [], {},
    [[]], [None], {"": ""}, {"a": {"b": {}}}, [1, "a"],
]  # fmt: skip


def deep(depth: int) -> Any:
    value: Any = "a"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def mutated(random: Random, seed: Any, others: list[Any]) -> Any:
    """The seed with one to four things wrong with it."""
    value = copy.deepcopy(seed)
    for _time in range(random.choice((1, 1, 2, 4))):
        value = changed(random, value, others)
    if isinstance(value, (dict, list)) and not random.randrange(30):  # last, because nobody copies it
        value = replaced(
            value, random.choice(list(places_in(value))), lambda old: deep(random.choice((100, 700, 5000)))
        )
    return value


def changed(random: Random, value: Any, others: list[Any]) -> Any:
    if isinstance(value, str):
        return changed_text(random, value, [other for other in others if isinstance(other, str)])
    if isinstance(value, bytes):
        text = changed_text(random, value.decode("latin-1"), [])
        return text.encode("latin-1", "replace")
    places = list(places_in(value))
    path = random.choice(places) if places else ()
    return replaced(value, path, lambda old: other_value(random, old, value))


def changed_text(random: Random, text: str, others: list[str]) -> str:
    at, to = sorted(random.randrange(len(text) + 1) for _end in range(2))
    to = min(to, at + random.choice((1, 5, 50, 500)))
    piece = random.choice(PIECES)
    kind = random.randrange(8)
    if kind == 0:
        return text[:at] + text[to:]
    if kind == 1:
        return text[:at] + text[at:to] * random.choice((2, 3, 50)) + text[to:]
    if kind == 2 and others:
        other = random.choice(others)
        return text[:at] + other[random.randrange(len(other) + 1) :]
    if kind == 3:
        return text[:at]
    if kind == 4:
        return text[:at] + piece * random.choice((2, 100)) + text[at:]
    return text[:at] + piece + text[to if kind == 5 else at :]


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places_in(member, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Callable[[Any], Any]) -> Any:
    if not path:
        return new(value)
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value


def other_value(random: Random, old: Any, whole: Any) -> Any:
    kind = random.randrange(9)
    if isinstance(old, str) and kind < 5:
        return changed_text(random, old, [])
    if isinstance(old, dict) and kind < 3:
        return {**old, random.choice([*PIECES, *old]): copy.deepcopy(random.choice(VALUES))}
    if isinstance(old, dict) and old and kind == 3:
        gone = random.choice(list(old))
        return {key: item for key, item in old.items() if key != gone}
    if isinstance(old, list) and old and kind < 4:
        return [*old, *old] if kind else [*old, copy.deepcopy(random.choice([*VALUES, *PIECES]))]
    if kind == 5:
        return random.choice(PIECES)
    if kind == 6:
        return deep(random.choice((2, 30)))
    if kind == 7:
        return old if old is whole else copy.deepcopy(whole)
    return copy.deepcopy(random.choice(VALUES))


# --- seeds -----------------------------------------------------------------------------------------------------------


@cache
def table(name: str) -> Any:
    return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))


def real(*kinds: str) -> list[str]:
    """Texts of the formats' own tables, and strangers' files of these kinds where they are at hand."""
    files = [file for kind in kinds for file in sorted((SHARED / kind).glob("*"))]
    return [file.read_bytes().decode("utf-8", "replace")[:4000] for file in files]


def texts(form: str, *kinds: str) -> Callable[[], list[Any]]:
    return lambda: [case["text"] for case in table(f"formats/{form}.yml")] + real(*kinds)


CONF = """unqualified-search-registries = ["docker.io", 'quay.io']
short-name-mode = "enforcing"
[aliases]
"a" = "docker.io/library/a"
[[registry]]
prefix = "*.example.com"
blocked = true
[[registry]]
prefix = "a.example.com/x"
location = "b.example.com:5000/y"
insecure = true
mirror-by-digest-only = false
[[registry.mirror]]
location = "m.example.com"
pull-from-mirror = "digest-only"
"""
OLD_CONF = "[registries.search]\nregistries = ['a', # why\n  # ours\n  'b']\n[registries.block]\nregistries = []\n"
POLICY_JSON = json.dumps(
    {"default": [{"type": "reject"}], "transports": {"docker": {"a.example.com": [{"type": "insecureAcceptAnything"}]}}}
)
LOGINS = json.dumps({"auths": {"a.example.com": {"auth": "bWU6UzNDUkVUczNjcmV0"}}, "credHelpers": {"b": "ecr"}})
SYSCONFIG = f"OPTIONS='--log-opt splunk-token={SECRET} --insecure-registry a'\nHTTP_PROXY=http://u:{SECRET}@proxy:1\n"
TRUST = [{"registry": "a.example.com:5000", "aliases": ["10.0.0.1"], "ca": certificate("one")}]
CLIENT = {"client_cert": certificate("me", by="one", ca=False), "client_key": key_pem("me")}
WORDS: dict[str, Any] = {
    "search": ["a.example.com", f"https://user:{SECRET}@b.example.com"], "blocked": "all",
    "insecure": ["10.0.0.0/8", "a.example.com:5000"], "allowed": ["docker.io/library"],
    "mirrors": [{"source": "docker.io", "mirrors": ["m.example.com/x"]}], "short_name_mode": "enforcing",
    "aliases": {"a": "docker.io/library/a"},
}  # fmt: skip
MERGED = {**WORDS, "blocked": ["b.example.com", "*.c.example.com", "docker.io/library/x"], "search": ["a.example.com"]}
PODMAN = '{"version": {"Version": "4.3.1"}, "registries": {"search": ["a"], "a": {"Mirrors": [{"Location": "m"}]}}}'
JOURNAL = {
    "id": "cafe", "plan_id": None, "time": 1, "started": 1, "directories": [],
    "files": [{"path": "/etc/docker/daemon.json", "new": "1", "present": "new"}],
    "actions": [{"name": "restart docker.service", "argv": ["true"], "undo": ["true"], "timeout": 9, "parts": []}],
    "old": {"/etc/docker/daemon.json": {"state": "absent"}},
}  # fmt: skip
STATE = {
    "version": 1,
    "container_registries": {"containers": {"words": {"search": ["a"]}, "added": {"blocked": ["b"]}}},
    "registry_trust": {"files": {"/etc/docker/certs.d/a/ca.crt": {"sha256": "0", "registries": ["a"]}}, "since": 1},
}


def podman_node() -> dict[str, Any]:
    files = {
        "/etc/containers/registries.conf": CONF, "/etc/containers/registries.conf.d/10-theirs.conf": CONF,
        "/etc/containers/policy.json": POLICY_JSON, "/root/.docker/config.json": LOGINS,
    }  # fmt: skip
    more = {"state": described(json.dumps(STATE)), "time": 5, "uid": 0, "user": "root", "locked": False}
    return snapshot(files, {"podman.info": PODMAN}, **more)


def upstream_node() -> dict[str, Any]:
    said = {
        "docker.unit": "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=/usr/bin/dockerd $OPTIONS\n",
        "docker.state": "ActiveState=active\n", "docker.flags": "/usr/bin/dockerd\n--insecure-registry\na\n",
        "docker.info": " Running: 0\n Insecure Registries:\n  127.0.0.0/8\n Live Restore Enabled: false\n",
    }  # fmt: skip
    files = {
        "/etc/docker/daemon.json": '{"insecure-registries": ["a"], "debug": true}',
        "/etc/default/docker": SYSCONFIG,
    }
    return snapshot(files, said, time=5, uid=0)


def nodes() -> list[Any]:
    old = docker(sysconfig=SYSCONFIG)
    older = snapshot(
        {"/etc/sysconfig/docker": SYSCONFIG, "/etc/containers/registries.conf": OLD_CONF},
        answers(["sysconfig", "generated"]),
    )
    cut_off = {**podman_node(), "journal": JOURNAL}
    return [podman_node(), upstream_node(), old, older, cut_off]


def disks() -> list[Any]:
    """Hosts of the table of decisions that answer everything that a plan of their storage may ask."""
    told = [case["host"] for case in table("storage/decisions.yml") if case["name"] in DISKS]
    found = []
    for each in told:
        node = Host({key: value for key, value in each.items() if value is not None})
        asked = [*facts.WATCH.commands, *facts.IMAGES, *(Question(name, ("x",)) for name in ASKED_OF_DISKS)]
        answers = {question.name: node.answer(question.name, list(question.argv)) for question in asked}
        files = {path: node.file(path) for path in facts.WATCH.files}
        found.append({"files": files, "commands": answers, "uid": 0, "user": "root", "journal": node.journal()})
    return found


def manifests() -> list[Any]:
    found = []
    for case in table("openshift4/node_files.yml"):
        found += [case[key] for key in ("manifests", "objects", "given") if key in case]
    return found[:60] + real("ocp4")


def tar_of(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def archives() -> list[Any]:
    saved = [
        archive.Saved("/etc/docker/certs.d/a:5000/ca.crt", certificate("one").encode()),
        archive.Saved("/etc/containers/certs.d/b/é.key", key_pem("me").encode(), mode="0600"),
    ]
    good = archive.pack(archive.Archive("node1", tuple(saved), {"/etc/docker/certs.d/a/l.crt": "x"}, ()))
    return [good, archive.pack(archive.Archive("node1")), tar_of(("manifest.json", b"{}"))]


# --- what is done at a door ------------------------------------------------------------------------------------------


def law(module: Any) -> Callable[[str], Any]:
    """Reading, writing without a change, and with one."""

    def take(text: str) -> None:
        value = module.parse(text)
        assert module.edit(text, value) == text, "a byte has moved"
        if isinstance(value, dict):
            new = {**value, "dockyard": "x"} if module is environment_file else {**value, "dockyard": ["x"]}
            assert module.edit(module.edit(text, new), value) is not None

    return take


def words_of(value: Any) -> Any:
    return filtered(_words_of, value)


def _words_of(value: Any) -> Any:
    return read_policy(value if isinstance(value, dict) else {"search": value}, reading=Reading(now=NOW))


def task(action: Any, options: dict[str, Any]) -> Callable[[Any], Any]:
    """A whole task on a host that answers as given."""

    def take(seen: Any) -> Any:
        try:
            looks = [{"snapshot": opaque(seen)}] * 40
        except (RecursionError, ValueError):  # nothing that JSON could tell
            looks = [{"snapshot": "x"}] * 40
        ends = iter([COMMITTED] * 40)
        answer = lambda module_name, **_more: next(looks_left) if module_name == SNAPSHOT else next(ends)  # noqa: E731
        looks_left = iter(looks)
        return run(action.ActionModule, copy.deepcopy(options), [], diff=True, module=answer).result

    return take


def ended(value: Any) -> Any:
    """A task whose transaction ends as given."""
    end = value if isinstance(value, dict) else {}
    if isinstance(end.get("report"), list):
        with contextlib.suppress(RecursionError, ValueError):
            end = {**end, "report": opaque(end["report"])}
    return run(host_policy.ActionModule, {"search": ["a.example.com"]}, [docker()] * 40, *[end] * 40).result


def options_of(value: Any) -> Any:
    options = value if isinstance(value, dict) else {"search": value}
    return run(container_registries.ActionModule, options, [podman_node()] * 40, COMMITTED, diff=True).result


def recorded(value: Any) -> Any:
    """A host whose state.json says this."""
    try:
        text = json.dumps(value)
    except (RecursionError, ValueError):
        text = "[" * 5000
    return task(host_policy, {"search": ["a.example.com"]})({**podman_node(), "state": described(text)})


def function_of(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = importlib.import_module(f"{FILTERS}.{name}").FilterModule().filters()[name]
    return found


def filtering(name: str, usual: list[Any]) -> Callable[[Any], Any]:
    """A filter by its arguments, of which there are always as many as usual."""
    function = function_of(name)

    def take(arguments: Any) -> Any:
        given = arguments[: len(usual)] if isinstance(arguments, list) else [arguments]
        return function(*given, *usual[len(given) :])

    return take


def of_filter(name: str, *seeds: list[Any]) -> Door:
    return Door(f"filter {name}", lambda: list(seeds), filtering(name, seeds[0]), 2)


def certificates(text: str) -> Any:
    pem.certificates_in(text.encode("utf-8", "replace"))
    for each in pem.read_certificates(text):
        each.line(), each.plain(NOW), pem.doubts(each, NOW, 30)
        pem.judge_authority(each)


def key(text: str) -> Any:
    return pem.read_client_key(text, pem.read_certificates(CLIENT["client_cert"])[0])


def on_host(text: str) -> Any:
    """Read bytes as the programs on the host do."""
    data = text.encode("utf-8", "replace")
    _snapshot.fingerprints(data)
    try:
        journal = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if _hands.problem_of_journal(journal) is None:
        _snapshot.summary(journal)
    return None


POLICY_11 = {
    "kind": "ImagePolicyConfig", "apiVersion": "v1",
    "executionRules": [{"name": "a", "onResources": [{"resource": "pods"}], "matchRegistries": ["docker.io"]}],
}  # fmt: skip
POD = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "a"},
    "spec": {"containers": [{"name": "a", "image": "b"}]},
}
ICSP = {
    "apiVersion": "operator.openshift.io/v1alpha1", "kind": "ImageContentSourcePolicy", "metadata": {"name": "a"},
    "spec": {"repositoryDigestMirrors": [{"source": "quay.io/a", "mirrors": ["m.example.com/a"]}]},
}  # fmt: skip
ALLOWED = {"allowedRegistriesForImport": [{"domainName": "docker.io", "insecure": False}]}
MIGRATED = {
    "nodes": {
        "n1": {
            "engines": [{"search": ["a.example.com"], "blocked": ["all"], "insecure": ["10.0.0.0/8"], "allowed": []}],
            "registries": [{"name": "a.example.com", "files": ["/a.crt"]}], "anchors": [{"path": "/b.crt"}],
            "auth_files": [{"path": "/c", "entries": [{"key": "a.example.com", "kind": "basic", "username": "me"}]}],
        },
    },
    "masters": {
        "m1": {"master": {"image_policy_config": ALLOWED, "image_policy": {"executionRules": [{"name": "a"}]}}},
    },
    "authorities": {"n1": {"/a.crt": "PEM"}}, "variables": {"openshift_hosted_registry_storage_kind": "nfs"},
}  # fmt: skip
LOGIN = [{"registry": "a.example.com", "username": "me", "password": SECRET}]
LISTS = {
    "verify": "none",
    "blocked": ["b.example.com"],
    "search": ["a.example.com"],
    "insecure": ["c.example.com:5000"],
}
END = {
    "committed": False, "rolled_back": True, "changed": True, "step": "act", "reason": "x", "conflict": [],
    "journal": None, "recovered": [],
    "report": [{"state": "done", "rc": 1, "stdout": "", "stderr": "x", "name": "a", "step": "act"}],
}  # fmt: skip

DISKS = (
    "a switch begins with stopping", "a second disk for overlay2", "podman on a plain volume", "a fresh disk",
    "a partition without a group, which an interrupted run has made",
)  # fmt: skip
ASKED_OF_DISKS = (
    *(f"storage.{what} /var/lib/docker" for what in ("data", "files")),
    *(f"storage.{what} /dev/{disk}" for what in ("signatures", "name") for disk in ("vdb", "vdb1", "vdc")),
    "storage.sizes",
)
SWITCH = {
    "mode": "switch", "driver": "overlay2", "confirm": "node1", "activation": "now", "devices": "/dev/vdb",
    "settings": {
        "VG": "docker_vg", "CONTAINER_ROOT_LV_NAME": "dockerlv", "CONTAINER_ROOT_LV_MOUNT_PATH": "/var/lib/docker",
    },
}  # fmt: skip

DOORS = [
    Door("words", lambda: [WORDS, MERGED, {"trust": TRUST}, {"trust": [{**TRUST[0], **CLIENT}]}], words_of, 8),
    Door("toml", texts("toml_text", "registries-toml"), law(toml_text), 8),
    Door("yaml", texts("yaml_text", "registries-yaml", "master-config"), law(yaml_text), 5),
    Door("yaml of Go", texts("go_yaml", "master-config"), law(go_yaml), 3),
    Door("json", texts("json_text", "daemon-json", "policy-json", "dockercfg"), law(json_text), 8),
    Door(
        "environment", texts("environment_file", "sysconfig-docker", "docker-storage-setup"), law(environment_file), 8
    ),
    Door("bytes", lambda: [SYSCONFIG.encode(), CONF.encode()], decode, 1),
    Door(
        "certificates",
        lambda: [certificate("one"), certificate("one") + certificate("two"), key_pem("me")],
        certificates,
    ),
    Door("key", lambda: [key_pem("me"), certificate("one")], key, 2),
    Door("archive", archives, archive.unpack, 8),
    Door("on the host", lambda: [certificate("one"), json.dumps({"version": 1, **JOURNAL, "files": []})], on_host, 2),
    Door(
        "options",
        lambda: [MERGED, {**LISTS, "mode": "exact"}, {**LISTS, "activation": "now", "trust": TRUST}],
        options_of,
        2,
    ),
    Door("state.json", lambda: [STATE], recorded, 2),
    Door("snapshot", nodes, task(container_registries, LISTS), 4),
    Door("snapshot, all", nodes, task(host_policy, {**LISTS, "trust": TRUST, "unenforceable": "warn"}), 3),
    Door("snapshot, info", nodes, task(host_policy_info, {**LISTS, "trust": TRUST}), 3),
    Door("snapshot, images", nodes, task(container_registries_info, {"images": ["a", "a.example.com/x/b"]}), 3),
    Door("snapshot, trust", nodes, task(registry_trust, {"trust": TRUST, "verify": "none"}), 2),
    Door("snapshot, logins", nodes, task(registry_auth, {"credentials": LOGIN}), 2),
    Door("snapshot, login info", nodes, task(registry_auth_info, {"credentials": LOGIN}), 1),
    Door("snapshot, backup", nodes, task(certificates_backup, {"path": "/nonexistent/x.tar", "keys": True}), 1),
    Door("snapshot, growth", disks, task(container_storage, {"mode": "grow", "devices": "/dev/vdc"}), 3),
    Door("snapshot, switch", disks, task(container_storage, SWITCH), 3),
    Door("snapshot, storage", disks, task(container_storage_info, {}), 2),
    Door("end of a transaction", lambda: [COMMITTED, END], ended, 2),
    of_filter("migrate_3_to_4", [MIGRATED]),
    of_filter("registries_conf_problems", [CONF, [{"name": "a.conf", "content": OLD_CONF}]], [OLD_CONF]),
    of_filter("pull_sources", ["a.example.com/x/y:1", CONF, [], POLICY_JSON], [["a", f"https://u:{SECRET}@b/c"], CONF]),
    of_filter("registry_credential", ["a.example.com/x", [{"name": "config.json", "content": LOGINS}], [], "kubelet"]),
    of_filter(
        "registries_plan", [{"podman": {"version": "4.9.4"}, "files": {"/etc/containers/registries.conf": CONF}}, LISTS]
    ),
    of_filter("image_policy_problems", [POLICY_11, "3.9"], [json.dumps(POLICY_11)]),
    of_filter("image_policy_admits", ["docker.io/a:1", POLICY_11, "3.9"], [[POD], POLICY_11]),
    of_filter("import_policy_problems", [ALLOWED, "3.7"], [{"imagePolicyConfig": ALLOWED}]),
    of_filter("import_allowed", ["docker.io/library/busybox", ALLOWED, "3.9"]),
    of_filter(
        "image_registry_problems",
        [{"managementState": "Managed", "replicas": 2, "storage": {"pvc": {"claim": "a"}}}, None],
    ),
    of_filter("drain_plan", [[POD], [], "4.18"]),
    of_filter("icsp_to_idms", [[ICSP]]),
    of_filter(
        "mco_disruption",
        [{"/etc/containers/registries.conf": CONF}, {"/etc/containers/policy.json": POLICY_JSON}, "4.18"],
    ),
    Door("filter mco_node_files", manifests, lambda value: filtering("mco_node_files", [0])([value]), 3),
    Door("filter mco_forecast", manifests, lambda value: filtering("mco_forecast", [0, 0])([value, "4.18"]), 2),
]
#: Filters that have no line of their own yet.
DOORS += [
    of_filter(file.stem, [{}] * len(inspect.signature(function_of(file.stem)).parameters))
    for file in sorted((REPOSITORY / "plugins/filter").glob("[a-z]*.py"))
    if f"filter {file.stem}" not in {door.name for door in DOORS}
]
BY_NAME = {door.name: door for door in DOORS}


def inputs(door: Door) -> range:
    if REPEAT[1]:
        return range(int(REPEAT[2]), int(REPEAT[2]) + 1) if door.name == REPEAT[0] else range(0)
    return range(COUNT * door.share // sum(each.share for each in DOORS) + 1)


def made(door: Door, seeds: list[Any], number: int) -> Any:
    random = Random(f"{SEED} {door.name} {number}")
    return mutated(random, random.choice(seeds), seeds)


def all_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from all_texts(list(pair))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from all_texts(each)


def read_by_people(answer: dict[str, Any]) -> list[Any]:
    diffs = [[each.get("before"), each.get("after")] for each in answer.get("diff", [])]
    plan = answer.get("plan")
    text = plan.get("text") if isinstance(plan, dict) else None
    return [text, diffs, *(answer.get(name) for name in ("notes", "warnings", "pending", "account", "problems"))]


def fault(door: Door, value: Any) -> str:
    """Return the fault in the answer to an input, "" without one."""
    try:
        answer = door.take(value)
    except (Problem, AnsibleFilterError) as problem:
        told = str(problem)
        if not told or not told.isprintable():
            return f"no sentence: {told!a}"[:300]
        return f"a secret in {told!a}"[:300] if TOLD.search(told) else ""
    except Exception as error:
        return f"{type(error).__name__}: {error!a}"[:300]
    if not door.name.startswith(("snapshot", "options", "state", "end")):
        return ""
    if answer.get("failed") and not str(answer.get("msg")).isprintable():
        return f"no sentence: {answer['msg']!a}"[:300]
    lines = [line for text in all_texts(read_by_people(answer)) for line in text.split("\n")]
    if any(line.lstrip(" +").startswith("forged") for line in lines):
        return f"a line is forged: {read_by_people(answer)!a}"[:300]
    for text in all_texts(answer):
        if not text.replace("\n", "").replace("\t", "").isprintable() or SECRET in text:
            return f"steers a terminal, or tells a secret: {text!a}"[:300]
    return ""


@pytest.mark.parametrize("name", BY_NAME)
def test_an_answer_or_a_sentence(name: str) -> None:
    door = BY_NAME[name]
    seeds, faults = door.seeds(), []
    assert [wrong for seed in seeds if (wrong := fault(door, copy.deepcopy(seed)))] == []
    for number in inputs(door):
        begin = time.process_time()
        wrong = fault(door, made(door, seeds, number))
        if (seconds := time.process_time() - begin) > 3:
            wrong = f"{seconds:.1f} s. {wrong}"
        if wrong:
            faults.append(f"REPEAT='{name}:{number}': {wrong}")
        if len(faults) == 10:
            break
    assert not faults, "\n".join(faults)


# --- time ------------------------------------------------------------------------------------------------------------

TEXTS = [name for name in BY_NAME if isinstance(BY_NAME[name].seeds()[0], str)]
NAMES = [f"r{number}.example.com:5000" for number in range(20_000)]


def found(state: Any, host: dict[str, Any], size: int) -> list[Any]:
    """Return a host in this state, and a policy of every word for it."""
    return list(state(host, growth.WORDS["every word"], size))


LONG: dict[str, tuple[str, Callable[[int], Any]]] = {
    "two lists": ("words", lambda size: {"search": NAMES[:size], "blocked": NAMES[-size:]}),
    "two lists alike": ("words", lambda size: {"search": NAMES[:size], "insecure": NAMES[:size], "blocked": "all"}),
    "many wildcards": (
        "words",
        lambda size: {"blocked": [f"*.{name}" for name in NAMES[:size]], "search": NAMES[:size]},
    ),
    "many ranges": ("words", lambda size: {"insecure": [f"10.{n >> 8 & 255}.{n & 255}.0/24" for n in range(size)]}),
    "many mirrors": ("words", lambda size: {"mirrors": [{"source": n, "mirrors": ["m"]} for n in NAMES[:size]]}),
    "one long name": ("words", lambda size: {"search": ["a" * size * 9, "a/" * size, "a." * size, ":" * size]}),
    "planned": ("options", lambda size: {"search": NAMES[: size // 4], "blocked": NAMES[-size // 4 :]}),
    "planned, all": ("options", lambda size: {"search": NAMES[: size // 4], "blocked": "all"}),
    "members": ("archive", lambda size: tar_of(*((name, b"x") for name in NAMES[: size // 4]))),
    "one long member": ("archive", lambda size: tar_of(("manifest.json", b"9" * size * 9))),
    "tables": ("filter registries_conf_problems", lambda size: ["".join(map(TABLE, NAMES[: size // 2]))]),
    "a long reference": ("filter pull_sources", lambda size: ["a/" * size * 4, CONF]),
    "many tables": (
        "filter pull_sources",
        lambda size: ["r1.example.com:5000/a", "".join(map(TABLE, NAMES[: size // 2]))],
    ),
    **{
        f"{state.__name__} on {engine}": ("filter registries_plan", partial(found, state, host))
        for state in (growth.as_asked, growth.others_say_no)
        for engine, host in growth.HOSTS.items()
    },
    "addresses": ("snapshot, all", lambda size: docker(sysconfig="X=" + "://a:" * size * 10)),
    "certificates": ("certificates", lambda size: certificate("one") * (size // 20)),
}


def TABLE(name: str) -> str:
    return f"[[registry]]\nprefix = '{name}'\nlocation = '{name}'\n"


def seconds(door: Door, value: Any) -> float:
    begin = time.process_time()
    fault(door, value)
    return time.process_time() - begin


def grows_too_fast(door: Door, of_size: Callable[[int], Any], most: int) -> str:
    """Say how much longer twice as much takes, if that is more than linear growth allows."""
    size = most // 8
    while size < 2 * most and seconds(door, of_size(size)) < 0.05:
        size *= 2
    for _time in range(4):  # the machine is busy with other things too: what grows too fast is slow by now
        once, twice = (seconds(door, of_size(length)) for length in (size, 2 * size))
        if twice < 0.3 or twice / once < 3:
            return ""
    return f"{size} take {once:.2f} s, twice as much {twice:.2f} s"


@pytest.mark.parametrize("name", TEXTS)
def test_time_grows_with_the_length_of_a_text(name: str) -> None:
    door, wrong = BY_NAME[name], []
    for piece in [*filter(None, PIECES), *door.seeds()[-3:]]:
        for start in ("", "a = '"):
            slow = grows_too_fast(
                door, lambda size, piece=piece, start=start: start + piece * (size // len(piece)), 24_000
            )
            wrong += [f"{start!a} and {piece[:40]!a} again and again: {slow}"] if slow else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", LONG)
def test_time_grows_with_the_length_of_a_list(name: str) -> None:
    door, of_size = LONG[name]
    assert not grows_too_fast(BY_NAME[door], of_size, 4_000)
