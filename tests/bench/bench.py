#!/usr/bin/env python3
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run without a change costs, beside a ping and beside a task per setting. Needs the lab's machine (root).

The hosts are one podman node of the lab with an sshd port for each: real ssh, a real engine, and the CPU of both ends
is this machine's. All kinds of work take turns in every round, so that a busy minute hits all of them; medians count.
A run counts only when it changed nothing anywhere. Bytes are what Ansible hands to ssh and reads back, for one host.
With --base REVISION the same work is done by that revision of the collection too, in the same rounds, and docker's
starts are counted on a node of RHEL 7's docker that gets a list and a certificate in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
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
OLD_COLLECTION = CACHE / "base/ansible_collections/dockyard/openshift"
COUNTING = '[Service]\nExecStartPre=/bin/sh -c "echo >> /run/starts"\n'
COUNT_STARTS = (
    "rm -f /run/starts && mkdir -p /run/systemd/system/docker.service.d && "
    "cat > /run/systemd/system/docker.service.d/count.conf && systemctl daemon-reload"
)


@dataclass
class Work:
    """One line of the table. goal: how many pings it may cost, the engine's answer apart; base: by the old revision."""

    name: str
    play: str
    registries: int = 0
    variables: dict[str, Any] = field(default_factory=dict)
    goal: float = 0.0
    base: str = ""
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
BOTH = Work(
    "role, registries and certificates: 40", "role", 40,
    {"docker_registries_trust": "{{ bench_trust }}", "docker_registries_trust_verify": "store"},
)  # fmt: skip
TASKS = Work("task per setting, registries: 20", "tasks", 20)
ALL = [PING, *ROLES, TRUST, BOTH, TASKS, NOTHING, *ENGINES.values()]
#: What is done by a base too, and the part of the base's time that it may take: 5 % are noise, one look replaces two.
AGAINST_BASE = {work.name: 1.05 for work in (*ROLES, TRUST)} | {BOTH.name: 0.95}


def main() -> int:
    options = arguments()
    hosts = [f"bench{number:02}" for number in range(1, options.hosts + 1)]
    if options.base:
        unpack_base(options.base)
        ALL.extend(replace(work, base=options.base, runs=[]) for work in list(ALL) if work.name in AGAINST_BASE)
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
    starts = docker_starts(environment, options.base) if options.base else {}
    results = summary(options) | ({"base": comparison(options.base, starts)} if options.base else {})
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("\n".join(table(results)))
    goals = [*results["goals"], *results.get("base", {}).get("goals", [])]
    return int(options.strict and not all(goal["met"] for goal in goals))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--forks", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--base", default="", metavar="REVISION", help="do the same by this revision too, and compare")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a goal is not met")
    return parser.parse_args()


