# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product: keeps the contract of RHEL/CentOS docker 1.13.1 ("the fork") that is written down in
# README.md beside this file. Python 2.7 on the nodes; any Python for its table of tests.
"""Command line and daemon.json of the daemon: what it accepts, and the words with which it refuses."""

import io
import os
import re

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
    "config-file": (VALUE, ""),
    "default-runtime": (VALUE, "default-runtime"),
    "exec-root": (VALUE, "exec-root"),
    "graph": (VALUE, "graph"),
    "group": (VALUE, "group"),
    "init-path": (VALUE, "init-path"),
    "log-driver": (VALUE, "log-driver"),
    "log-level": (VALUE, "log-level"),
    "mtu": (VALUE, "mtu"),
    "seccomp-profile": (VALUE, "seccomp-profile"),
    "storage-driver": (VALUE, "storage-driver"),
    "userland-proxy-path": (VALUE, "userland-proxy-path"),
    "debug": (BOOL, "debug"),
    "disable-legacy-registry": (BOOL, "disable-legacy-registry"),
    "icc": (BOOL, "icc"),
    "ip-forward": (BOOL, "ip-forward"),
    "ip-masq": (BOOL, "ip-masq"),
    "iptables": (BOOL, "iptables"),
    "ipv6": (BOOL, "ipv6"),
    "live-restore": (BOOL, "live-restore"),
    "selinux-enabled": (BOOL, "selinux-enabled"),
    "signature-verification": (BOOL, "signature-verification"),
    "userland-proxy": (BOOL, "userland-proxy"),
}
# keys that are taken and mean nothing
IGNORED = ("insecure-registry", "registry-mirror")
_NAMES = ("add-registry", "block-registry", "insecure-registry")
_SHORT = {"D": "debug", "H": "host", "b": "bridge", "g": "graph", "l": "log-level", "s": "storage-driver"}
_TRUTH = dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True)
_TRUTH.update(dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False))


class Refused(Exception):
    """The daemon does not start, with this sentence. usage: whether its usage is printed too."""

    usage = False


class RefusedFlag(Refused):
    """The command line itself is refused."""

    usage = True


def parse(argv):
    """Flags of a command line: {flag: list of str, str or bool}. Raises RefusedFlag."""
    found = {}
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            raise RefusedFlag('"dockerd" accepts no argument(s).')
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
        else:
            name = _SHORT.get(word[1])
            if name is None:
                raise RefusedFlag("unknown shorthand flag: '%s' in %s" % (word[1], word))
            value = word[2:].lstrip("=")
            equals = "=" if value else ""
        if name not in FLAGS:
            raise RefusedFlag("unknown flag: --%s" % name)
        kind = FLAGS[name][0]
        if kind == BOOL:
            found[name] = _truth(name, value) if equals else True
            continue
        if not equals:
            # the next word is the value whatever it looks like, as in every pflag program
            if not rest:
                raise RefusedFlag("flag needs an argument: --%s" % name)
            value = rest.pop(0)
        if kind == LIST:
            found.setdefault(name, []).append(_checked(name, value, bool(equals)))
        else:
            found[name] = value
    return found


def with_file(found, path=None):
    """The flags together with daemon.json. Raises Refused for a bad file, an unknown key, or an option in both.

    What daemon.json alone says of names stands below "from-file": they are taken as they are.
    """
    path = path or found.get("config-file") or DAEMON_JSON
    values = _load(path, "config-file" in found)
    by_key = dict((key, name) for name, (_kind, key) in FLAGS.items() if key)
    unknown = sorted(key for key in values if key not in by_key and key not in IGNORED)
    if unknown:
        said = "the following directives don't match any configuration option: "
        raise Refused(_about(path, said + ", ".join(unknown)))
    both = ["%s: (from flag: %s, from file: %s)" % (FLAGS[name][1], _go(found[name]), _go(values[FLAGS[name][1]], name))
            for name in sorted(found) if FLAGS[name][1] in values]
    if both:
        said = "the following directives are specified both as a flag and in the configuration file: "
        raise Refused(_about(path, said + ", ".join(both)))
    merged = dict(found)
    merged["from-file"] = []
    for key, value in values.items():
        if key in IGNORED:
            continue
        name = by_key[key]
        merged[name] = _typed(path, key, FLAGS[name][0], value)
        merged["from-file"].append(name)
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


