# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pulls on a node, watched from both ends: what the client's debug log says, and what the registries' own logs say.

`expected` turns an answer of the filter `pull_sources` into what has to be seen. What it adds is only what the
registries are like (pull_registries), and in what podman and skopeo differ.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.dockyard.openshift.plugins.filter.pull_sources import pull_sources
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import references
from conftest import ON_HOST, Node, _podman
from pull_registries import ADDRESS, IMAGES, LOGINS, MARK, NAMES, REPOSITORIES, SERVERS, TRUSTED, images_of

ETC = "/etc/containers"
CONF = f"{ETC}/registries.conf"
ACCEPT = '{"default": [{"type": "insecureAcceptAnything"}]}'

Requests = dict[int, list[tuple[str, int]]]  # by port: path and status, in order; no blobs


@dataclass(frozen=True)
class Attempt:
    """One endpoint that a client went to, or would have if it were not blocked."""

    reference: str
    schemes: tuple[str, ...] = ()
    outcome: str = "served"


@dataclass
class Pull:
    """What happened, or has to happen. refused: why something was not even tried, or not taken."""

    attempts: list[Attempt] = field(default_factory=list)
    requests: Requests = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    image: str | None = None
    said: list[str] = field(default_factory=list, compare=False)


def files(case: dict[str, Any]) -> dict[str, str]:
    """The files of a case, by path; a main file that is null is not there."""
    found = {f"{ETC}/policy.json": case.get("policy") or ACCEPT}
    if case["conf"] is not None:
        found[CONF] = case["conf"]
    return found | {f"{CONF}.d/{name}": text for name, text in case.get("drop_ins", {}).items()}


# --- what is seen ---------------------------------------------------------------------------------------------------

# Why a client left an endpoint.
OUTCOMES = {
    r"is blocked in ": "blocked",
    r"x509: ": "unknown certificate",
    r"server gave HTTP response to HTTPS client": "no TLS",
    r"network is unreachable|connection refused": "unreachable",
    r"manifest unknown|name unknown": "no such image",
    r"unauthorized: ": "no login",
}
# Why it asked nobody, or did not take what it got: the first that fits a message.
REFUSALS = {
    r'loading (?:drop-in )?registries configuration "(.+?)": ': "",  # it is the file
    r"rewriting reference: ": "no rewriting",
    r"invalid reference format|name must be lowercase": "no reference",
    r"references with both a tag and digest": "tag and digest",
    r"cannot prompt without a TTY": "several candidates",
    r"no unqualified-search registries are defined": "no candidate",
    r"is rejected by policy": "policy",
}
_MESSAGE = re.compile(r'^time=\S+ level=\w+ msg=("(?:[^"\\]|\\.)*")')
_TRYING = re.compile(r'Trying to access (".*")')
_PING = re.compile(r"GET (https?)://[^/]+/v2/")
_LEFT = re.compile(r'Accessing ".*?" failed: (.*)', re.DOTALL)
_ACCESS = re.compile(r'(\S+) - \S+ \[[^]]*\] "GET (\S+) HTTP/1\.1" (\d+) ')


def pull_all(node: Node, pulls: list[dict[str, Any]]) -> list[Pull]:
    """Do all of them in one go: each {"files", "tool", "reference"}."""
    mark = f"{MARK}/{secrets.token_hex(4)}-"
    marks = [(server.scheme, f"{ADDRESS}:{port}", mark) for port, server in SERVERS.items()]
    since = node.sh("date +%s").strip()
    node.write("/run/pull_all.py", (ON_HOST.parent / "pull_all.py").read_text())
    task = json.dumps({"marks": marks, "pulls": pulls}).encode()
    answers = json.loads(_podman("exec", "-i", node.name, "python3", "/run/pull_all.py", data=task, timeout=600))
    requests = _requests(node, len(pulls), mark, since)
    return [_pull(answer, asked) for answer, asked in zip(answers, requests, strict=True)]


def messages(log: str) -> list[str]:
    """Lines of a log, those of debugging without their frame."""
    framed = [(_MESSAGE.match(line), line) for line in log.splitlines()]
    return [json.loads(message[1]) if message else line for message, line in framed]


def _pull(answer: dict[str, Any], requests: Requests) -> Pull:
    said = messages(answer["log"])
    assert not any("retrying" in message for message in said), f"a pull tried again is slow and ambiguous: {said}"
    refused = {why for message in said if (why := _refusal(message))}
    names = {image.id: name for name, image in IMAGES.items()}
    return Pull(_attempts(said), requests, refused, names.get(answer["image"], answer["image"]), said)


def _refusal(message: str) -> str | None:
    found = ((re.search(words, message), name) for words, name in REFUSALS.items())
    return next((name or match[1] for match, name in found if match), None)


def _attempts(said: list[str]) -> list[Attempt]:
    found: list[Attempt] = []
    for message in said:
        if trying := _TRYING.fullmatch(message):
            found.append(Attempt(json.loads(trying[1])))
        elif ping := _PING.fullmatch(message):
            found[-1] = replace(found[-1], schemes=(*found[-1].schemes, ping[1]))
        elif left := _LEFT.fullmatch(message):
            why = next((name for words, name in OUTCOMES.items() if re.search(words, left[1])), left[1])
            found[-1] = replace(found[-1], outcome=why)
    return found