def unpack_base(revision: str) -> None:
    """Put the collection of a revision where Ansible finds it before ours."""
    shutil.rmtree(OLD_COLLECTION, ignore_errors=True)
    OLD_COLLECTION.mkdir(parents=True)
    archive = subprocess.run(["git", "-C", REPOSITORY, "archive", revision], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-C", OLD_COLLECTION, "-x"], input=archive, check=True)


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
        "ansible_ssh_common_args": f"""-o 'UserKnownHostsFile="{CACHE / "known_hosts"}"' -o IdentitiesOnly=yes""",
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
    return on(NODE, script, data)


def on(name: str, script: str, data: str = "") -> str:
    command = ["podman", "exec", "-i", name, "sh", "-c", script]
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


def of(work: Work, environment: dict[str, str]) -> dict[str, str]:
    """Give the environment in which Ansible finds the revision of the collection that the work is done by."""
    if not work.base:
        return environment
    ours = environment["ANSIBLE_COLLECTIONS_PATH"]
    return {**environment, "ANSIBLE_COLLECTIONS_PATH": f"{OLD_COLLECTION.parents[2]}:{ours}"}


def warm_up(hosts: list[str], options: argparse.Namespace, environment: dict[str, str]) -> None:
    """Every connection stands, every file is in memory; and what each kind of work sends to one host is counted."""
    measure(PING, options, environment)
    for work in ALL:
        prepare(work, hosts[0], environment)
        log = CACHE / "calls"
        log.write_text("")
        counting = {
            **of(work, environment),
            "ANSIBLE_SSH_EXECUTABLE": str(HERE / "counting-ssh"),
            "BENCH_CALLS": str(log),
        }
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
            command(replace(before, registries=work.registries), "-l", host), env=of(work, environment), text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        if done.returncode:
            sys.exit(done.stdout[-4000:])


def measure(work: Work, options: argparse.Namespace, environment: dict[str, str]) -> dict[str, float]:
    """One run on all hosts: seconds by the clock, and of CPU on either end."""
    of_hosts, of_controller, start = seconds_of_node(), seconds_of_children(), time.monotonic()
    done = subprocess.run(
        command(work, "--forks", str(options.forks)), env=of(work, environment), text=True, stdout=subprocess.PIPE
    )
    wall, of_controller = time.monotonic() - start, seconds_of_children() - of_controller
    checked(done)
    return {"wall": wall, "controller": of_controller, "hosts": seconds_of_node() - of_hosts}


def docker_starts(environment: dict[str, str], base: str) -> dict[str, int]:
    """Count how often docker of RHEL 7 starts while a list and a certificate of a stock host change, by revision."""
    starts = {}
    # that node has Python 2.7, which only the older core speaks to
    environment = {**environment, "PATH": f"{REPOSITORY / '.cache/venv-2.16/bin'}:{environment['PATH']}"}
    lab("up", "registry", "origin1")
    try:
        for revision in ("", base):
            lab("variant", "origin1", "registries-toml")
            on("origin1", COUNT_STARTS, COUNTING)
            play = ["ansible-playbook", "-i", str(REPOSITORY / "inventory/lab/hosts.yml"), "-l", "origin1"]
            done = subprocess.run(
                [*play, "dockyard.openshift.registries"], text=True, stdout=subprocess.PIPE,
                env=of(replace(PING, base=revision), environment),
            )  # fmt: skip
            if done.returncode:
                sys.exit(done.stdout[-4000:])
            starts[revision] = on("origin1", "cat /run/starts").count("\n")
    finally:
        lab("down", "registry", "origin1")
    return starts


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
            {"name": work.name, "base": work.base, **{what: round(work.median(what), 2) for what in measures},
             "walls": [round(run["wall"], 2) for run in work.runs], **work.traffic}
            for work in ALL
        ],
        "engine_query": {
            str(count): {what: round(value, 2) for what, value in found.items()} for count, found in engine.items()
        },
        "goals": goals,
    }  # fmt: skip


def comparison(base: str, starts: dict[str, int]) -> dict[str, Any]:
    """Compare what both revisions did in this run; the revision's own name stands in each line of work."""
    goals = []
    for name, share in AGAINST_BASE.items():
        ours, theirs = (next(w for w in ALL if (w.name, w.base) == (name, of)).median("wall") for of in ("", base))
        limit = round(share * theirs, 2)
        goals.append(goal(f"{name}, seconds", round(ours, 2), round(theirs, 2), limit))
    goals.append(goal("starts of docker 1.13 for a list and a certificate", starts[""], starts[base], 1))
    return {"revision": base, "goals": goals}


def goal(what: str, value: float, base: float, limit: float) -> dict[str, Any]:
    return {"what": what, "value": value, "base": base, "limit": limit, "met": value <= limit}


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
        name = f"  by {work['base']}" if work["base"] else work["name"]
        yield row.format(name, *numbers, work["calls"], work["sent"], work["received"])
    for count, found in results["engine_query"].items():
        yield f"the engine's own answer with {count} registries: {found['wall']:.1f} s (podman info less true)"
    for goal in results["goals"]:
        verdict = "met" if goal["met"] else "NOT met"
        yield (
            f"{goal['work']}: {goal['pings_without_query']:.2f} pings and the engine's answer; "
            f"goal {goal['pings']}: {verdict}"
        )
    for goal in results.get("base", {}).get("goals", []):
        verdict = "met" if goal["met"] else "NOT met"
        yield f"{goal['what']}: {goal['value']}, by the base {goal['base']}; at most {goal['limit']}: {verdict}"


if __name__ == "__main__":
    sys.exit(main())