def refusal_text(problem):
    """What the daemon prints when it ends with 1."""
    if not problem.usage:
        return "%s\n" % problem
    return "Status: %s\nSee 'dockerd --help'.\n%s, Code: 125\n" % (problem, help_text("dockerd"))


_HELP = {
    "add-registry": "Registry to query before a public one (default [])",
    "block-registry": "Don't contact given registry (default [])",
    "disable-legacy-registry": "Disable contacting legacy registries",
    "insecure-registry": "Enable insecure registry communication (default [])",
    "registry-mirror": "Preferred Docker registry mirror (default [])",
    "live-restore": "Enable live restore of docker when containers are still running",
    "selinux-enabled": "Enable selinux support",
    "signature-verification": "Check image's signatures on pull",
}


def _checked(name, value, joined):
    """As the daemon keeps it. Only the command line is looked at; what daemon.json says is taken as it is."""
    reason = _bad_mirror(value) if name == "registry-mirror" else _bad_name(value) if name in _NAMES else None
    if reason:
        shown = "--%s=%s" % (name, value) if joined else "--%s" % name
        raise RefusedFlag('invalid argument "%s" for %s: %s' % (value, shown, reason))
    if name == "registry-mirror":
        scheme, _colon, rest = value.partition("://")
        return "%s://%s/" % (scheme.lower(), rest.rpartition("@")[2])
    return "docker.io" if name in _NAMES and value == "index.docker.io" else value


def _bad_name(value):
    if value.startswith("-") or value.endswith("-"):
        return "Invalid index name (%s). Cannot begin or end with a hyphen." % value


def _bad_mirror(value):
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", value)
    if re.search(r"%(?![0-9a-fA-F]{2})", value) or value != value.strip():
        return "%s is not a valid URI" % value
    if not scheme or scheme.group(1).lower() not in ("http", "https"):
        return ("Unsupported scheme %s" % (scheme.group(1) if scheme else "")).rstrip()
    rest = value[scheme.end():]
    if not rest.startswith("//") or re.search(r"[/?#]", rest[2:]):
        return "Unsupported path/query/fragment at end of the URI"


def _truth(name, value):
    if value not in _TRUTH:
        reason = 'strconv.ParseBool: parsing "%s": invalid syntax' % value
        raise RefusedFlag('invalid argument "%s" for --%s=%s: %s' % (value, name, value, reason))
    return _TRUTH[value]


def _load(path, named):
    """The values of the file. named: by --config-file; the usual one may be absent."""
    if os.path.isdir(path):
        raise Refused(_about(path, "read %s: is a directory" % path))
    try:
        with io.open(path, "rb") as handle:
            text = handle.read().decode("utf-8", "replace")
    except IOError:
        if named:
            raise Refused(_about(path, "open %s: no such file or directory" % path))
        return {}
    try:
        value = read_json(text)
    except ValueError as problem:
        raise Refused(_about(path, str(problem)))
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = _go_kind(value)
        raise Refused(_about(path, "json: cannot unmarshal %s into Go value of type map[string]interface {}" % kind))
    return value


def _typed(path, key, kind, value):
    """The value of a key as Go unmarshals it into the daemon's configuration."""
    if kind != LIST:
        return value
    if value is None or isinstance(value, dict):
        return value or []
    if not isinstance(value, list):
        said = "json: cannot unmarshal %s into Go struct field Config.%s of type []string" % (_go_kind(value), key)
        raise Refused(_about(path, said))
    for item in value:
        if item is not None and not isinstance(item, type(u"")):
            said = "json: cannot unmarshal %s into Go struct field Config.%s of type string" % (_go_kind(item), key)
            raise Refused(_about(path, said))
    return [native(item or u"") for item in value]


