# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real nodes and real registries on one machine; see README.md beside this file."""

from __future__ import annotations

import argparse
import fcntl
import signal
import sys
import time

from parts import images, keys, nodes, origin, registries
from parts.config import CACHE, IMAGES, LAB, NETWORK, NODES
from parts.shell import LabError, fail, pass_through, podman, run, step


def up(args: argparse.Namespace) -> None:
    """bring the lab up: all nodes, or those named (the registries always)"""
    begin = time.monotonic()
    names = _known(args.names, NODES) or [name for name in NODES if not NODES[name].get("only_when_named")]
    names = ["registry"] + [name for name in names if name != "registry"]
    with step("packages of this machine"):
        run(str(LAB / "setup"))
    images.ensure(sorted({NODES[name]["image"] for name in names}))
    with step("keys and certificates"):
        keys.ensure()
    with step("network"):
        nodes.network_up()
    for name in names:
        nodes.up(name)
    with step("test images in the registries"):
        registries.push()
    for name in names:
        with step(f"node {name}: running"):
            nodes.wait(name)
    images.prune()
    print("lab up: {} in {:.1f} s".format(", ".join(names), time.monotonic() - begin))


def down(args: argparse.Namespace) -> None:
    """remove the lab, or the nodes named; --images also removes the images, --all also keys and cached tarballs"""
    with step("containers"):
        found = [name for name in nodes.existing() if not args.names or name in args.names]
        if found:
            nodes.remove(found)
    if args.names:
        return
    if not run("podman", "network", "exists", NETWORK["name"], check=False).returncode:
        with step("network"):
            podman("network", "rm", NETWORK["name"])
    if args.images or args.all:
        with step("images"):
            images.remove()
    if args.all:
        with step("keys and cache"):
            run("rm", "-rf", str(CACHE))


def status(_: argparse.Namespace) -> None:
    """one line a node"""
    for name in sorted(set(NODES) | set(nodes.existing())):
        running = nodes.running(name)
        state = podman("exec", name, "systemctl", "is-system-running", check=False) if running else "absent"
        stale = running and name in NODES and not (keys.AUTH_FILE.exists() and nodes.current(name))
        address = NODES.get(name, {}).get("address", "-")
        print(f"{name:10} {address:14} {state:10} {'stale' if stale else ''}".rstrip())


def build(args: argparse.Namespace) -> None:
    """make the node images, all or those named"""
    run(str(LAB / "setup"))
    images.ensure(_known(args.names, IMAGES) or list(IMAGES))


def node(args: argparse.Namespace) -> None:
    """add an extra node from an image of the lab, without ssh; `down NAME` removes it"""
    _known([args.image], IMAGES)
    if args.name in NODES:
        fail(f"{args.name} is a node of the lab itself; use `lab up {args.name}`")
    images.ensure([args.image])
    nodes.network_up()
    # first run: the name becomes a node like the others, with an address that podman chooses
    NODES[args.name] = {"image": args.image, "ssh": False, "volumes": ["/var/lib/containers"]}
    nodes.up(args.name)
    nodes.wait(args.name)


def variant(args: argparse.Namespace) -> None:
    """put the docker of a node back to its stock state, reading what the variant says; restarts it"""
    _docker_node(args.name)
    podman("exec", args.name, "rm", "-f", *origin.leftovers())
    nodes.put(args.name, origin.files(args.variant))
    _sh(args.name, "systemctl daemon-reload; systemctl reset-failed; systemctl restart registries.service 2>/dev/null;"
                   "systemctl restart docker.service")


def fault(args: argparse.Namespace) -> None:
    """make the docker of a node misbehave from now on (see README.md), or `off`"""
    _docker_node(args.name)
    if len(args.regex) != origin.FAULTS[args.fault]:
        fail(f"fault {args.fault} takes {origin.FAULTS[args.fault]} arguments")
    if args.fault == "off":
        podman("exec", args.name, "rm", "-f", "/" + origin.FAULT_FILE)
        return
    nodes.put(args.name, {origin.FAULT_FILE: (0o644, " ".join([args.fault, *args.regex]).encode() + b"\n")})


def shell(args: argparse.Namespace) -> None:
    """run a command on a node, or a shell"""
    terminal = ["--tty"] if sys.stdin.isatty() else []
    command = args.command or ["/bin/bash"]
    raise SystemExit(pass_through("podman", "exec", "--interactive", *terminal, args.name, *command))


def _sh(name: str, script: str) -> None:
    podman("exec", name, "sh", "-c", script)


def _docker_node(name: str) -> None:
    if "docker" not in NODES.get(name, {}):
        fail(f"{name} has no docker of the lab")


def _known(names: list[str], table: dict) -> list[str]:
    unknown = [name for name in names if name not in table]
    if unknown:
        fail("there is no {}; known are: {}".format(", ".join(unknown), ", ".join(table)))
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, function) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        sub.set_defaults(function=function)
        return sub

    command("up", up).add_argument("names", nargs="*", metavar="node")
    sub = command("down", down)
    sub.add_argument("names", nargs="*", metavar="node")
    sub.add_argument("--images", action="store_true")
    sub.add_argument("--all", action="store_true")
    command("status", status)
    command("images", build).add_argument("names", nargs="*", metavar="image")
    sub = command("node", node)
    sub.add_argument("name")
    sub.add_argument("image")
    sub = command("variant", variant)
    sub.add_argument("name")
    sub.add_argument("variant", choices=list(origin.VARIANTS))
    sub = command("fault", fault)
    sub.add_argument("name")
    sub.add_argument("fault", choices=list(origin.FAULTS))
    # a remainder, because the flags of a daemon begin with hyphens
    sub.add_argument("regex", nargs=argparse.REMAINDER)
    sub = command("exec", shell)
    sub.add_argument("name")
    sub.add_argument("command", nargs=argparse.REMAINDER)
    return parser


def main() -> None:
    """One command at a time; an interrupted one is finished or undone by the next `up` or `down`."""
    args = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        with open(CACHE.parent / "lab.lock", "w") as lock:
            if args.function not in (status, shell):
                fcntl.flock(lock, fcntl.LOCK_EX)
            args.function(args)
    except LabError as problem:
        fail(str(problem))
    except KeyboardInterrupt:
        fail("interrupted; run the command again, or `lab down`", 130)


if __name__ == "__main__":
    main()