def _requests(node: Node, count: int, mark: str, since: str) -> list[Requests]:
    """Read from the registries' logs the requests of the node, pull by pull."""
    address = node.sh(f"ip route get {ADDRESS}").split(" src ")[1].split()[0]
    found: list[Requests] = [defaultdict(list) for dummy in range(count)]
    registry = Node("registry", "", "")
    registry.sh("journalctl --sync")
    for port in SERVERS:
        log = registry.sh(f"journalctl -u registry@{port} -o cat --since @{since}")
        asked = [access for line in log.splitlines() if (access := _ACCESS.match(line)) and access[1] == address]
        number = -1
        for access in asked:
            if access[2].startswith(mark):
                number += 1
                assert access[2] == f"{mark}{number}", f"port {port} was to be asked for mark {number}: {access[0]}"
            elif number >= 0 and "/blobs/" not in access[2]:
                found[number][port].append((access[2], int(access[3])))
        assert number == count - 1, f"the log of port {port} ends with mark {number} of {count}"
    return [dict(requests) for requests in found]


# --- what has to be seen --------------------------------------------------------------------------------------------


def candidates(case: dict[str, Any], reference: str) -> list[dict[str, Any]]:
    """The filter's answer; raises AnsibleFilterError."""
    drop_ins = [{"name": f"{CONF}.d/{name}", "content": text} for name, text in case.get("drop_ins", {}).items()]
    return pull_sources(reference, case["conf"], drop_ins, case.get("policy") or ACCEPT)["candidates"]


def expected(case: dict[str, Any], tool: str, reference: str) -> Pull:
    """Translate the filter's answer for a pull with this tool."""
    try:
        if tool == "skopeo":  # knows no short names, and no tag beside a digest
            full = references.parse_normalized(reference).tagged()
            if full.tag and full.digest:
                return Pull(refused={"tag and digest"})
            reference = str(full)
        found = candidates(case, reference)
    except (references.ReferenceProblem, AnsibleFilterError) as refusal:
        file = re.search(rf"{ETC}/\S+(?=: )", str(refusal))
        return Pull(refused={file[0] if file else "no reference"})
    pull = Pull(refused=set() if found else {"no candidate"})
    for candidate in found:
        image = _try(candidate, pull)
        if image and _accepted(candidate, pull):
            pull.image = image
            break
    return pull


def _try(candidate: dict[str, Any], pull: Pull) -> str | None:
    """Go to the endpoints in order; the name of the image that one of them has."""
    refused = candidate["refused"] or ""
    if "at a terminal" in refused or not candidate["endpoints"]:
        assert refused
        pull.refused.add("several candidates" if "at a terminal" in refused else "no rewriting")
        return None
    for endpoint in candidate["endpoints"]:
        image = _contact(endpoint, pull)
        if image:
            assert not refused
            return image
    return None


def _contact(endpoint: dict[str, Any], pull: Pull) -> str | None:
    """Contact one endpoint; return the name of the image that it has."""
    asked = references.parse(endpoint["reference"])
    if asked.digest:
        asked = replace(asked, tag="")  # podman drops a tag beside a digest
    outcome, port, found = _outcome(asked, endpoint)
    schemes = ("https",) if outcome != "blocked" else ()
    if schemes and endpoint["insecure"] and not (port and SERVERS[port].tls):
        schemes = ("https", "http")
    pull.attempts.append(Attempt(str(asked), schemes, outcome))
    if status := {"served": 200, "no such image": 404, "no login": 401}.get(outcome):
        path = f"/v2/{asked.path}/manifests/{asked.digest or asked.tag}"
        ping = 401 if SERVERS[port].login else 200
        pull.requests.setdefault(port, []).extend([("/v2/", ping), (path, status)])
    return found


def _outcome(asked: references.Reference, endpoint: dict[str, Any]) -> tuple[str, int, str | None]:
    """Return the end of an attempt, the port if there is a registry, and the image."""
    if endpoint["blocked"]:
        return "blocked", 0, None
    host, _colon, port = ("registry-1.docker.io" if asked.domain == "docker.io" else asked.domain).partition(":")
    server = SERVERS.get(int(port or 443)) if host.lower() in NAMES else None
    if not server:
        return "unreachable", 0, None
    if not endpoint["insecure"] and not server.tls:
        return "no TLS", server.port, None
    if not endpoint["insecure"] and asked.domain not in TRUSTED:
        return "unknown certificate", server.port, None
    if server.login and asked.domain not in LOGINS:
        return "no login", server.port, None
    image = images_of(server.registry).get(asked.digest or asked.tag) if asked.path in REPOSITORIES else None
    return ("served", server.port, image.name) if image else ("no such image", server.port, None)


def _accepted(candidate: dict[str, Any], pull: Pull) -> bool:
    """No image here is signed."""
    accepted = all(item["type"] == "insecureAcceptAnything" for item in candidate["policy"]["requirement"])
    if not accepted:
        pull.refused.add("policy")
    return accepted
