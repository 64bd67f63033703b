# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as a person describes it in a few lines: what a snapshot of it would have told.

What is not said is as on a stock host of that engine, and the engine shows what its files say.
"""

from __future__ import annotations

import base64
import copy
import fnmatch
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from ..problems import Problem
from ..resolution.names import DOCKER_HUB
from ..shapes import Each, fits
from .observed import Observed
from .snapshot import from_snapshot
from .watch import Watch

_LISTS = {word: (None, [str]) for word in ("search?", "insecure?", "blocked?", "mirrors?")}
_DOCKER = {
    "version?": (str, float), "shows?": (None, _LISTS), "start?": str, "environment?": str, "unit?": str,
    "running?": int, "stopped?": bool, "live_restore?": bool,
}  # fmt: skip
_SHAPES: dict[str, Any] = {
    "fork": (None, {**_DOCKER, "reads?": [str]}),
    "moby": (None, _DOCKER),
    "podman": (None, {"version?": (str, float), "shows?": (None, dict), "crio?": (None, str, float)}),
    "crio": (None, {"version?": (str, float), "stopped?": bool, "start?": str}),
    "files": (None, Each((None, str))),
    "state": (None, dict),
    "journal": (None, dict),
}

_FORK_START = (
    "/usr/bin/dockerd-current --default-runtime=docker-runc $OPTIONS $DOCKER_STORAGE_OPTIONS $DOCKER_NETWORK_OPTIONS"
)
_FORK_ENVIRONMENT = "".join(
    f"EnvironmentFile=-/etc/sysconfig/{name}\n" for name in ("docker", "docker-storage", "docker-network")
)
_READS = {
    "sysconfig": (_FORK_ENVIRONMENT, " $ADD_REGISTRY $BLOCK_REGISTRY $INSECURE_REGISTRY"),
    "generated": ("EnvironmentFile=-/run/containers/registries.conf\n", " $REGISTRIES"),
}
_CRIO_UNIT = "[Service]\nEnvironmentFile=-/etc/sysconfig/crio\n"
_CRIO_START = "/usr/bin/crio $CRIO_CONFIG_OPTIONS $CRIO_RUNTIME_OPTIONS $CRIO_STORAGE_OPTIONS $CRIO_NETWORK_OPTIONS"
_STOCK_POLICY = '{\n    "default": [\n        {\n            "type": "insecureAcceptAnything"\n        }\n    ]\n}\n'
_LIST_FLAGS = {
    "search": "--add-registry", "blocked": "--block-registry", "insecure": "--insecure-registry",
    "mirrors": "--registry-mirror",
}  # fmt: skip


class ShortHostProblem(Problem):
    """What is wrong with a description of a host."""


#: The lists that an engine would show for its files: (name of the engine, the host) → word → entries.
Shown = Callable[[str, Observed], Mapping[str, Any]]


class ShortHost:
    """One described host, to be looked at as often as a plan likes."""

    def __init__(self, described: Mapping[str, Any], shown_by: Shown) -> None:
        """Raises ShortHostProblem for a description of a wrong shape."""
        if wrong := sorted(str(key) for key in described if key not in _SHAPES):
            raise ShortHostProblem(f"the host has the key '{wrong[0]}'; there are {', '.join(_SHAPES)}")
        for key, shape in _SHAPES.items():
            if not fits(described.get(key), (None, shape)):
                raise ShortHostProblem(f"the host's {key} is not of the shape that is documented")
        self.engines = {name: described[name] or {} for name in ("fork", "moby", "podman", "crio") if name in described}
        if "fork" in self.engines and "moby" in self.engines:
            raise ShortHostProblem("the host has both fork and moby, and docker.service is one of them")
        self._refuse_numbers()
        if beside := self.engines.get("podman", {}).get("crio"):
            self.engines.setdefault("crio", {"version": str(beside)})
        self.files = {path: text for path, text in (described.get("files") or {}).items() if text is not None}
        self.state, self.journal = described.get("state"), described.get("journal")
        self.shown_by = shown_by
        if "podman" in self.engines and not any(path.endswith("/policy.json") for path in self.files):
            self.files["/etc/containers/policy.json"] = _STOCK_POLICY

    def _refuse_numbers(self) -> None:
        """Refuse versions such as 4.1 without quotes: as a number it is the same as 4.10."""
        for name, engine in self.engines.items():
            for key in ("version", "crio"):
                if isinstance(engine.get(key), float):
                    raise ShortHostProblem(
                        f"the host's {name} has the {key} {engine[key]}, a number; write it in quotes, since 4.1 and "
                        "4.10 are the same number"
                    )

    def see(self, watch: Watch) -> Observed:
        """Return the host as a look with this watch finds it."""
        answers = self._still()
        quiet = self._snapshot(watch, answers)
        for name in self.engines:
            answers |= getattr(self, f"_{name}_shows")(quiet, answers)
        return self._snapshot(watch, answers)

    def _snapshot(self, watch: Watch, answers: Mapping[str, str]) -> Observed:
        asked = watch.arguments()
        files = {each["path"]: _bundle() if "form" in each else self._file(each["path"]) for each in asked["files"]}
        directories = {}
        for tree in asked["directories"]:
            entries = self._entries(tree)
            directories[tree["path"]] = _listing(tree, entries)
            files |= {f"{tree['path']}/{name}": self._file(f"{tree['path']}/{name}") for name in entries}
        snapshot: dict[str, Any] = {
            "files": files,
            "directories": directories,
            "commands": {
                name: {"state": "done", "rc": 0, "stdout": text, "stderr": ""} for name, text in answers.items()
            },
        }
        if self.state:
            snapshot["state"] = _described(json.dumps(self.state))
        if self.journal:
            snapshot["journal"] = _journal(self.journal)
        return from_snapshot(snapshot)

    def _file(self, path: str) -> dict[str, Any]:
        return _described(self.files[path]) if path in self.files else {"state": "absent"}

    def _entries(self, tree: Mapping[str, Any]) -> list[str]:
        begin = tree["path"] + "/"
        names = [path[len(begin) :] for path in self.files if path.startswith(begin)]
        return [
            name
            for name in sorted(names)
            if name.count("/") < tree["depth"] and fnmatch.fnmatchcase(name.rpartition("/")[2], tree["pattern"])
        ]

    # what programs say whatever the lists are

    def _still(self) -> dict[str, str]:
        found = {"trust.tools": "openssl\n" + "podman\n" * ("podman" in self.engines), "store.redhat": ""}
        for name, engine in self.engines.items():
            found |= getattr(self, f"_{name}_still")(engine)
        return found

    def _fork_still(self, engine: Mapping[str, Any]) -> dict[str, str]:
        reads = engine.get("reads", ["sysconfig"])
        if wrong := [each for each in reads if each not in _READS]:
            raise ShortHostProblem(f"the host's fork reads '{wrong[0]}'; there are {', '.join(_READS)}")
        environment = _READS["sysconfig"][0] + (_READS["generated"][0] if "generated" in reads else "")
        start = _FORK_START + "".join(_READS[each][1] for each in _READS if each in reads)
        loaded = "loaded" if "generated" in reads else "not-found"
        return {
            **self._docker_still({"start": start, "environment": environment, "version": "1.13.1", **engine}),
            "registries.state": f"LoadState={loaded}\n",
            "dockerd-current.help": "      --add-registry list   Registry to query before a public one\n",
        }

    def _moby_still(self, engine: Mapping[str, Any]) -> dict[str, str]:
        stock = {"start": "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock", "version": "27.3.1"}
        return self._docker_still({"environment": "", **stock, **engine})

    def _docker_still(self, engine: Mapping[str, Any]) -> dict[str, str]:
        environment = engine["environment"]
        written = environment if not environment or environment.endswith("\n") else f"{environment}\n"
        unit = engine.get("unit") or (
            "# /usr/lib/systemd/system/docker.service\n[Unit]\nDescription=Docker Application Container Engine\n\n"
            f"[Service]\nType=notify\n{written}ExecStart={engine['start']}\nExecReload=/bin/kill -s HUP $MAINPID\n"
        )
        state = "inactive" if engine.get("stopped") else "active"
        return {
            "docker.unit": unit,
            "docker.state": f"ActiveState={state}\n",
            "docker.version": f"Docker version {engine['version']}, build 0000000\n",
        }

    def _podman_still(self, engine: Mapping[str, Any]) -> dict[str, str]:
        return {"podman.info": json.dumps({"version": {"Version": str(engine.get("version", "4.9.4"))}})}

    def _crio_still(self, engine: Mapping[str, Any]) -> dict[str, str]:
        state = "inactive" if engine.get("stopped") else "active"
        return {
            "crio.version": f"crio version {engine.get('version', '1.30.2')}\n",
            "crio.state": f"ActiveState={state}\nLoadState=loaded\n",
            "crio.unit": _CRIO_UNIT + f"ExecStart={engine.get('start', _CRIO_START)}\n",
        }

    # what they say of the lists

    def _fork_shows(self, quiet: Observed, answers: Mapping[str, str]) -> dict[str, str]:
        return self._docker_shows("docker-fork", self.engines["fork"], quiet, indent="")

    def _moby_shows(self, quiet: Observed, answers: Mapping[str, str]) -> dict[str, str]:
        return self._docker_shows("docker", self.engines["moby"], quiet, indent=" ")

    def _docker_shows(self, name: str, engine: Mapping[str, Any], quiet: Observed, indent: str) -> dict[str, str]:
        if engine.get("stopped"):
            return {}
        said = {word: items for word, items in (engine.get("shows") or {}).items() if items is not None}
        lists = {**self.shown_by(name, quiet), **said}
        insecure, mirrors = lists.get("insecure", []), lists.get("mirrors", [])
        running = engine.get("running", 0)
        lines = ["Containers: " + str(running), f" Running: {running}", f"{indent}Insecure Registries:"]
        lines += [f"{indent} {each}" for each in [*insecure, "127.0.0.0/8"]]
        lines += [f"{indent}Registry Mirrors:"] * bool(mirrors) + [f"{indent} {each.rstrip('/')}/" for each in mirrors]
        lines += [f"{indent}Live Restore Enabled: {str(engine.get('live_restore', False)).lower()}"]
        words = list(lists.get("flags", ["dockerd"]))
        if name == "docker-fork":
            reached = dict.fromkeys(insecure, "insecure")
            search = [f"{each} ({reached.get(each, 'secure')})" for each in lists.get("search", [DOCKER_HUB])]
            lines += ["Registries: " + ", ".join(search)]
            shown = {"search": [each for each in lists.get("search", []) if each != DOCKER_HUB], **{
                word: lists.get(word, []) for word in ("blocked", "insecure", "mirrors")
            }}  # fmt: skip
            words += [part for word, flag in _LIST_FLAGS.items() for each in shown[word] for part in (flag, each)]
        return {"docker.info": "\n".join(lines) + "\n", "docker.flags": "\n".join(words) + "\n"}

    def _podman_shows(self, quiet: Observed, answers: Mapping[str, str]) -> dict[str, str]:
        shows = self.engines["podman"].get("shows")
        registries = dict(self.shown_by("containers", quiet)) if shows is None else shows
        return {"podman.info": json.dumps(json.loads(answers["podman.info"]) | {"registries": registries})}

    def _crio_shows(self, quiet: Observed, answers: Mapping[str, str]) -> dict[str, str]:
        return {}


def _described(text: str) -> dict[str, Any]:
    data = text.encode()
    return {
        "state": "file", "content": base64.b64encode(data).decode(), "sha256": hashlib.sha256(data).hexdigest(),
        "mode": "0644", "uid": 0, "gid": 0, "link": None, "label": None,
    }  # fmt: skip


def _bundle() -> dict[str, Any]:
    return {"state": "file", "sha256": hashlib.sha256(b"").hexdigest(), "certificates": []}


def _listing(tree: Mapping[str, Any], entries: list[str]) -> dict[str, Any]:
    stock = tree["path"] == "/etc/pki/ca-trust/source/anchors"
    if not entries and not stock:
        return {"state": "absent"}
    if tree["depth"] == 1:
        return {"state": "directory", "entries": entries}
    below = sorted({name.rpartition("/")[0] for name in entries if "/" in name})
    return {"state": "directory", "entries": entries, "directories": below}


def _journal(journal: Mapping[str, Any]) -> dict[str, Any]:
    """Return a journal in which files may be texts and what is empty may be left out."""
    whole = {"id": "interrupted", "started": 0, "directories": [], "files": [], "actions": [], "old": {}}
    whole |= copy.deepcopy(dict(journal))
    old = whole["old"]
    if not isinstance(old, dict):
        raise ShortHostProblem("the host's journal is not of the shape that is documented")
    absent = {"state": "absent"}
    whole["old"] = {
        path: (absent if text is None else _described(text)) if text is None or isinstance(text, str) else text
        for path, text in old.items()
    }
    return whole
