# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts for tests: nodes of the lab as they are after `lab up`, and ansible-playbook with either core."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import random
import re
import secrets
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
LAB = REPOSITORY / "tests/lab/lab"
INVENTORY = REPOSITORY / "inventory/lab/hosts.yml"
CORES = {"2.19": REPOSITORY / ".venv/bin", "2.16": REPOSITORY / ".cache/venv-2.16/bin"}
ON_HOST = Path(__file__).parent / "on_host/usercustomize.py"
AUTH_FILE = REPOSITORY / ".cache/lab/auth.json"

# Where a module can be made to stand still: the functions it calls, in order (see on_host/usercustomize.py).
MOMENTS = {
    "reading": "take run_all",
    "before the commit": "Transaction._lock",
    "journal written": "Transaction.stage",
    "staged": "Transaction.validate",
    "between two renames": "FileChange.replace FileChange.replace",
    "renamed": "Transaction.act",
    "restarting": "Transaction.act Command.running",
    "restarted": "Transaction.check",
    "checking": "Transaction.check Command.running",
    "checked": "Transaction.finish",
    "before the journal goes": "Transaction._end_journal",
}

# Tests of hosts may use the brain, the cases and certificates of its own tests, and the lab's own code.
sys.path[:0] = [str(REPOSITORY / place) for place in (".cache/collections", "tests/unit", "tests/lab")]

from parts.nodes import taken  # noqa: E402
from parts.shell import containers_conf  # noqa: E402

#: Tests whose nodes or programs not every lab has, and what says that they are there: lanes of their own.
LANES = {"test_crio.py": "CRIO", "test_masters_on_hosts.py": "MASTERS", "test_from_3_to_4.py": "WAY"}
collect_ignore = [file for file, lane in LANES.items() if os.environ.get(f"DOCKYARD_{lane}") != "1"]

# Whatever starts podman here, the connection plugin too, runs it as the lab does: the machine's settings may not do.
os.environ["CONTAINERS_CONF"] = containers_conf()

# --- tests side by side ----------------------------------------------------------------------------------------------

