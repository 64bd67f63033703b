# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A look into a running pod of the registry: what is mounted where images are kept, and how large it is.

Sources: Kubernetes API, pods/exec over a web socket (v4.channel.k8s.io: the first byte of a message is its channel);
POSIX df -P; CIRO pkg/storage (images of claims and emptyDirs are at /registry).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from ...libraries import websocket
from ...problems import one_line
from ..api import ClusterProblem, Ref, at
from ..connection import Login
from .health import short

PLACE = "/registry"
_CONTAINER = "registry"
_OUTPUT, _ERRORS, _END = 1, 2, 3
_PROTOCOL = "v4.channel.k8s.io"


def mounted(login: Login, pod: Ref, seconds: float) -> dict[str, Any]:
    """Return {pod, mounted, device, size, used}, sizes in bytes. Raises ClusterProblem."""
    lines = run(login, pod, ("df", "-P", PLACE), seconds).splitlines()
    fields = lines[-1].split(None, 5) if len(lines) > 1 else []
    if len(fields) != 6 or not (fields[1].isdecimal() and fields[2].isdecimal()):
        told = short(" ".join(lines))
        raise ClusterProblem(f"look_inside: df in the pod {pod.name} says what cannot be read: {told}")
    device, size, used, _free, _percent, place = fields
    sizes = {"size": int(size) * 1024, "used": int(used) * 1024}
    return {"pod": pod.name, "mounted": place == PLACE, "device": device, **sizes}


def run(login: Login, pod: Ref, command: Sequence[str], seconds: float) -> str:
    """Run a command in a pod, and return its output. Raises ClusterProblem with what it says otherwise."""
    query = [*(("command", word) for word in command), ("container", _CONTAINER), ("stdout", "1"), ("stderr", "1")]
    if login.proxy:
        raise ClusterProblem("look_inside: it goes through no proxy; leave it out, or reach the API server directly")
    headers = [f"{name}: {line}" for name, value in login.headers.items() for line in value.split("\n")]
    address = f"ws{login.address.removeprefix('http')}{pod.path}/exec?{urlencode(query)}"
    about: dict[str, Any] = {"context": login.context} if login.context else {}
    if login.server_name:
        about["server_hostname"] = login.server_name
    try:
        talk = websocket.create_connection(
            address, timeout=seconds, header=headers, subprotocols=[_PROTOCOL], sslopt=about, suppress_origin=True,
            http_no_proxy=["*"],
        )  # fmt: skip
    except websocket.WebSocketBadStatusException as problem:
        told = f"the API server answers {problem.status_code} for pods/exec of {pod.name}"
        raise ClusterProblem(f"look_inside: {told}") from None
    except (OSError, websocket.WebSocketException) as problem:
        raise ClusterProblem(f"look_inside: the pod {pod.name} cannot be asked: {type(problem).__name__}") from None
    try:
        return _heard(talk, pod)
    except (OSError, websocket.WebSocketException) as problem:
        raise ClusterProblem(f"look_inside: the pod {pod.name} stopped talking: {type(problem).__name__}") from None
    finally:
        talk.close()


def _heard(talk: Any, pod: Ref) -> str:
    said: dict[int, bytes] = {}
    while _END not in said:
        message = talk.recv()
        if not message:
            break
        content = message.encode() if isinstance(message, str) else message
        said[content[0]] = said.get(content[0], b"") + content[1:]
    output, errors = (said.get(channel, b"").decode(errors="replace") for channel in (_OUTPUT, _ERRORS))
    try:
        end = json.loads(said.get(_END, b"") or "{}")
    except ValueError:
        end = None
    if at(end, "status") != "Success":
        why = errors or str(at(end, "message") or "it ends without a word")
        raise ClusterProblem(f"look_inside: the command in the pod {pod.name} failed: {short(one_line(why))}")
    return output
