# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for tests of trust: what a snapshot would have told of them, and what a commit makes of it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType, SimpleNamespace
from typing import Any

from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import Observed
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.snapshot import from_snapshot
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import Applying, Drafter
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.proposal import propose as propose_drafts
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.certificates import certificates_in
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.trust import Trust
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution import certificate_directories
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import drafts, restore, stores
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust.archive import Archive
from hosts import commit, contents

from trust.pki import text

PLACES = (*certificate_directories.PLACES, *(store.anchors for store in stores.STORES))
STORES = {store.family: store for store in stores.STORES}
NOTHING = {"state": "done", "rc": 1, "stdout": "", "stderr": ""}
CLOCK = 1_800_000_000


def described(content: str, mode: str = "0644", link: str | None = None) -> dict:
    data = content.encode()
    return {
        "state": "file", "content": base64.b64encode(data).decode(), "sha256": hashlib.sha256(data).hexdigest(),
        "mode": mode, "uid": 0, "gid": 0, "link": link, "mount": False, "label": None,
    }  # fmt: skip


def listing(place: str, files: dict, directories: list[str], family: str) -> dict:
    inside = [path[len(place) + 1 :] for path in (*files, *directories) if path.startswith(place + "/")]
    if not inside and place != getattr(STORES.get(family), "anchors", "") and place not in directories:
        return {"state": "absent"}
    entries = sorted(path[len(place) + 1 :] for path in files if path.startswith(place + "/"))
    below = {name if f"{place}/{name}" in directories else name.partition("/")[0] for name in inside if "/" in name}
    below |= {name for name in inside if f"{place}/{name}" in directories}
    return {"state": "directory", "entries": entries, "directories": sorted(below)}


def world(case: dict, files: dict[str, dict] | None = None) -> Observed:
    """The host of a case, whose keys plan.yml explains."""
    family = case.get("family", "redhat")
    files = {path: described(text(value)) for path, value in case.get("files", {}).items()} if files is None else files
    for path, target in case.get("links", {}).items():
        files[path] = described("theirs", link=target)
    for path, target in case.get("dangling", {}).items():
        files[path] = {"state": "failed", "reason": f"dangling symbolic link to {target}", "link": target}
    store, answers = STORES.get(family), {}
    if store and case.get("tool", True):
        answers[f"store.{family}"] = ""
    if "docker" in case:
        state = "active" if case.get("running", True) else "inactive"
        speaks = f" Running: {case.get('busy', 0)}\nInsecure Registries:\n 127.0.0.0/8\n"
        answers |= {
            "docker.unit": "[Service]\nExecStart=/usr/bin/dockerd-current $OPTIONS\n",
            "docker.state": f"ActiveState={state}\n",
            "docker.version": f"Docker version {case['docker']}, build x\n",
            "docker.info": "" if case.get("sick") else speaks,
        }
    tools = [tool for tool in ("podman", "openssl") if case.get(tool, tool == "openssl")]
    if "crio" in case:
        answers["crio.state"] = f"LoadState=loaded\nActiveState={case['crio']}\n"
    started = CLOCK + case.get("started", -1000)
    if "masters" in case:
        tools.append("master-of-openshift-3")
        answers |= masters(case["masters"], started)
    answers["trust.tools"] = "\n".join(tools)
    for daemon in ("docker", "crio"):
        answers[f"{daemon}.started"] = f"started {(started - 1000) * 100}\nbtime 1000\nticks 100\n"
    fingerprints = [c.fingerprint for name in case.get("effective", []) for c in certificates_in(text(name).encode())]
    if store:
        bundle = described("".join(map(text, case.get("effective", []))))
        files = files | {store.bundle: {**bundle, "certificates": fingerprints}}
    record = {"version": 1, "registry_trust": case["record"]} if "record" in case else None
    return from_snapshot(
        {
            "files": {path: about for path, about in files.items() if about["state"] != "absent"},
            "directories": {
                place: listing(place, _real(files), case.get("directories", []), family) for place in PLACES
            },
            "commands": {
                name: {"state": "done", "rc": 0, "stdout": said, "stderr": ""} for name, said in answers.items()
            }
            | ({} if case.get("tool", True) else {"store.redhat": NOTHING}),
            "time": CLOCK,
            **({"state": described(json.dumps(record))} if record else {}),
            **case.get("more", {}),
        }
    )  # fmt: skip


def masters(running: list[str], started: int) -> dict[str, str]:
    """Answer as a master of OpenShift 3 does on which these units run, or these files of static pods are."""
    units = "\n\n".join(f"Id={unit}.service\nLoadState=loaded\nActiveState=active" for unit in running)
    ticks = (started - 1000) * 100
    return {
        "masters.state": units, "masters.pods": "\n".join(each for each in running if each.endswith(".yaml")),
        "masters.started": f"started {ticks}\nlatest {ticks}\nbtime 1000\nticks 100\n",
        "masters.address": "0.0.0.0:8443\n",
    }  # fmt: skip


def _real(files: dict) -> dict:
    return {path: about for path, about in files.items() if "certificates" not in about}


def propose(host: Observed, trust: Trust, options: Mapping[str, Any] = MappingProxyType({})) -> SimpleNamespace:
    """Propose (plan, options of host_transaction) for the word trust, brought to the host in this way."""
    said = drafts.Said(trust, **options)
    return _proposed(host, drafts.drafts(said), said.activation)


def restore_of(host: Observed, archive: Archive, options: Mapping[str, Any] = MappingProxyType({})) -> SimpleNamespace:
    """The same for an archive that is put back."""
    said = restore.Said(archive, **options)
    return _proposed(host, [partial(restore.draft, said)], said.activation)


def _proposed(host: Observed, drafters: list[Drafter], activation: str) -> SimpleNamespace:
    proposal = propose_drafts(host, drafters, Applying(activation))
    return SimpleNamespace(plan=proposal.plan, commit=commit(proposal))


def after(case: dict, host: Observed, commit: dict) -> dict:
    """The case as it is once its commit is through: files, directories, record, and what the store's command did."""
    files = {path: dict(about) for path, about in host.files.items() if "certificates" not in about}
    written = contents(commit)
    for file in commit["files"]:
        if file["state"] == "absent":
            files.pop(file["path"])
        else:
            files[file["path"]] = described(written[file["path"]], file.get("mode", "0644"))
    state = json.loads(base64.b64decode(files.pop("/var/lib/dockyard/state.json").get("content", "e30=")))
    effective = case.get("effective", [])
    if any("trust" in " ".join(action["argv"]) or "certif" in " ".join(action["argv"]) for action in commit["actions"]):
        anchors = STORES[case.get("family", "redhat")].anchors
        effective = [
            base64.b64decode(about["content"]).decode() for path, about in files.items() if path.startswith(anchors)
        ] + case.get("distribution", [])
    emptied = commit.get("remove_empty", [])
    directories = [path for path in case.get("directories", []) if path not in emptied]
    directories += [path.rpartition("/")[0] for path in files if "/certs.d/" in path]
    restarted = any("restart" in action["name"] for action in commit["actions"])
    return {
        **{key: value for key, value in case.items() if key not in ("files", "links", "record")},
        "effective": effective, "directories": directories, "started": 5 if restarted else case.get("started", -1000),
        **({"record": state["registry_trust"]} if "registry_trust" in state else {}),
        "described": {path: about for path, about in files.items() if about["state"] == "file"},
    }  # fmt: skip


def world_after(case: dict, host: Observed, commit: dict) -> tuple[dict, Observed]:
    later = after(case, host, commit)
    return later, world(later, later["described"])