#: Files whose tests share something dear, so that one worker gets all of them.
TOGETHER = {"test_real_pulls.py", "test_images_report.py", "test_bad_input.py", "test_standin.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the tests, the same way every time: neighbours want the same node, and would wait for each other."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        alone = [item for item in items if item.path.name not in TOGETHER]
        random.Random(1).shuffle(alone)
        items[:] = [item for item in items if item.path.name in TOGETHER] + alone


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a worker one test after the other, or a whole file of TOGETHER."""
    from xdist.scheduler import LoadScopeScheduling

    class OneByOne(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if Path(file).name in TOGETHER else nodeid

    return OneByOne(config, log)


# --- nodes -----------------------------------------------------------------------------------------------------------


def lab(*arguments: str) -> str:
    done = subprocess.run([str(LAB), *arguments], check=True, text=True, timeout=900, stdout=subprocess.PIPE)
    return done.stdout


class Shell:
    """A shell on a node that stays; `podman exec` for each script would take the longest part of many tests."""

    _running: ClassVar[dict[str, Shell]] = {}

    def __init__(self, node: str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(["podman", "exec", "-i", node, "sh"], stdin=pipe, stdout=pipe)

    @classmethod
    def of(cls, node: str) -> Shell:
        """The shell of this node, another one if the node has been made anew."""
        if node not in cls._running or cls._running[node].process.poll() is not None:
            cls._running[node] = cls(node)
        return cls._running[node]

    def run(self, script: str, data: bytes, timeout: float) -> tuple[int, str]:
        """Run a script with these bytes to read; return its code and output. Raises TimeoutError."""
        mark = secrets.token_hex(8)
        command = f"sh -c {shlex.quote(script)} 2>&1"
        coded = base64.encodebytes(data).decode()
        self.process.stdin.write(f"base64 -d <<'{mark}' | {command}\n{coded}{mark}\necho {mark}$?\n".encode())
        self.process.stdin.flush()
        said = b""
        until = time.monotonic() + timeout
        while not (end := re.search(rb"%s(\d+)\n$" % mark.encode(), said[-30:])):
            if not select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                self.process.kill()
                self.process.wait()
                raise TimeoutError(f"{script!r} took longer than {timeout} s; so far: {said.decode()}")
            chunk = os.read(self.process.stdout.fileno(), 1 << 16)
            assert chunk, f"{script!r}: the node is gone; so far: {said.decode()}"
            said += chunk
        return int(end[1]), said[: -len(end[0])].decode()


@dataclass
class Node:
    """One node of the lab, seen from inside; `core` is the newest ansible-core that still speaks to its Python."""

    name: str
    core: str
    python: str

    def sh(self, script: str, check: bool = True, timeout: float = 120, data: bytes = b"") -> str:
        """Output of a script that may read the data, stdout and stderr together."""
        code, said = Shell.of(self.name).run(script, data, timeout)
        if check and code:
            raise AssertionError(f"{self.name}: {script!r} ended with {code}: {said}")
        return said

    def background(self, script: str) -> subprocess.Popen:
        return subprocess.Popen(
            ["podman", "exec", "-i", self.name, "sh", "-c", script],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def read(self, path: str) -> str:
        return self.sh(f"cat {path}")

    def write(self, path: str, text: str) -> None:
        self.sh(f"mkdir -p $(dirname {path}) && cat > {path}", data=text.encode())

    def stop_at(self, moment: str) -> None:
        """The next module that comes to this moment stands still."""
        self.sh(f"rm -rf /run/moment; mkdir /run/moment; echo '{MOMENTS[moment]}' > /run/moment/wanted")

    def stopped(self) -> int:
        """Wait for it; its process id. Nobody else will be stopped."""
        return int(
            self.sh("until test -s /run/moment/held; do sleep 0.02; done; rm /run/moment/wanted; cat /run/moment/held")
        )

    def go_on(self, script: str = ":", ended: int | None = None) -> None:
        """Run a script while a module stands still, then let it go; wait until the process with this id has ended."""
        wait = f"while kill -0 {ended} 2>/dev/null; do sleep 0.02; done" if ended else ":"
        self.sh(f"{script}; rm -f /run/moment/held; {wait}")

    def leftovers(self) -> str:
        """List what an interrupted transaction leaves behind."""
        return self.sh("ls /var/lib/dockyard/journal* 2>/dev/null; find / -xdev -name '.dockyard-*'; true")

    def lists(self) -> dict[str, list[str]]:
        """The registry lists in force, by the engine's own word."""
        return LISTS[self.name](self)

    def facts(self) -> str:
        """Everything a task may change, for "as it was": paths, modes, owners and contents."""
        places = "/etc/containers /etc/origin /etc/sysconfig /etc/docker /root/.config/containers /var/lib/dockyard"
        # podman makes itself a directory for networks at any command
        found = f"find {places} ! -name lock ! -path /var/lib/dockyard ! -path '/etc/containers/networks*'"
        return self.sh(
            f"{found} -printf '%p %y %m %U %G %l\\n' 2>/dev/null | sort; "
            f"{found} -type f -exec sha256sum {{}} + 2>/dev/null | sort"
        )


def _lists_of_podman(node: Node) -> dict[str, list[str]]:
    found = json.loads(node.sh("podman info --format '{{json .Registries}}' 2>/dev/null"))
    search = found.pop("search", None) or []
    tables = {
        word: sorted(name for name, table in found.items() if table[word.capitalize()])
        for word in ("blocked", "insecure")
    }
    return {"search": search, **tables}


def _lists_of_docker(node: Node) -> dict[str, list[str]]:
    info = node.sh("docker info")
    search = re.search(r"^Registries: (.*)$", info, re.M)
    insecure = re.search(r"^Insecure Registries:\n((?: \S+\n)*)", info, re.M)
    flags = node.sh("tr '\\0' ' ' < /proc/$(systemctl show -p MainPID docker | cut -d= -f2)/cmdline")
    return {
        "search": re.findall(r"(\S+) \(", search[1] if search else ""),
        "blocked": sorted(re.findall(r"--block-registry[= ](\S+)", flags)),
        "insecure": sorted(set((insecure[1] if insecure else "").split()) - {"127.0.0.0/8"}),
    }


def _lists_of_moby(node: Node) -> dict[str, list[str]]:
    info = node.sh("docker info 2>/dev/null")
    titles = {"insecure": "Insecure Registries", "mirrors": "Registry Mirrors"}
    blocks = {word: re.search(rf"^ {title}:\n((?:  \S+\n)*)", info, re.M) for word, title in titles.items()}
    lists = {word: (block[1] if block else "").split() for word, block in blocks.items()}
    return {**lists, "insecure": sorted(set(lists["insecure"]) - {"127.0.0.0/8"})}


LISTS = {"podman1": _lists_of_podman, "py313": _lists_of_podman, "origin1": _lists_of_docker, "moby1": _lists_of_moby}


@dataclass
class Run:
    """One ansible-playbook run."""

    rc: int
    output: str
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """What each task returned, in order."""
        return [line["result"] for line in self.results]

    @property
    def last(self) -> dict[str, Any]:
        return self.results[-1]["result"]

    def of(self, host: str, task: str = "") -> dict[str, Any]:
        """The last result of a host, of the tasks whose name holds this text."""
        found = [line for line in self.results if line["host"] == host and task in line["task"]]
        return found[-1]["result"]


@pytest.fixture(scope="session")
def lab_up() -> None:
    """The whole lab, and beside each node a copy of its files as they are when nothing has been done."""
    if os.environ.get("DOCKYARD_LAB_IS_UP") != "1":
        lab("up")


def _reset(node: Node, stock: bytes) -> None:
    """The files a task may change, as they are in the node's image, and root's credentials as the lab made them."""
    script = (
        "umount /etc/containers/* /etc/containers /var/lib/dockyard 2>/dev/null; "
        "rm -rf /etc/containers/* /root/.config /var/lib/dockyard /usr/local/bin/* /run/moment; tar -C / -xf -"
    )
    node.sh(script, data=stock)


#: Nodes that tests change, and their Python. A test takes them in this order, so that no two wait for each other.
TAKEN = {
    "podman1": "3.11", "origin1": "2.7", "moby1": "3.11", "crio1": "3.11", "master1": "2.7", "master2": "2.7",
    "py313": "3.13",
}  # fmt: skip


@pytest.fixture
def take(lab_up) -> Iterator[Callable[[str], None]]:
    """take(name): until the test ends the node is nobody else's, and modules on it can be stopped."""
    order, mine = list(TAKEN), set()
    with contextlib.ExitStack() as locks:

        def of_this_test(name: str) -> None:
            if name in mine:
                return
            assert all(order.index(name) > order.index(other) for other in mine), f"{name} has to be taken first"
            locks.enter_context(taken(name))
            mine.add(name)
            path = f"/root/.local/lib/python{TAKEN[name]}/site-packages/usercustomize.py"
            Node(name, "", "").write(path, ON_HOST.read_text())

        yield of_this_test


@pytest.fixture(scope="session")
def stock(lab_up) -> Callable[[str], bytes]:
    """stock(name): /etc/containers of a node's image (the node may have been used), and the lab's credentials."""
    script = (
        "umask 077; mkdir -p /root/.config/containers; cat > /root/.config/containers/auth.json; "
        "tar -C / -cf - etc/containers root/.config"
    )

    @functools.cache
    def of(name: str) -> bytes:
        image = _podman("container", "inspect", "--format", "{{.ImageName}}", name).decode().strip()
        run = ("run", "--rm", "-i", "--network", "none", "--entrypoint", "sh", image, "-c", script)
        return _podman(*run, data=AUTH_FILE.read_bytes())

    return of


def _podman(*arguments: str, data: bytes = b"", timeout: float = 60) -> bytes:
    command = ["podman", *arguments]
    return subprocess.run(command, input=data, check=True, timeout=timeout, stdout=subprocess.PIPE).stdout


@pytest.fixture
def with_podman(stock, take) -> Callable[[str], Node]:
    """with_podman(name): this node, as its image has it."""

    def taken_and_reset(name: str) -> Node:
        take(name)
        node = Node(name, "2.19", "/usr/bin/python3")
        _reset(node, stock(name))
        return node

    return taken_and_reset


@pytest.fixture
def podman1(with_podman) -> Node:
    return with_podman("podman1")


@pytest.fixture
def py313(with_podman) -> Node:
    """The node with podman 5, which verifies signatures."""
    return with_podman("py313")


@pytest.fixture
def origin1(take, request) -> Iterator[Node]:
    """The node with Red Hat's docker; the variant (what docker reads) comes from a parameter, else sysconfig."""
    take("origin1")
    node = Node("origin1", "2.16", "/usr/bin/python2.7")
    node.sh(
        "docker ps -qa | xargs -r docker rm -f; rm -rf /var/lib/dockyard /etc/*/.dockyard-* /run/moment", check=False
    )
    lab("variant", "origin1", getattr(request, "param", "sysconfig"))
    yield node
    lab("fault", "origin1", "off")


# A daemon keeps a list whose key is gone from its file, so all start again, without containers and with stock files.
MOBY_STOCK = """
rm -rf /usr/local/bin/* /run/moment
docker ps -qa | xargs -r docker rm -f
rm -rf /etc/docker/daemon.json /etc/default/docker /etc/systemd/system/docker.service.d
rm -rf /var/lib/dockyard /etc/docker/.dockyard-*
systemctl daemon-reload; systemctl reset-failed docker.service; systemctl restart docker.service
docker images -q | sort -u | xargs -r docker rmi -f
"""


@pytest.fixture
def moby1(take) -> Node:
    """The node with upstream's docker; what a test leaves is cleared away by the next one."""
    take("moby1")
    node = Node("moby1", "2.19", "/usr/bin/python3")
    node.sh(MOBY_STOCK)
    return node


@pytest.fixture(scope="session")
def puller(lab_up) -> Iterator[Node]:
    """A podman node of this run alone, without ssh; gone at the end, and with the lab if the run was killed."""
    name = f"puller{os.getpid()}"
    lab("node", name, "podman")
    yield Node(name, "2.19", "/usr/bin/python3")
    _podman("rm", "--force", "--ignore", "--volumes", "--time", "0", name)


# Nothing trusted but what the distribution trusts. To make the system's trust takes half a second, before and after
# every test, so what the first test made is kept for the next ones.
UNTRUSTING = """
rm -rf /etc/docker/certs.d /etc/containers/certs.d /root/.config/containers/certs.d /etc/company
find /etc/pki/ca-trust/source /usr/local/share/ca-certificates ! -type d -delete 2>/dev/null
mkdir -p /etc/docker/certs.d
if command -v update-ca-trust >/dev/null
then update="update-ca-trust extract" made=/etc/pki/ca-trust/extracted
else update="update-ca-certificates --fresh" made=/etc/ssl/certs
fi
if test -e /run/stock-trust.tar
then find $made -mindepth 1 -delete; tar -C / -xf /run/stock-trust.tar
else $update >/dev/null && tar -C / -cf /run/stock-trust.tar ${made#/}
fi
"""
# A daemon reads the system's trust when it starts.
RESTART = """
if systemctl cat docker.service >/dev/null 2>&1; then
  systemctl reset-failed docker.service; systemctl restart docker.service
fi
"""


@pytest.fixture
def untrusting(request, take) -> Iterator[Callable[[str], Node]]:
    """untrusting(name): this node, as the others here, and without any certificate of registries."""
    ready: set[str] = set()

    def node(name: str) -> Node:
        take(name)
        Node(name, "", "").sh(UNTRUSTING)
        again = name in ready
        ready.add(name)
        found = request.getfixturevalue(name)  # the first time, this starts its daemon anew
        if again:
            found.sh(RESTART)
        return found

    yield node
    for name in ready:  # other tests begin with pulls that are refused
        Node(name, "", "").sh(UNTRUSTING)


@dataclass
class Started:
    """A run under way, and where its callback notes results."""

    process: subprocess.Popen
    results: Path


@dataclass
class Controller:
    """Runs playbooks against nodes; every run notes what its tasks returned."""

    scratch: Path
    sockets: str
    count: int = 0

    def task(self, node: Node, task: str, options: dict[str, Any] | None = None, *flags: str, **more: Any) -> Run:
        """One task of the collection on one node."""
        return self.ended(self.begin(node, options or {}, *flags, task=task, **more))

    def tasks(self, node: Node, *options: dict[str, Any], **more: Any) -> Run:
        """container_registries several times in one run, which goes on whatever happens."""
        return self.ended(self.begin(node, *options, **more))

    def begin(
        self, node: Node, *steps: dict[str, Any] | str, task: str = "container_registries", **more: Any
    ) -> Started:
        """Start a run with one task for each of these options; texts among them are flags."""
        several = sum(isinstance(step, dict) for step in steps) > 1
        play = {
            "hosts": node.name,
            "gather_facts": False,
            "ignore_errors": several,
            "ignore_unreachable": several,
            "vars": {"ansible_python_interpreter": node.python} | more.pop("variables", {}),
            "tasks": [{f"dockyard.openshift.{task}": step} for step in steps if isinstance(step, dict)],
        }
        path = self.scratch / f"play{self.count}.yml"
        path.write_text(yaml.safe_dump([play]))
        flags = [step for step in steps if isinstance(step, str)]
        return self.start(path, *flags, core=more.pop("core", node.core), **more)

    def playbook(self, path: Path | str, *flags: str, **more: Any) -> Run:
        return self.ended(self.start(path, *flags, **more))

    @staticmethod
    def ended(started: Started) -> Run:
        output, _ = started.process.communicate(timeout=300)
        lines = [json.loads(line) for line in started.results.read_text().splitlines()]
        return Run(started.process.returncode, output, lines)

    def start(
        self,
        path: Path | str,
        *flags: str,
        core: str = "2.19",
        inventory: Path = INVENTORY,
        environment: dict | None = None,
    ) -> Started:
        self.count += 1
        results = self.scratch / f"results{self.count}"
        results.touch()
        variables = {
            **os.environ,
            "PATH": f"{CORES[core]}:{os.environ['PATH']}",
            "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".cache/collections"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(self.scratch / "home"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": self.sockets,
            "DOCKYARD_RESULTS": str(results),
            **(environment or {}),
        }
        process = subprocess.Popen(
            ["ansible-playbook", "-i", str(inventory), str(path), *flags],
            cwd=REPOSITORY, env=variables, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return Started(process, results)

    def cut_connections(self) -> None:
        """kill -9 of every ssh process of this controller's runs, the shared connections among them."""
        for number in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):  # it may end at any moment
                words = Path("/proc", number, "cmdline").read_bytes()
                if words.startswith(b"ssh") and self.sockets.encode() in words:
                    os.kill(int(number), signal.SIGKILL)


@pytest.fixture
def controller(tmp_path) -> Iterator[Controller]:
    """With connections of its own, so that cutting them hurts nobody else."""
    with tempfile.TemporaryDirectory(prefix="cp-") as sockets:  # a socket's path must be short
        controller = Controller(tmp_path, sockets)
        yield controller
        controller.cut_connections()
