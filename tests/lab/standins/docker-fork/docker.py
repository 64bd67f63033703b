# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product: keeps the contract of RHEL/CentOS docker 1.13.1 ("the fork") that is written down in
# README.md beside this file. Python 2.7 only.
"""docker-current: the client; it only asks the stand-in daemon."""

import json
import os
import re
import socket
import sys

sys.path.insert(0, "/usr/libexec/docker-standin")

import flags  # noqa: E402

SOCKET = "/var/run/docker.sock"
# the lines of 1.13.1 that say something here, in its order
INFO = """\
Containers: %(containers)d
 Running: %(running)d
 Paused: 0
 Stopped: %(stopped)d
Images: %(images)d
Server Version: %(version)s
Storage Driver: overlay2
 Backing Filesystem: xfs
Logging Driver: %(log_driver)s
Cgroup Driver: systemd
Kernel Version: 3.10.0-1160.el7.x86_64
Operating System: CentOS Linux 7 (Core)
OSType: linux
Architecture: x86_64
Number of Docker Hooks: 3
Name: %(name)s
Docker Root Dir: /var/lib/docker
Debug Mode (client): false
Debug Mode (server): false
Experimental: false
"""
VERSION = "Docker version 1.13.1, build 7d71120/1.13.1"


class Usage(Exception):
    """A command line that this client does not know."""


def ask(request):
    """Print what the daemon says, return ([data], exit code)."""
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.connect(SOCKET)
    except socket.error:
        sys.stderr.write("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n")
        sys.exit(1)
    channel.sendall(json.dumps(request) + "\n")
    data = []
    for line in channel.makefile():
        answer = json.loads(line)
        if "rc" in answer:
            return data, answer["rc"]
        if "data" in answer:
            data.append(answer["data"])
        for stream, handle in (("out", sys.stdout), ("err", sys.stderr)):
            if stream in answer:
                handle.write(answer[stream].encode("utf-8") + "\n")
                handle.flush()
    sys.stderr.write("error during connect: EOF\n")
    return data, 1


def info(words):
    """docker info [--format|-f '{{json .}}']"""
    template = option(words, ("--format", "-f"))
    none_left(words)
    data, code = ask({"op": "info"})
    if code:
        return code
    facts = data[0]
    if template is not None:
        sys.stdout.write(formatted(template, facts) + "\n")
    else:
        sys.stdout.write(info_text(facts))
    return 0


def info_text(facts):
    """What `docker info` prints; the line of the searched registries is always there, and the last one."""
    text = [line % dict(facts, stopped=facts["containers"] - facts["running"]) for line in INFO.splitlines()]
    if server_of(facts)[1]:
        text.insert(-1, "Registry: " + server_of(facts)[1])
    if not facts.get("dropped"):
        text += ["Insecure Registries:"] + [" " + name for name in facts["insecure"]]
    text += ["Registry Mirrors:"] + [" " + url for url in facts["mirrors"]] if facts["mirrors"] else []
    text += ["Live Restore Enabled: " + str(facts["live_restore"]).lower()]
    shown = ["%s (%s)" % (name, "secure" if secure else "insecure") for name, secure in facts["search"]]
    return "\n".join(text + ["Registries: " + ", ".join(shown)]) + "\n"


def server_of(facts):
    """(name, address) of the first searched registry, empty when nothing or the empty name is first."""
    first = facts["search"][0][0] if facts["search"] else ""
    if not first:
        return "", ""
    return first, "https://%s/v1/" % ("index.docker.io" if first == "docker.io" else first)


def info_json(facts):
    """The keys that were seen."""
    indexes = dict((name, {"Name": name, "Secure": False, "Official": name == "docker.io", "Mirrors": []})
                   for name in facts["insecure"] if "/" not in name)
    for name, secure in facts["search"]:
        mirrors = facts["mirrors"] if name == "docker.io" else []
        indexes[name] = {"Name": name, "Secure": secure, "Official": name == "docker.io", "Mirrors": mirrors}
    return {"Containers": facts["containers"], "ContainersRunning": facts["running"], "Images": facts["images"],
            "ServerVersion": facts["version"], "LiveRestoreEnabled": facts["live_restore"],
            "LoggingDriver": facts["log_driver"], "DockerRootDir": "/var/lib/docker",
            "IndexServerName": server_of(facts)[0], "IndexServerAddress": server_of(facts)[1],
            "Registries": [{"Name": name, "Secure": secure} for name, secure in facts["search"]],
            "RegistryConfig": {"InsecureRegistryCIDRs": [name for name in facts["insecure"] if "/" in name],
                               "IndexConfigs": indexes, "Mirrors": facts["mirrors"]}}


def formatted(template, facts):
    """What a template makes of the facts: {{json .}} and {{json .Key}}, {{.Key}}. Raises Usage."""
    def value(match):
        found = info_json(facts)
        if match.group(2):
            if match.group(2) not in found:
                key = match.group(2)
                raise Usage('template: :1:2: executing "" at <.%s>: can\'t evaluate field %s in type types.Info' % (key, key))
            found = found[match.group(2)]
        return json.dumps(found, sort_keys=True) if match.group(1) else str(found)
    return re.sub(r"{{\s*(json\s+)?\.(\w*)\s*}}", value, template)


