# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product: keeps the contract of RHEL/CentOS docker 1.13.1 ("the fork") that is written down in
# README.md beside this file. Python 2.7 only.
"""Command line and daemon.json of the daemon: what it accepts, and the words with which it refuses."""

import io
import json
import re
import urlparse

DAEMON_JSON = "/etc/docker/daemon.json"

LIST, VALUE, BOOL = "list", "value", "bool"
# flag -> (kind, its key in daemon.json)
FLAGS = {
    "add-registry": (LIST, "add-registry"),
    "block-registry": (LIST, "block-registry"),
    "insecure-registry": (LIST, "insecure-registries"),
    "registry-mirror": (LIST, "registry-mirrors"),
    "add-runtime": (LIST, "runtimes"),
    "exec-opt": (LIST, "exec-opts"),
    "log-opt": (LIST, "log-opts"),
    "storage-opt": (LIST, "storage-opts"),
    "dns": (LIST, "dns"),
    "host": (LIST, "hosts"),
    "label": (LIST, "labels"),
    "bip": (VALUE, "bip"),
    "bridge": (VALUE, "bridge"),
    "data-root": (VALUE, "data-root"),
    "default-runtime": (VALUE, "default-runtime"),
    "graph": (VALUE, "graph"),
    "group": (VALUE, "group"),
    "init-path": (VALUE, "init-path"),
    "log-driver": (VALUE, "log-driver"),
    "log-level": (VALUE, "log-level"),
    "mtu": (VALUE, "mtu"),
    "seccomp-profile": (VALUE, "seccomp-profile"),
    "storage-driver": (VALUE, "storage-driver"),
    "userland-proxy-path": (VALUE, "userland-proxy-path"),
    "confirm-def-push": (BOOL, "confirm-def-push"),
    "debug": (BOOL, "debug"),
    "icc": (BOOL, "icc"),
    "ip-masq": (BOOL, "ip-masq"),
    "iptables": (BOOL, "iptables"),
    "ipv6": (BOOL, "ipv6"),
    "live-restore": (BOOL, "live-restore"),
    "selinux-enabled": (BOOL, "selinux-enabled"),
    "signature-verification": (BOOL, "signature-verification"),
    "userland-proxy": (BOOL, "userland-proxy"),
}
_SHORT = {"D": "debug", "H": "host", "b": "bridge", "g": "graph", "l": "log-level", "s": "storage-driver"}
_TRUTH = dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True)
_TRUTH.update(dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False))


class Refused(Exception):
    """The daemon does not start, with this sentence."""


def parse(argv):
    """Flags of a command line: {flag: list of str, str or bool}. Raises Refused."""
    found = {}
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            raise Refused('"dockerd" accepts no argument(s).')
        name, equals, value = word.lstrip("-").partition("=")
        name = _SHORT.get(name, name) if not word.startswith("--") else name
        if name not in FLAGS:
            raise Refused("unknown flag: --%s" % name)
        kind = FLAGS[name][0]
        if kind == BOOL:
            found[name] = _truth(name, value) if equals else True
            continue
        if not equals:
            # the next word is the value whatever it looks like, as in every pflag program
            if not rest:
                raise Refused("flag needs an argument: --%s" % name)
            value = rest.pop(0)
        if kind == LIST:
            found.setdefault(name, []).append(_mirror(name, value) if name == "registry-mirror" else value)
        else:
            found[name] = value
    return found


def with_file(found, path=DAEMON_JSON):
    """The flags together with daemon.json. Raises Refused for a bad file, an unknown key, or an option in both."""
    values = _load(path)
    by_key = dict((key, name) for name, (_kind, key) in FLAGS.items())
    unknown = sorted(key for key in values if key not in by_key)
    if unknown:
        said = "the following directives don't match any configuration option: "
        raise Refused(_about(path, said + ", ".join(unknown)))
    both = ["%s: (from flag: %s, from file: %s)" % (key, _go(found[by_key[key]]), _go(values[key]))
            for key in sorted(values) if by_key[key] in found]
    if both:
        said = "the following directives are specified both as a flag and in the configuration file: "
        raise Refused(_about(path, said + ", ".join(both)))
    merged = dict(found)
    for key, value in values.items():
        kind = FLAGS[by_key[key]][0]
        fits = {LIST: (list, dict), BOOL: bool, VALUE: (type(u""), int)}[kind]
        if not isinstance(value, fits):
            raise Refused(_about(path, "json: cannot unmarshal %s into Go value" % type(value).__name__))
        merged[by_key[key]] = [str(item) for item in value] if kind == LIST else value
    return merged


def help_text(program):
    """What --help prints: one line a flag."""
    lines = ["", "Usage:\t%s [OPTIONS]" % program, "", "A self-sufficient runtime for containers.", "", "Options:"]
    for name in sorted(FLAGS):
        argument = {LIST: " value", VALUE: " string", BOOL: ""}[FLAGS[name][0]]
        lines.append("      --%-32s %s" % (name + argument, _HELP.get(name, "")))
    lines.append("      --%-32s %s" % ("help", "Print usage"))
    lines.append("  -v, --%-32s %s" % ("version", "Print version information and quit"))
    return "\n".join(line.rstrip() for line in lines) + "\n"


_HELP = {
    "add-registry": "Registry to query before a public one (default [])",
    "block-registry": "Don't contact given registry (default [])",
    "insecure-registry": "Enable insecure registry communication (default [])",
    "registry-mirror": "Preferred Docker registry mirror (default [])",
    "live-restore": "Enable live restore of docker when containers are still running",
    "selinux-enabled": "Enable selinux support",
    "signature-verification": "Check image's signatures on pull",
}


def _mirror(name, value):
    """As the daemon shows it. Only the command line is looked at; what daemon.json says is taken as it is."""
    parts = urlparse.urlsplit(value)
    refusal = None
    if parts.scheme not in ("http", "https"):
        refusal = "Unsupported scheme " + parts.scheme
    elif parts.path or parts.query or parts.fragment:
        refusal = "Unsupported path/query/fragment at end of the URI"
    if refusal:
        raise Refused('invalid argument "%s" for --%s=%s: %s' % (value, name, value, refusal))
    return "%s://%s/" % (parts.scheme, parts.netloc)


def _truth(name, value):
    if value not in _TRUTH:
        raise Refused('invalid argument "%s" for --%s=%s' % (value, name, value))
    return _TRUTH[value]


def _load(path):
    try:
        with io.open(path, encoding="utf-8") as handle:
            text = handle.read()
    except IOError:
        return {}
    if not text.strip():
        return {}
    try:
        values = json.loads(text)
    except ValueError as problem:
        raise Refused(_about(path, _invalid(text, str(problem))))
    if not isinstance(values, dict):
        raise Refused(_about(path, "json: cannot unmarshal into Go value of type map[string]interface {}"))
    return values


def _invalid(text, problem):
    # Go names the bracket after a comma too many; Python 2.7 does not say where it stopped there
    trailing = re.search(r",\s*([\]}])", text)
    at = re.search(r"\(char (\d+)", problem)
    if trailing:
        character = trailing.group(1)
    elif at and int(at.group(1)) < len(text):
        character = text[int(at.group(1))]
    else:
        return "unexpected end of JSON input"
    return "invalid character '%s' looking for beginning of value" % character


def _go(value):
    return "[%s]" % " ".join(str(item) for item in value) if isinstance(value, list) else str(value).lower()


def _about(path, sentence):
    return "unable to configure the Docker daemon with file %s: %s" % (path, sentence)
