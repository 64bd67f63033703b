# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product: keeps the contract of RHEL/CentOS docker 1.13.1 ("the fork") that is written down in
# README.md beside this file. Python 2.7 only.
"""dockerd-current: started by systemd (Type=notify), answers its client on a socket, a JSON object a line."""

import json
import os
import re
import signal
import socket
import SocketServer
import sys
import threading
import time

sys.path.insert(0, "/usr/libexec/docker-standin")

import flags  # noqa: E402
import images  # noqa: E402
import lists  # noqa: E402
import transport  # noqa: E402

SOCKET = "/var/run/docker.sock"
FAULT = "/etc/dockyard-lab/fault"
VERSION = "1.13.1"


def fault(name):
    """The argument ('' if none) of the fault that the lab switched on, or None when it is another or none."""
    try:
        with open(FAULT) as handle:
            kind, _space, argument = handle.read().strip().partition(" ")
    except IOError:
        return None
    return argument if kind == name else None


class Daemon(object):
    """What the client may ask; every operation yields (stream, text) pairs and raises Refusal to end with 1."""

    def __init__(self, options):
        self.options = options
        flags_of_lists = ("add-registry", "block-registry", "insecure-registry", "registry-mirror")
        named = [options.get(name, []) for name in flags_of_lists]
        ignores = fault("docker-ignores-file") is not None
        legacy = not options.get("disable-legacy-registry")
        self.lists = lists.Lists(*([[], [], [], []] if ignores else named), legacy=legacy)
        self.store = images.Store(self.lists, bool(options.get("live-restore")))

    def reload(self, argv):
        """SIGHUP: of all lists only the insecure one is taken in again, and live-restore; a bad file changes nothing."""
        try:
            found = flags.with_file(flags.parse(argv))
        except flags.Refused as problem:
            sys.stderr.write("%s\n" % problem)
            return
        if "insecure-registry" in found["from-file"]:
            self.lists.reload(found["insecure-registry"])
        if "live-restore" in found["from-file"]:
            self.options["live-restore"] = found["live-restore"]
            self.store.keep_containers(bool(found["live-restore"]))

    def info(self, _request):
        """The facts that the client prints."""
        while fault("docker-hangs") is not None:
            time.sleep(0.2)
        running = sum(1 for container in self.store.containers.values() if container["running"])
        facts = {"containers": len(self.store.containers), "running": running, "images": len(self.store.images),
                 "live_restore": bool(self.options.get("live-restore")), "version": VERSION,
                 "log_driver": self.options.get("log-driver", "json-file"), "name": socket.gethostname()}
        facts.update(self.lists.info())
        yield "data", facts

    def pull(self, request):
        """Lines of the pull."""
        for line in self.store.pull(request["name"], request.get("auths", {})):
            yield "out", line

    def ps(self, request):
        """Ids of the running containers, or of all."""
        rows = [[key, value["image"], value["running"], value["name"]]
                for key, value in sorted(self.store.containers.items()) if value["running"] or request.get("all")]
        yield "data", rows

    def run(self, request):
        """Id of the new container."""
        yield "out", self.store.run(request["image"], request.get("name"))

    def change(self, request):
        """Stop or remove containers."""
        for wanted in request["names"]:
            try:
                self.store.change(wanted, request["action"])
            except KeyError:
                raise transport.Failed("Error response from daemon: No such container: %s" % wanted)
            yield "out", wanted

    def images(self, _request):
        """[[name:tag, id, size]]."""
        yield "data", [[name, value["id"], value["size"]] for name, value in sorted(self.store.images.items())]

    def rmi(self, request):
        """Forget images."""
        for name in request["names"]:
            try:
                self.store.remove_image(name)
            except KeyError:
                raise transport.Failed("Error response from daemon: No such image: %s" % name)
            yield "out", "Untagged: %s" % name


OPERATIONS = ("info", "pull", "ps", "run", "change", "images", "rmi")


class Handler(SocketServer.StreamRequestHandler):
    """One request a connection."""

    def handle(self):
        request = json.loads(self.rfile.readline())
        code = 0
        try:
            if request["op"] not in OPERATIONS:
                raise transport.Failed("unknown operation %s" % request["op"])
            for stream, value in getattr(self.server.daemon, request["op"])(request):
                self._say({stream: value})
        except transport.Failed as problem:
            self._say({"err": str(problem)})
            code = 1
        self._say({"rc": code})

    def _say(self, value):
        self.wfile.write(json.dumps(value) + "\n")
        self.wfile.flush()


class Server(SocketServer.ThreadingMixIn, SocketServer.UnixStreamServer):
    """A client that hangs does not keep the daemon from ending."""

    daemon_threads = True


def notify(state):
    """Tell systemd; nothing outside of it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        channel.sendto(state, "\0" + address[1:] if address.startswith("@") else address)


def serve(daemon, argv):
    """Until SIGTERM or SIGINT."""
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    mask = os.umask(0o177)
    server = Server(SOCKET, Handler)
    os.umask(mask)
    server.daemon = daemon
    # shutdown() waits for the loop, so it must not be called by the thread that runs it
    stop = lambda *_unused: threading.Thread(target=server.shutdown).start()  # noqa: E731
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.signal(signal.SIGHUP, lambda *_unused: daemon.reload(argv))
    notify("READY=1")
    server.serve_forever(poll_interval=0.05)
    daemon.store.shutdown()
    os.unlink(SOCKET)


def main(argv):
    """The exit code."""
    if "--help" in argv:
        sys.stdout.write(flags.help_text("dockerd-current"))
        return 0
    if "--version" in argv or "-v" in argv:
        sys.stdout.write("Docker version 1.13.1, build 7d71120/1.13.1\n")
        return 0
    pattern = fault("docker-dies-on")
    if pattern is not None and re.search(pattern, " ".join(argv)):
        sys.stderr.write("panic: a fault of the lab matches the command line\n")
        return 2
    try:
        daemon = Daemon(flags.with_file(flags.parse(argv)))
    except flags.Refused as problem:
        sys.stderr.write(flags.refusal_text(problem))
        return 1
    serve(daemon, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
