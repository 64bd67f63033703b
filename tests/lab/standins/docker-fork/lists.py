# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product: keeps the contract of RHEL/CentOS docker 1.13.1 ("the fork") that is written down in
# README.md beside this file. Python 2.7 only.
"""The registry lists: in which order a short name is searched, what is blocked, what is not secure, what mirrors."""

import random
import socket
import struct

DEFAULT = "docker.io"
LOOPBACK = "127.0.0.0/8"


class Lists(object):
    """add, block, insecure and mirrors (lists of str) as the daemon understands them. Raises ValueError for a bad name."""

    def __init__(self, add, block, insecure, mirrors):
        self.blocked = [{"all": "*", "public": DEFAULT}.get(name, _index(name)) for name in block]
        added = [name for name in map(_index, add) if name not in self.blocked]
        self._added = added
        public = [] if "*" in self.blocked or DEFAULT in self.blocked else [DEFAULT]
        self.search = added + public
        self.cidrs = [name for name in insecure if _network(name)] + [LOOPBACK]
        self.insecure = sorted(set(_index(name) for name in insecure if not _network(name)))
        self.mirrors = mirrors

    def is_blocked(self, index):
        """Whether the daemon refuses to contact the registry; an insecure entry permits nothing."""
        return index in self.blocked or ("*" in self.blocked and index not in self._added)

    def endpoints(self, index):
        """Where an image of a registry is asked for, in order: [(scheme, host[:port])]; no scheme: https, then maybe http."""
        mirrors = [mirror.rstrip("/").split("://") for mirror in self.mirrors] if index == DEFAULT else []
        return [(scheme, host) for scheme, host in mirrors + [(None, index)] if not self.is_blocked(host)]

    def is_secure(self, index):
        """False for an insecure entry, and for a host of which one address is in an insecure network."""
        if index in self.insecure:
            return False
        networks = [_network(cidr) for cidr in self.cidrs]
        return not any(address & mask == network for address in _addresses(index) for network, mask in networks)

    def info(self):
        """Insecure names come from a map of the daemon, in no order; the networks follow in theirs."""
        names = list(self.insecure)
        random.shuffle(names)
        return {"insecure": names + self.cidrs, "mirrors": self.mirrors,
                "search": [(name, name not in self.insecure) for name in self.search]}


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


def _index(name):
    if name.startswith("-") or name.endswith("-"):
        raise ValueError("invalid index name (%s). Cannot begin or end with a hyphen." % name)
    return DEFAULT if name == "index.docker.io" else name


def _network(text):
    """(network, mask) of an IPv4 CIDR, else None."""
    address, slash, bits = text.partition("/")
    try:
        number = struct.unpack("!I", socket.inet_aton(address))[0]
        if not slash or address.count(".") != 3 or not 0 <= int(bits) <= 32:
            return None
    except (socket.error, ValueError):
        return None
    mask = (0xFFFFFFFF << (32 - int(bits))) & 0xFFFFFFFF
    return number & mask, mask


def _addresses(index):
    host = index.rpartition(":")[0] or index
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET)
    except socket.error:
        return []
    return [struct.unpack("!I", socket.inet_aton(entry[4][0]))[0] for entry in found]
