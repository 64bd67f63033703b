#!/usr/bin/env python3
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run without a change costs, beside a ping and beside a task per setting. Needs the lab's machine (root).

The hosts are one podman node of the lab with an sshd port for each: real ssh, a real engine, and the CPU of both ends
is this machine's. All kinds of work take turns in every round, so that a busy minute hits all of them; medians count.
A run counts only when it changed nothing anywhere. Bytes are what Ansible hands to ssh and reads back, for one host.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CACHE = REPOSITORY / ".cache/bench"
RESULTS = REPOSITORY / "bench/results.json"
NODE = "dockyard-bench-hosts"
FIRST_PORT = 2201
PORTS_OF_AN_SSHD = 16  # sshd's own limit
STOCK = "/root/stock.tar"
# one authority, as a company has it, for all registries
AUTHORITY = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=bench "
    "-addext basicConstraints=critical,CA:TRUE -keyout /dev/null -out /root/ca.crt 2>/dev/null"
)
# the lab's nodes trust a fifth of what the distribution trusts; what a host reads of its trust is to cost what it costs
ALL_AUTHORITIES = "sed -i 's/^!//' /etc/ca-certificates.conf && update-ca-certificates --fresh >/dev/null"
QUERY = "podman info --format json"


@dataclass
class Work:
    """One line of the table. goal: how many pings it may cost, the engine's answer apart."""

    name: str
    play: str
    registries: int = 0
    variables: dict[str, str] = field(default_factory=dict)
    goal: float = 0.0
    runs: list[dict[str, float]] = field(default_factory=list)
    traffic: dict[str, int] = field(default_factory=dict)

    def median(self, what: str) -> float:
        return statistics.median(run[what] for run in self.runs)


PING = Work("ping", "ping")
NOTHING = Work("raw true", "raw", variables={"bench_command": "true"})
GOALS = {1: 1.3, 20: 1.3, 500: 1.6}
# the more registries an engine has, the longer is its answer
ENGINES = {
    count: Work(f"raw podman info, registries: {count}", "raw", count, {"bench_command": QUERY}) for count in GOALS
}
ROLES = [Work(f"role, registries: {count}", "role", count, goal=goal) for count, goal in GOALS.items()]
TRUST = Work("task, trusted registries: 40", "trust", 40, goal=1.6)
TASKS = Work("task per setting, registries: 20", "tasks", 20)
ALL = [PING, *ROLES, TRUST, TASKS, NOTHING, *ENGINES.values()]


def main() -> int:
    options = arguments()
    hosts = [f"bench{number:02}" for number in range(1, options.hosts + 1)]
    lab("down", NODE)
    try:
        environment = up(hosts)
        warm_up(hosts, options, environment)
        for number in range(options.rounds):
            for work in ALL:
                prepare(work, hosts[0], environment)
                work.runs.append(measure(work, options, environment))
                print(f"round {number + 1}: {work.name}: {work.runs[-1]['wall']:.1f} s", file=sys.stderr, flush=True)
    finally:
        lab("down", NODE)
    results = summary(options)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("\n".join(table(results)))
    return int(options.strict and not all(goal["met"] for goal in results["goals"]))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--forks", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--strict", action="store_true", help="end with 1 when a goal is not met")
    return parser.parse_args()


# The hosts