def pull(words):
    """docker pull NAME[:TAG|@DIGEST]"""
    name = one(words, "pull")
    if "@" not in name and ":" not in name.rpartition("/")[2]:
        sys.stdout.write("Using default tag: latest\n")
        sys.stdout.flush()
    return ask({"op": "pull", "name": name, "auths": credentials()})[1]


def credentials():
    """`auths` of the caller's config.json."""
    path = os.path.join(os.path.expanduser("~"), ".docker", "config.json")
    try:
        with open(path) as handle:
            return json.load(handle).get("auths", {})
    except IOError:
        return {}


def ps(words):
    """docker ps [-q] [-a]"""
    letters = set("".join(word.lstrip("-") for word in words if word in ("-q", "-a", "-qa", "-aq"))
                  + "".join(word[2] for word in words if word in ("--quiet", "--all")))
    data, code = ask({"op": "ps", "all": "a" in letters})
    rows = data[0] if data else []
    if "q" not in letters:
        sys.stdout.write("%-15s%-40s%-15s%s\n" % ("CONTAINER ID", "IMAGE", "STATUS", "NAMES"))
    for key, image, running, name in rows:
        state = "Up" if running else "Exited (0)"
        sys.stdout.write(key[:12] + "\n" if "q" in letters else "%-15s%-40s%-15s%s\n" % (key[:12], image, state, name))
    return code


def run(words):
    """docker run -d [--name NAME] IMAGE [COMMAND...]"""
    name = option(words, ("--name",))
    if "-d" not in words:
        raise Usage("this stand-in only pretends to run: docker run -d IMAGE")
    words.remove("-d")
    if not words:
        raise Usage('"docker run" requires at least 1 argument(s).')
    return ask({"op": "run", "image": words[0], "name": name})[1]


def stop(words):
    """docker stop CONTAINER..."""
    return ask({"op": "change", "action": "stop", "names": words})[1]


def rm(words):
    """docker rm [-f] CONTAINER..."""
    return ask({"op": "change", "action": "rm", "names": [word for word in words if word != "-f"]})[1]


def images(words):
    """docker images [-q]"""
    data, code = ask({"op": "images"})
    if "-q" not in words:
        sys.stdout.write("%-45s%-15s%-15s%s\n" % ("REPOSITORY", "TAG", "IMAGE ID", "SIZE"))
    for name, identity, size in data[0] if data else []:
        repository, tag = name.rsplit("@", 1) if "@" in name else name.rsplit(":", 1)
        short = identity[7:19]
        sys.stdout.write(short + "\n" if "-q" in words else "%-45s%-15s%-15s%s\n" % (repository, tag, short, size))
    return code


def rmi(words):
    """docker rmi [-f] IMAGE..."""
    return ask({"op": "rmi", "names": [word for word in words if word != "-f"]})[1]


def version(_words):
    """docker version"""
    sys.stdout.write("Client:\n Version:         1.13.1\n API version:     1.26\n")
    data, code = ask({"op": "info"})
    if data:
        server = "\nServer:\n Version:         %s\n API version:     1.26 (minimum version 1.12)\n"
        sys.stdout.write(server % data[0]["version"])
    return code


COMMANDS = {"info": info, "pull": pull, "ps": ps, "run": run, "stop": stop, "rm": rm, "images": images, "rmi": rmi,
            "version": version}


def option(words, names):
    """Take `--name value` or `--name=value` out of `words`; None when it is not there."""
    for position, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in names:
            if not equals:
                if position + 1 == len(words):
                    raise Usage("flag needs an argument: %s" % name)
                value = words.pop(position + 1)
            del words[position]
            return value
    return None


def one(words, command):
    """The only argument."""
    if len(words) != 1:
        raise Usage('"docker %s" requires exactly 1 argument(s).\nSee \'docker %s --help\'.' % (command, command))
    return words[0]


def none_left(words):
    """No argument may be left."""
    if words:
        raise Usage('"docker info" accepts no argument(s).\nSee \'docker info --help\'.')


def main(argv):
    """The exit code."""
    if not argv or argv[0] in ("--help", "-h", "help"):
        # the fork's client and daemon were one program for long; its help goes on listing the daemon's registry flags
        lines = ["", "Commands:"] + ["  %-10s %s" % (name, COMMANDS[name].__doc__) for name in sorted(COMMANDS)]
        sys.stdout.write(flags.help_text("docker") + "\n".join(lines) + "\n")
        return 0
    if argv[0] in ("--version", "-v"):
        sys.stdout.write(VERSION + "\n")
        return 0
    if argv[0] not in COMMANDS:
        sys.stderr.write("docker: '%s' is not a docker command.\nSee 'docker --help'\n" % argv[0])
        return 1
    try:
        return COMMANDS[argv[0]](argv[1:])
    except Usage as problem:
        sys.stderr.write("%s\n" % problem)
        return 125 if argv[0] == "run" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
