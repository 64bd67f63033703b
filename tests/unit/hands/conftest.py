# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host made of a scratch directory, on which the real module files run under Python 3 and Python 2.7."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ansible
import pytest
from sentences import hear

REPOSITORY = Path(__file__).parents[3]
FORGE = Path(__file__).with_name("forge.py")


def python27() -> str | None:
    """An interpreter of Python 2.7 on this machine."""
    ours = REPOSITORY / ".cache/python2.7/bin"  # tests/tools/python27
    return shutil.which("python2.7", path=f"{ours}:/usr/bin")


def ansible216() -> str | None:
    """Find the last ansible-core that Python 2.7 understands."""
    found = sorted(REPOSITORY.glob(".cache/venv-2.16/lib/python3*/site-packages/ansible"))
    return str(found[0].parent) if found else None


INTERPRETERS = {
    "python3": (sys.executable, str(Path(ansible.__path__[0]).parent)),
    "python2.7": (python27(), ansible216()),
}


class Hands:
    """The modules under one Python; see forge.py."""

    def __init__(self, python: str, packages: str, checkout: Path = REPOSITORY) -> None:
        self.process = subprocess.Popen(
            [python, str(FORGE), str(checkout)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"})
        assert self.process.stdout.readline() == "ready\n"

    def run(self, module: str, arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
        self.process.stdin.write(json.dumps({"module": module, "arguments": arguments, **more}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        hear(answer)
        return answer

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture(scope="session", params=INTERPRETERS)
def make_hands(request: pytest.FixtureRequest) -> Any:
    """Starts Hands under one of the Pythons."""
    python, packages = INTERPRETERS[request.param]
    if not (python and packages):
        pytest.skip(f"{request.param} or an ansible-core for it is not installed: `make environment`")
    return lambda: Hands(python, packages)


@pytest.fixture(scope="session")
def hands(make_hands: Any) -> Iterator[Hands]:
    started = make_hands()
    yield started
    started.close()


class Host:
    """A scratch directory as a host. Paths in cases are relative to it; {d} in a case stands for it."""

    def __init__(self, hands: Hands, directory: Path) -> None:
        self.hands = hands
        self.directory = directory
        self.root = directory / "root"
        self.state = directory / "state"
        self.root.mkdir()

    def sh(self, script: str) -> None:
        subprocess.run(["sh", "-euc", script], cwd=self.root, check=True, timeout=30)

    def fill(self, value: Any) -> Any:
        """A value of a case with {d} replaced, at any depth."""
        return json.loads(json.dumps(value).replace("{d}", str(self.root)))

    def arguments(self, case: dict[str, Any]) -> dict[str, Any]:
        """Arguments of host_transaction: in a case, `before` and `content` of a file are plain text."""
        case = self.fill(case)
        files, payload = [], {}
        for entry in case.pop("files", []):
            path = os.path.join(self.root, entry.pop("path"))
            content, before = entry.pop("content", None), entry.pop("before")
            if "way_back" in entry:
                payload[f"way_back:{path}"] = base64.b64encode(entry["way_back"].encode()).decode()
                entry["way_back"] = True
            if content is not None:
                payload[path] = base64.b64encode(content.encode()).decode()
            files.append({**entry, "path": path, "before": before and hashlib.sha256(before.encode()).hexdigest()
                          or "absent"})
        packed = base64.b64encode(json.dumps(payload).encode()).decode()
        return {"files": files, "payload": packed, "state_directory": str(self.state), **case}

    def transaction(self, case: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.hands.run("host_transaction", self.arguments(case), **more)

    def snapshot(self, case: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        arguments = {"state_directory": str(self.state), **self.fill(case or {})}
        outcome = self.hands.run("host_snapshot", arguments, **more)
        assert outcome["rc"] == 0, outcome
        return json.loads(base64.b64decode(outcome["result"]["snapshot"]))

    def recover(self) -> dict[str, Any]:
        """Undo what a found journal says, as the next run of a person does first."""
        journal = self.snapshot()["journal"]
        return self.transaction({"recover": journal and journal["id"]})

    def tree(self) -> dict[str, tuple[Any, ...]]:
        """Everything below the root: kind and mode, owner, group, content."""
        return {str(path.relative_to(self.root)): self._look(path) for path in sorted(self.root.rglob("*"))}

    def _look(self, path: Path) -> tuple[Any, ...]:
        about = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_text() if path.is_file() else None
        return (stat.filemode(about.st_mode), about.st_uid, about.st_gid, content)

    def leftovers(self) -> list[str]:
        """List the state directory without its lock."""
        return [path.name for path in self.state.glob("*") if path.name not in ("lock", "last.json")]


@pytest.fixture
def host(hands: Hands, tmp_path: Path) -> Host:
    return Host(hands, tmp_path)


def report_of(outcome: dict[str, Any]) -> list[dict[str, Any]]:
    return json.loads(base64.b64decode(outcome["result"]["report"]))