def up(hosts: list[str]) -> dict[str, str]:
    """The node, an sshd port for each host, an inventory for each number of registries; the environment for Ansible."""
    CACHE.mkdir(parents=True, exist_ok=True)
    lab("node", NODE, "podman")
    key = CACHE / "key"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    node(
        # the distribution's own sshd, which has no keys here, would take /run/sshd away whenever it fails
        "systemctl mask --quiet --now ssh.service && mkdir -p /root/.ssh /run/sshd && "
        "cat > /root/.ssh/authorized_keys && ssh-keygen -q -t ed25519 -N '' -f /root/host_key && "
        f"tar -C / -cf {STOCK} etc/containers && {AUTHORITY} && {ALL_AUTHORITIES}",
        key.with_suffix(".pub").read_text(),
    )
    ports = [FIRST_PORT + number for number in range(len(hosts))]
    for first in range(0, len(ports), PORTS_OF_AN_SSHD):
        flags = " ".join(f"-p {port}" for port in ports[first : first + PORTS_OF_AN_SSHD])
        node(
            "/usr/sbin/sshd -f /dev/null -h /root/host_key -o AddressFamily=inet -o UsePAM=no -o UseDNS=no "
            "-o Subsystem='sftp internal-sftp' -o StrictModes=no -o PidFile=none -o MaxStartups=500:30:1000 "
            f"-o MaxSessions=500 {flags}"
        )
    address = inspected("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
    known = node("cat /root/host_key.pub").split()[:2]
    (CACHE / "known_hosts").write_text("".join(f"[{address}]:{port} {' '.join(known)}\n" for port in ports))
    (CACHE / "ca.crt").write_text(node("cat /root/ca.crt"))
    for count in sorted({work.registries for work in ALL}):
        inventory(count).write_text(json.dumps(inventory_of(hosts, ports, address, count)))
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".cache/collections"),
        "ANSIBLE_HOME": str(CACHE / "home"),
        # connections of an earlier node must not be taken for this one's
        "ANSIBLE_SSH_CONTROL_PATH_DIR": tempfile.mkdtemp(prefix="bench-"),
        "ANSIBLE_NOCOLOR": "1",
        "PATH": f"{REPOSITORY / '.venv/bin'}:{os.environ['PATH']}",
    }


def inventory(count: int) -> Path:
    return CACHE / f"hosts-{count}.json"


def inventory_of(hosts: list[str], ports: list[int], address: str, count: int) -> dict[str, Any]:
    variables = {
        "ansible_host": address,
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": str(CACHE / "key"),
        "ansible_ssh_common_args": f"""-o 'UserKnownHostsFile="{CACHE / 'known_hosts'}"' -o IdentitiesOnly=yes""",
        "ansible_ssh_args": "-C -o ControlMaster=auto -o ControlPersist=900s",
        "bench_trust": [
            {"registry": f"registry{number}.example.com:5000", "ca_file": str(CACHE / "ca.crt")}
            for number in range(min(count, TRUST.registries))
        ],
        "registry_policy": {"insecure": [f"registry{number}.example.com:5000" for number in range(count)]},
    }
    members = {host: {"ansible_port": port} for host, port in zip(hosts, ports, strict=True)}
    return {"bench": {"hosts": members, "vars": variables}}


def lab(*words: str) -> None:
    subprocess.run([REPOSITORY / "tests/lab/lab", *words], check=True, stdout=subprocess.DEVNULL)


def node(script: str, data: str = "") -> str:
    command = ["podman", "exec", "-i", NODE, "sh", "-c", script]
    return subprocess.run(command, input=data, text=True, check=True, stdout=subprocess.PIPE).stdout


def inspected(template: str) -> str:
    command = ["podman", "container", "inspect", NODE, "--format", template]
    return subprocess.run(command, text=True, check=True, stdout=subprocess.PIPE).stdout.strip()


def seconds_of_node() -> float:
    """CPU seconds that all processes of the node have used, from its control group."""
    roots = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
    root = next(root for root in roots if root.is_dir())
    statistics_of_group = root / inspected("{{.State.CgroupPath}}").lstrip("/") / "cpu.stat"
    return int(re.findall(r"usage_usec (\d+)", statistics_of_group.read_text())[0]) / 1e6


# The work


def command(work: Work, *more: str) -> list[str]:
    variables = [word for name, value in work.variables.items() for word in ("-e", json.dumps({name: value}))]
    play = HERE / f"plays/{work.play}.yml"
    return ["ansible-playbook", "-i", str(inventory(work.registries)), str(play), *variables, *more]


def warm_up(hosts: list[str], options: argparse.Namespace, environment: dict[str, str]) -> None:
    """Every connection stands, every file is in memory; and what each kind of work sends to one host is counted."""
    measure(PING, options, environment)
    for work in ALL:
        prepare(work, hosts[0], environment)
        log = CACHE / "calls"
        log.write_text("")
        counting = {**environment, "ANSIBLE_SSH_EXECUTABLE": str(HERE / "counting-ssh"), "BENCH_CALLS": str(log)}
        checked(subprocess.run(command(work, "-l", hosts[0]), env=counting, text=True, stdout=subprocess.PIPE))
        # Ansible also asks the ssh program about its abilities, on no port
        calls = [line.split() for line in log.read_text().splitlines() if line.startswith(f"{FIRST_PORT} ")]
        sent, received = (sum(int(call[column]) for call in calls) for column in (1, 2))
        work.traffic = {"calls": len(calls), "sent": sent, "received": received}


