# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated auth files, pull secrets and images: our look-up equals that of podman, CRI-O, docker and the kubelet."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.credentials.answers import Attempts, Source
from ansible_collections.dockyard.openshift.plugins.plugin_utils.credentials.lookup import ENGINES, look_up
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.references import parse_normalized
from hypothesis import given, seed
from hypothesis import strategies as st

from .amount import CASES, ENOUGH, SEED
from .conftest import Program

HOSTS = (
    "quay.io", "docker.io", "index.docker.io", "registry-1.docker.io", "localhost", "localhost:5000", "reg.example.com",
    "reg.example.com:5000", "sub.reg.example.com", "10.0.0.1:5000", "reg.example.com:443", "gcr.io",
    "1.dkr.ecr.eu-west-1.amazonaws.com", "image-registry.openshift-image-registry.svc:5000",
)  # fmt: skip
PATHS = ("app", "org/app", "org/team/app", "organization/app", "library/busybox", "a/b/c/d")
ENDS = (
    "", "", "", "/", "/org", "/org/", "/org/app", "/org/team", "/v1/", "/v2/", "/v1", "/v2", "/v1/org", "/v2/org/app",
    "/library", "/organization", "/org/app:1", "?x", "#f", "//org", "/*", "/org%2fapp", "/Org", "/%zz", "/org\0",
)  # fmt: skip
BEGINS = ("", "", "", "https://", "http://", "HTTPS://", "ftp://", "https:/", "https://user:pw@", "user@", "docker:https://")
ODD_KEYS = (
    "", "/", "https://", "://", " quay.io", "quay.io\n", "a b", "%zz", "quay.io:abc", "quay.io:", "[::1]",
    "*.example.com", "*.io", "*", "*.*.com", "reg.*.com", "r*.example.com", "*.example.com:5000", "*.example.com/org",
)  # fmt: skip
PLACES = ("run/containers/auth.json", ".config/containers/auth.json", ".docker/config.json", ".dockercfg")
TYPES = {"kubernetes.io/dockerconfigjson": False, "kubernetes.io/dockercfg": True}
SEEN: Counter[tuple[str, str]] = Counter()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def entries_for(user: str) -> st.SearchStrategy[Any]:
    """An entry whose user no other has, mostly a good one."""
    whole = encoded(f"{user}:pw")
    auths: tuple[Any, ...] = (
        "", None, encoded(user), encoded(":pw"), encoded(f"{user}:"), encoded(":"), whole.rstrip("="), whole + "=",
        whole[:-1], "!!", f" {whole}", f"{whole}\n", whole[:4] + "\n" + whole[4:], 5, encoded(f"{user}:pw\0\0"),
        encoded(f"{user}:a:b"),
    )  # fmt: skip
    odd: tuple[Any, ...] = (
        {}, {"username": user, "password": "pw"}, {"username": user}, {"password": "pw"}, {"identitytoken": "t"},
        {"username": "x", "password": "pw", "auth": whole}, {"auth": whole, "identitytoken": "t"}, {"Auth": whole},
        {"registrytoken": "t"}, {"AUTH": whole, "auth": None}, {"auth": whole, "email": 7}, None, "x", [],
        *({"auth": auth} for auth in auths),
    )  # fmt: skip
    return st.sampled_from((*[{"auth": whole}] * 60, *odd))


@st.composite
def texts(draw: Any, image: str, old: bool, users: Iterator[int]) -> str:
    """The text of an auth file or secret, mostly with something for the image."""
    host = parse_normalized(image).domain
    hosts = st.sampled_from((*[host] * 20, *HOSTS))
    keys = st.builds("{}{}{}".format, st.sampled_from(BEGINS), hosts, st.sampled_from(ENDS))
    usual = ("https://index.docker.io/v1/", "docker.io") if host == "docker.io" else (host, f"https://{host}")
    one = st.one_of(st.sampled_from(usual), st.sampled_from(usual), keys, keys, st.sampled_from(ODD_KEYS))
    chosen = draw(st.lists(one, min_size=1, max_size=4, unique=True))
    entries = {key: draw(entries_for(f"u{next(users)}")) for key in chosen}
    document: Any = entries if old else {"auths": entries}
    if not old:
        more = {
            "credHelpers": {draw(hosts): draw(st.sampled_from(("", None)))}, "HttpHeaders": [], "proxies": "x",
            "detachKeys": 5, "unknown": [1],
        }  # fmt: skip
        document |= {name: more[name] for name in draw(st.lists(st.sampled_from(sorted(more)), max_size=1)) if chosen}
    text = json.dumps(document)
    broken = ("", "{", text[:-1], f"{text} {{}}", f"{text}x", "[]", "null", "\ufeff{}")
    return draw(st.sampled_from((*[text] * 20, *broken)))


@st.composite
def cases(draw: Any) -> dict[str, Any]:
    host, path = draw(st.sampled_from(("", "", *HOSTS))), draw(st.sampled_from(PATHS))
    image = f"{host}/{path}" if host else path
    users = iter(range(1000))
    places = sorted(draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True)), key=PLACES.index)
    types = draw(st.lists(st.sampled_from(sorted(TYPES)), max_size=2))
    return {
        "image": image,
        "files": [{"name": one, "content": draw(texts(image, one == PLACES[3], users))} for one in places],
        "secrets": [{"name": one, "content": draw(texts(image, TYPES[one], users))} for one in types],
    }


def shown(answer: Attempts) -> Any:
    """As the program writes it; order counts, and where the kubelet's is random, it is one of several answers."""
    return "refused" if answer.problem else [(one.kind, one.username or "") for one in answer.tried]


@seed(SEED)
@ENOUGH
@given(cases())
def test_logins(library_of_logins: Program, case: dict[str, Any]) -> None:
    told = library_of_logins.ask(case)
    files = [Source(one["name"], one["content"], one["name"].endswith(".dockercfg")) for one in case["files"]]
    filled = [one for one in case["secrets"] if one["content"]]
    kept = [Source(str(at), one["content"], TYPES[one["name"]]) for at, one in enumerate(filled)]
    reference = parse_normalized(case["image"])
    for engine in sorted(told):
        tried = [(one["kind"], one["username"]) for one in told[engine]["tried"] or ()]
        wanted = "refused" if told[engine]["error"] else tried
        found = look_up(engine, reference, files, kept if engine == "kubelet" else ())
        possible = [shown(answer) for answer in found.answers] or [[]]
        if wanted != "refused" and engine == "kubelet" and found.is_ambiguous:
            assert any(sorted(wanted) == sorted(one) for one in possible if one != "refused"), (engine, case)
        else:
            assert wanted in possible, (engine, case)
        SEEN[engine, "refused" if wanted == "refused" else "login" if wanted else "none"] += 1


def test_the_cases_were_worth_asking() -> None:
    """Cases in which nobody has a login would prove nothing."""
    if not SEEN:
        pytest.skip("no cases were asked for")
    assert all(SEEN[engine, kind] > CASES // 50 for engine in ENGINES for kind in ("login", "none", "refused")), SEEN
