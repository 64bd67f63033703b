# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for tests, made as a case says and never twice."""

from __future__ import annotations

import functools
import ipaddress
from datetime import datetime, timedelta, timezone

from cases import DATA
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.utc)


@functools.cache
def key(name: str, kind: str = "ec"):
    """The key of this name; "weak" is RSA with 1024 bits."""
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 1024) if kind == "weak" else ec.generate_private_key(ec.SECP256R1())


def key_pem(name: str, kind: str = "ec", password: str | None = None) -> str:
    protection = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return key(name, kind).private_bytes(serialization.Encoding.PEM, form, protection).decode()


@functools.cache
def certificate(
    name: str, *, by: str = "", ca: bool | None = True, days: int = 400, begins: int = -10, kind: str = "ec",
    names: tuple[str, ...] = (), hash: str = "SHA256",
) -> str:  # fmt: skip
    """PEM text of a certificate. by: whose key signs it, itself unless given. begins, days: from NOW."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by or name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(issuer).public_key(key(name, kind).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=begins)).not_valid_after(NOW + timedelta(days=days))
    )  # fmt: skip
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if names:
        alternatives = [
            x509.IPAddress(ipaddress.ip_address(each)) if each[0].isdigit() else x509.DNSName(each) for each in names
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    signer = key(by or name, kind if not by else "ec")
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else getattr(hashes, hash)()
    return builder.sign(signer, digest).public_bytes(serialization.Encoding.PEM).decode()


def text(value: object) -> str:
    """A text as a case describes it: itself, {cert: …}, {key: …} or {file: …}; or several, one behind the other."""
    if isinstance(value, list):
        return "".join(map(text, value))
    if isinstance(value, dict):
        value = dict(value)
        if "file" in value:
            return (DATA / "trust" / value["file"]).read_text()
        if "key" in value:
            return key_pem(value.pop("key"), **value)
        cut = value.pop("cut", None)
        pem = certificate(value.pop("cert"), **{k: tuple(v) if isinstance(v, list) else v for k, v in value.items()})
        return pem[:cut] if cut else pem
    return str(value)