def prepare(work: Work, host: str, environment: dict[str, str]) -> None:
    """The node as it is when this work was done before (to ask an engine: the role's): all hosts share its files."""
    if work.registries:
        node(f"rm -rf /etc/containers /var/lib/dockyard /usr/local/share/ca-certificates/* && tar -C / -xf {STOCK}")
        before = ROLES[0] if work.play == "raw" else work
        done = subprocess.run(
            command(replace(before, registries=work.registries), "-l", host), env=environment, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        if done.returncode:
            sys.exit(done.stdout[-4000:])


def measure(work: Work, options: argparse.Namespace, environment: dict[str, str]) -> dict[str, float]:
    """One run on all hosts: seconds by the clock, and of CPU on either end."""
    of_hosts, of_controller, start = seconds_of_node(), seconds_of_children(), time.monotonic()
    done = subprocess.run(
        command(work, "--forks", str(options.forks)), env=environment, text=True, stdout=subprocess.PIPE
    )
    wall, of_controller = time.monotonic() - start, seconds_of_children() - of_controller
    checked(done)
    return {"wall": wall, "controller": of_controller, "hosts": seconds_of_node() - of_hosts}


def seconds_of_children() -> float:
    used = os.times()
    return used.children_user + used.children_system


def checked(done: subprocess.CompletedProcess[str]) -> None:
    """A run that failed or changed something measures something else."""
    if done.returncode or re.search(r"changed=[1-9]", done.stdout):
        sys.exit(f"{' '.join(done.args)} failed or changed something:\n{done.stdout[-4000:]}")


# What is said about it


def summary(options: argparse.Namespace) -> dict[str, Any]:
    measures = ("wall", "controller", "hosts")
    engine = {
        count: {what: work.median(what) - NOTHING.median(what) for what in measures} for count, work in ENGINES.items()
    }
    goals = []
    for work in (*ROLES, TRUST):
        # certificates are in files, no engine is asked
        query = 0.0 if work is TRUST else engine[work.registries]["wall"]
        limit = work.goal * PING.median("wall") + query
        took = work.median("wall")
        goals.append({
            "work": work.name, "pings": work.goal, "limit": round(limit, 2), "wall": round(took, 2),
            "pings_without_query": round((took - query) / PING.median("wall"), 2), "met": took <= limit,
        })  # fmt: skip
    core = subprocess.run(
        [REPOSITORY / ".venv/bin/ansible", "--version"], text=True, check=True, stdout=subprocess.PIPE
    ).stdout.split("]")[0].split()[-1]  # fmt: skip
    return {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "ansible-core": core},
        "hosts": options.hosts, "forks": options.forks, "rounds": options.rounds,
        "work": [
            {"name": work.name, **{what: round(work.median(what), 2) for what in measures},
             "walls": [round(run["wall"], 2) for run in work.runs], **work.traffic}
            for work in ALL
        ],
        "engine_query": {
            str(count): {what: round(value, 2) for what, value in found.items()} for count, found in engine.items()
        },
        "goals": goals,
    }  # fmt: skip


def table(results: dict[str, Any]) -> Iterable[str]:
    yield (
        f"{results['hosts']} hosts over ssh, {results['forks']} forks, medians of {results['rounds']} alternating runs;"
        " calls and bytes of one host"
    )
    row = "{:33}{:>8}{:>8}{:>12}{:>8}{:>7}{:>10}{:>10}"
    yield row.format("", "wall s", "pings", "controller", "hosts", "calls", "sent", "received")
    ping = results["work"][0]["wall"]
    for work in results["work"]:
        numbers = [f"{work[what]:.1f}" for what in ("wall", "controller", "hosts")]
        numbers.insert(1, f"{work['wall'] / ping:.2f}")
        yield row.format(work["name"], *numbers, work["calls"], work["sent"], work["received"])
    for count, found in results["engine_query"].items():
        yield f"the engine's own answer with {count} registries: {found['wall']:.1f} s (podman info less true)"
    for goal in results["goals"]:
        verdict = "met" if goal["met"] else "NOT met"
        yield (
            f"{goal['work']}: {goal['pings_without_query']:.2f} pings and the engine's answer; "
            f"goal {goal['pings']}: {verdict}"
        )


if __name__ == "__main__":
    sys.exit(main())
