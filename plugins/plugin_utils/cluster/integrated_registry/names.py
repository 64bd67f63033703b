# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names in a certificate, as clients compare them with the host that they call."""

from __future__ import annotations

from collections.abc import Iterable

from ...libraries import x509


def names_in(pem: str) -> list[str]:
    """Return the DNS names of a certificate; clients look at nothing else."""
    found = x509.load_pem_x509_certificate(pem.encode())
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [str(name) for name in extension.value.get_values_for_type(x509.DNSName)]


def matches(pem: str, host: str) -> bool:
    """Say whether a certificate is for a host; a star stands for one label, the first."""
    return covers(names_in(pem), host)


def covers(names: Iterable[str], host: str) -> bool:
    """Say whether one of the names is the host's."""
    host = host.lower().rstrip(".")
    for name in (name.lower().rstrip(".") for name in names):
        if name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:] and host.partition(".")[0]):
            return True
    return False
