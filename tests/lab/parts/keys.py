# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, certificates and passwords of the lab: made once per cache, random, readable by their owner only."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from pathlib import Path

from .config import CACHE, NODES, PRIVATE_PORT, REGISTRIES, REGISTRY_ADDRESS, TLS_NAMES
from .shell import run, write_secret

SSH_KEY = CACHE / "ssh" / "id_ed25519"
KNOWN_HOSTS = CACHE / "ssh" / "known_hosts"
CA = CACHE / "ca" / "ca.crt"
CREDENTIALS = CACHE / "credentials"
HTPASSWD = CACHE / "htpasswd"
AUTH_FILE = CACHE / "auth.json"

_subject_names = ",".join(["DNS:" + name for name in TLS_NAMES] + ["IP:" + REGISTRY_ADDRESS])
SERVER = CACHE / "ca" / (f"registry-{hashlib.sha256(_subject_names.encode()).hexdigest()[:8]}.crt")


def ensure() -> None:
    """Make what is missing below the cache."""
    _ssh_key(SSH_KEY, "dockyard-lab")
    reachable = {name: node for name, node in NODES.items() if node.get("ssh", True)}
    for name in reachable:
        _ssh_key(host_key(name), name)
    # both by name and by address: people type either
    lines = ["{},{} {}".format(name, node["address"], public(host_key(name))) for name, node in reachable.items()]
    # whole at any time: a playbook may be reading it while another node is made anew
    write_secret(KNOWN_HOSTS, "\n".join([*lines, ""]).encode())
    _certificate(CA, "/CN=dockyard lab CA", "-addext", "basicConstraints=critical,CA:TRUE")
    _certificate(SERVER, "/CN=" + TLS_NAMES[0], "-CA", str(CA), "-CAkey", str(CA.with_suffix(".key")),
                 "-addext", "subjectAltName=" + _subject_names, "-addext", "basicConstraints=CA:FALSE")
    _password()


def host_key(node: str) -> Path:
    """The node's ssh host key; kept here so that a rebuilt node is the same host."""
    return CACHE / "ssh" / (node + "_host_ed25519")


def public(key: Path) -> str:
    """Type and key, without the comment."""
    return " ".join(key.with_name(key.name + ".pub").read_text().split()[:2])


def _ssh_key(path: Path, comment: str) -> None:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))


def _certificate(path: Path, subject: str, *more: str) -> None:
    key = path.with_suffix(".key")
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "3650",
        "-subj", subject, "-keyout", str(key), "-out", str(partial), *more)
    partial.rename(path)


def _password() -> None:
    if AUTH_FILE.exists():
        return
    user, password = REGISTRIES["private"]["user"], secrets.token_urlsafe(18)
    # by stdin: an argument would be in the process list
    line = run("htpasswd", "-B", "-i", "-n", user, data=password.encode()).stdout
    write_secret(HTPASSWD, line.strip() + b"\n")
    write_secret(CREDENTIALS, f"{user}:{password}\n".encode())
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    hosts = [f"{name}:{PRIVATE_PORT}" for name in (TLS_NAMES[0], REGISTRY_ADDRESS)] + [TLS_NAMES[0]]
    write_secret(AUTH_FILE, json.dumps({"auths": {host: {"auth": auth} for host in hosts}}, indent=2).encode())
