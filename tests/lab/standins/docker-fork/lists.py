# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product: keeps the contract of RHEL/CentOS docker 1.13.1 ("the fork") that is written down in
# README.md beside this file. Python 2.7 on the nodes; any Python for its table of tests.
"""The registry lists: in which order a short name is searched, what is blocked, what is not secure, what mirrors."""

import random
import re
import socket

DEFAULT = "docker.io"
_REGISTRY_1 = "registry-1.docker.io"
LOOPBACK = "127.0.0.0/8"
#: What can stand before an image's name: a dot, a port, or localhost has to be in it.
_HOST = re.compile(r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?\Z")


class Lists(object):
    """add, block, insecure and mirrors (lists of str) as the daemon understands them; flags have normalised theirs.

    legacy: whether v1 registries may be contacted; without them the block list counts for short names only.
    """

    def __init__(self, add, block, insecure, mirrors, legacy=True):
        self.blocked = [{"all": "*", "public": DEFAULT}.get(name, name) for name in block]
        self._added = [name for name in add if name not in self.blocked]
        public = [] if "*" in self.blocked or DEFAULT in self.blocked else [DEFAULT]
        self.search = self._added + public
        self.mirrors, self.legacy = mirrors, legacy
        self.reload(insecure)

    def reload(self, insecure):
        """Take in an insecure list: at the start, and at SIGHUP; searched names are looked up once, here."""
        # one bad name in daemon.json drops the whole list, and what is always in it
        self.dropped = any(name.startswith("-") or name.endswith("-") for name in insecure)
        kept = [] if self.dropped else insecure
        self.cidrs = _unique([shown for shown in map(_network, kept) if shown]) + ([] if self.dropped else [LOOPBACK])
        self.insecure = sorted(set(name for name in kept if not _network(name)))
        self._fixed = dict((name, name in self.insecure or self._in_a_range(name)) for name in self.search if name)

    def is_blocked(self, index):
        """Whether the daemon refuses to contact the registry; an insecure entry permits nothing."""
        if not self.legacy:
            return False
        if index == _REGISTRY_1:  # it goes with docker.io; blocked by its own name it is not
            index = DEFAULT
        return index in self.blocked or ("*" in self.blocked and index not in self._added)

    def endpoints(self, index):
        """Where an image of a registry is asked for, in order: [(scheme, host[:port], path before /v2/)].

        No scheme: https, then maybe http. Raises ValueError for a mirror that is not a URL, which breaks every such pull.
        """
        mirrors = [_address(mirror) for mirror in self.mirrors] if index == DEFAULT else []
        return [(scheme, host, path) for scheme, host, path in mirrors + [(None, index, "")] if not self.is_blocked(host)]

    def is_secure(self, index):
        """False for an insecure entry, and for a host of which one address is in an insecure network."""
        if index in self._fixed:
            return not self._fixed[index]
        return not (index in self.insecure or self._in_a_range(index))

    def candidates(self):
        """The registries that a short name is looked for in; raises ValueError where the first of them is not a host."""
        found = []
        for place, name in enumerate(self.search):
            if name == "" and place == 0:
                raise ValueError("Error response from daemon: No default registry configured.")
            if re.search(r"\s", name) and place == 0:
                raise ValueError("Error response from daemon: invalid reference format")
            if not is_host(name):
                if place == 0:
                    raise ValueError('Error response from daemon: Invalid hostname "%s"' % name)
                continue
            found.append(name)
        if not self.search:
            raise ValueError("Error response from daemon: No default registry configured.")
        return found

    def info(self):
        """Insecure names come from a map of the daemon, in no order; the networks follow in theirs."""
        names = sorted(set(self.insecure) | set(name for name in self._fixed if self._fixed[name]))
        random.shuffle(names)
        return {"insecure": names + self.cidrs, "mirrors": self.mirrors, "dropped": self.dropped,
                "search": [(name, not self.dropped and not self._fixed.get(name, name in self.insecure))
                           for name in self.search]}

    def _in_a_range(self, index):
        networks = [_parsed(cidr) for cidr in self.cidrs]
        return any(len(address) == len(network) and _masked(address, bits) == network
                   for address in _addresses(index) for network, bits in networks)


def is_host(name):
    """Whether short names can be completed by it."""
    return bool(_HOST.match(name)) and ("." in name or ":" in name or name == "localhost")


def split(name):
    """(index or None, path, tag or digest) of an image name as typed."""
    name, at, digest = name.partition("@")
    first, slash, rest = name.partition("/")
    qualified = slash and ("." in first or ":" in first or first == "localhost")
    index, path = (_index(first), rest) if qualified else (None, name)
    path, colon, tag = path.partition(":")
    return index, path, digest if at else (tag if colon else "latest")


def remote_path(index, path):
    """The repository at the registry: the public one keeps unnamed users' images below library/."""
    return "library/" + path if index == DEFAULT and "/" not in path else path


def _address(mirror):
    """(scheme, host, path) of a mirror; without a scheme https is meant."""
    if re.search(r"%(?![0-9a-fA-F]{2})", mirror):
        raise ValueError('Error response from daemon: parse %s: invalid URL escape "%s"' % (mirror, mirror))
    scheme, separator, rest = mirror.partition("://")
    scheme, rest = (scheme.lower(), rest) if separator else ("https", mirror)
    host, _slash, path = rest.partition("/")
    return scheme, host.rpartition("@")[2], "/" + path.rstrip("/") if path else ""


def _index(name):
    return DEFAULT if name == "index.docker.io" else name


def _unique(items):
    return [item for place, item in enumerate(items) if item not in items[:place]]


def _network(text):
    """The network of a CIDR as Go prints it, None for what is a name."""
    found = _parsed(text)
    if not found:
        return None
    network, bits = found
    family = socket.AF_INET if len(network) == 4 else socket.AF_INET6
    return "%s/%d" % (socket.inet_ntop(family, bytes(bytearray(network))), bits)


def _parsed(text):
    """(bytes of the network, bits) of a CIDR, else None."""
    address, slash, bits = text.partition("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        number, bits = list(bytearray(socket.inet_pton(family, address))), int(bits)
    except (socket.error, ValueError):
        return None
    if not slash or not 0 <= bits <= 8 * len(number):
        return None
    return _masked(number, bits), bits


def _masked(number, bits):
    return [byte & (0xFF00 >> min(8, max(0, bits - 8 * place)) & 0xFF) for place, byte in enumerate(number)]


def _addresses(index):
    """The addresses of host[:port], [] where the name has none now."""
    host = re.sub(r":[0-9]+\Z", "", index).strip("[]")
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET)
    except (socket.error, UnicodeError):
        return []
    return [list(bytearray(socket.inet_pton(socket.AF_INET, entry[4][0]))) for entry in found]