def _go_kind(value):
    kinds = ((bool, "bool"), (list, "array"), (dict, "object"), ((int, float), "number"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "string")


def _go(value, name=None):
    if value is None and name and FLAGS[name][0] == LIST:
        value = []
    if isinstance(value, list):
        return "[%s]" % " ".join(item if isinstance(item, str) else native(u"%s" % item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _about(path, sentence):
    return "unable to configure the Docker daemon with file %s: %s" % (path, sentence)


def read_json(text):
    """The first value of a text as Go's decoder reads it. Raises ValueError with Go's words."""
    return _Json(text).value_of_file()


class _Json(object):
    """JSON as Go's decoder reads it: of a repeated key the last one counts, what follows the first value is not read."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def value_of_file(self):
        """The first value. Raises ValueError with Go's words."""
        if not self.text.strip(u" \t\r\n"):
            raise ValueError("EOF")
        return self._value()

    def _next(self):
        while self.at < len(self.text) and self.text[self.at] in u" \t\r\n":
            self.at += 1
        if self.at == len(self.text):
            raise ValueError("unexpected EOF")
        return self.text[self.at]

    def _wrong(self, where):
        sign = self.text[self.at]
        first = bytearray(sign.encode("utf-8"))[0]  # Go names a byte, as the sign of that number
        shown = sign if first < 128 else bytes(bytearray([first])).decode("latin-1")
        raise ValueError(native(u"invalid character '%s' %s" % (shown, where)))

    def _value(self):
        sign = self._next()
        if sign == u"{":
            return self._object()
        if sign == u"[":
            return self._array()
        if sign == u'"':
            return self._string()
        for word, value in ((u"true", True), (u"false", False), (u"null", None)):
            if sign == word[0]:
                return self._literal(word, value)
        number = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?").match(self.text, self.at)
        if not number:
            self._wrong("looking for beginning of value")
        self.at = number.end()
        return float(number.group()) if number.group(1) or number.group(2) else int(number.group())

    def _literal(self, word, value):
        for place, wanted in enumerate(word):
            if self.text[self.at:self.at + 1] != wanted:
                if self.at >= len(self.text):
                    raise ValueError("unexpected EOF")
                self._wrong("in literal %s (expecting '%s')" % (word, word[place]))
            self.at += 1
        return value

    def _object(self):
        found, self.at = {}, self.at + 1
        if self._next() == u"}":
            self.at += 1
            return found
        while True:
            if self._next() != u'"':
                self._wrong("looking for beginning of object key string")
            key = self._string()
            if self._next() != u":":
                self._wrong("after object key")
            self.at += 1
            found[native(key)] = self._value()
            sign = self._next()
            if sign not in u",}":
                self._wrong("after object key:value pair")
            self.at += 1
            if sign == u"}":
                return found

    def _array(self):
        found, self.at = [], self.at + 1
        if self._next() == u"]":
            self.at += 1
            return found
        while True:
            found.append(self._value())
            sign = self._next()
            if sign not in u",]":
                self._wrong("after array element")
            self.at += 1
            if sign == u"]":
                return found

    def _string(self):
        found = re.compile(u'"((?:[^"\\\\\\x00-\\x1f]|\\\\.)*)"').match(self.text, self.at)
        if not found:
            raise ValueError("unexpected EOF")
        self.at = found.end()
        return re.sub(u"\\\\(u[0-9a-fA-F]{4}|.)", _unescaped, found.group(1))


def native(text):
    """A text as str of this Python."""
    return text.encode("utf-8") if str is bytes else text


def _unescaped(escape):
    sign = escape.group(1)
    if sign[0] == u"u" and len(sign) == 5:
        return (u"\\u" + sign[1:]).encode("ascii").decode("unicode_escape")
    return {u"n": u"\n", u"t": u"\t", u"r": u"\r", u"b": u"\b", u"f": u"\f"}.get(sign, sign)
