# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and judging certificates. Nothing here asks what time it is: `now` is always given.

Sources: RFC 5280 (basic constraints, validity), RFC 7468 (the text form), CA/Browser Forum baseline requirements 6.1.5
(key sizes).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache, lru_cache
from typing import Any

from .. import clock
from ..libraries import serialization, x509
from ..problems import Problem, one_line

_CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")

#: Bundles of a registry, not of the world.
_LONGEST = 1024 * 1024
_MOST = 100
_LONGEST_NAME = 300

#: The first line of a PEM block that does not end as a line; the sign that stands there instead.
_JOINED = re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----[ \t]*([^\s-])")

#: What Go's encoding/pem and crypto/x509 AppendCertsFromPEM take for a certificate: a frame whose lines stand alone, no
#: headers. A body has no "-", so the time does not grow faster than the text.
_FOR_GO = re.compile(
    rb"(?:\A|(?<=\n))-----BEGIN CERTIFICATE-----[ \t]*\r?\n"
    rb"[A-Za-z0-9+/= \t\r\n]*?\n-----END CERTIFICATE-----[ \t]*(?=\r?\n|\Z)"
)

_WEAK_HASHES = ("md2", "md4", "md5", "sha1")
_SMALLEST = {"RSA": 2048, "DSA": 2048, "EC": 224}
#: Go's crypto/tls takes no certificate of a server with a longer one (since 1.21.0, 1.20.7 and 1.19.12).
_LARGEST = {"RSA": 8192}
DAY = timedelta(days=1)


class CertificateProblem(Problem):
    """Why a text is not what it should be; its text completes the sentence "REGISTRY: ca …"."""


@dataclass(frozen=True)
class Certificate:
    """One certificate, as far as trust in it goes.

    fingerprint: SHA-256 of its DER form, hexadecimal. is_ca: None when it has no basic constraints, so does not say.
    common_name: what old clients look at. key_id: what p11-kit knows it by.
    """

    pem: str
    subject: str
    issuer: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    is_ca: bool | None
    self_issued: bool
    key_kind: str
    key_size: int
    signature_hash: str
    common_name: str = ""
    key_id: str = ""
    spki: str = ""

    def days_left(self, now: datetime) -> int:
        """Count the whole days until it expires; negative once it has."""
        return (self.not_after - now) // DAY

    def line(self) -> str:
        """Describe it for a plan and a diff: who, which, until when; never its key."""
        return f"{self.subject}, SHA-256 {self.fingerprint[:16]}…, valid until {self.not_after:%Y-%m-%d}"

    def plain(self, now: datetime) -> dict[str, Any]:
        """Return it for a result."""
        return {
            "subject": self.subject, "issuer": self.issuer, "fingerprint": self.fingerprint,
            "not_before": clock.stamp(self.not_before), "not_after": clock.stamp(self.not_after),
            "days_left": self.days_left(now),
        }  # fmt: skip


@cache  # one authority, as companies have it, signs for all registries
def read_certificates(text: str) -> tuple[Certificate, ...]:
    """Read all certificates of a PEM text, in order, each once. Raises CertificateProblem for other content."""
    _refuse_shape(text)
    found: dict[str, Certificate] = {}
    for number, (label, block) in enumerate(_blocks(text), 1):
        if not block:
            raise CertificateProblem("is cut off: a -----BEGIN line has no -----END line that belongs to it")
        if "PRIVATE KEY" in label:
            raise CertificateProblem("holds a private key; only certificates belong there, and that key is now known")
        if label not in _CERTIFICATE_LABELS:
            if (right := label.upper()) in _CERTIFICATE_LABELS:
                raise CertificateProblem(f"has a line -----BEGIN {label}-----, and {right} must be in capital letters")
            raise CertificateProblem(f"holds a {label.lower()}, which is not a certificate")
        certificate = _read(block, number)
        found.setdefault(certificate.fingerprint, certificate)
    if not found:
        raise CertificateProblem("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
    if len(found) > _MOST:
        raise CertificateProblem(f"holds {len(found)} certificates, more than the {_MOST} a registry can need")
    return tuple(found.values())


def certificates_in(data: bytes, known: Collection[str] = ()) -> tuple[Certificate, ...]:
    """Find the certificates in a file of others, without those of known fingerprints.

    What cannot be read counts as nothing.
    """
    found = []
    for label, block in _blocks(data.decode("ascii", "replace")):
        if block and label in _CERTIFICATE_LABELS and not (known and _fingerprint(block) in known):
            try:
                found.append(_read(block, 1))
            except CertificateProblem:
                continue
    return tuple(found)


def certificates_loaded(data: bytes) -> tuple[Certificate, ...]:
    """Find those that engines load from a file of others: they are written in Go, which wants clean lines."""
    return certificates_in(b"\n".join(_FOR_GO.findall(data)))


def judge_authority(certificate: Certificate) -> None:
    """Refuse what no engine would accept as an authority, at any time. Raises CertificateProblem.

    A certificate that a server has signed itself is one: engines believe whatever stands among their roots.
    """
    if certificate.is_ca is False and not certificate.self_issued:
        raise CertificateProblem(
            f"holds '{certificate.subject}', which is not a certificate authority (CA:FALSE); "
            "what is needed is the certificate that signed it"
        )


def valid(authorities: Iterable[Certificate], now: datetime) -> tuple[Certificate, ...]:
    """Those that are valid now. Raises CertificateProblem when none of them is."""
    found, problems = [], []
    for certificate in authorities:
        try:
            _judge_validity(certificate, now)
        except CertificateProblem as problem:
            problems.append(problem)
        else:
            found.append(certificate)
    if problems and not found:
        raise problems[0]
    return tuple(found)


def judge_client(certificate: Certificate, now: datetime) -> None:
    """Refuse a client certificate that no registry would accept. Raises CertificateProblem."""
    if certificate.is_ca:
        raise CertificateProblem(f"holds '{certificate.subject}', which is a certificate authority, not a client")
    _judge_validity(certificate, now)


def doubts(certificate: Certificate, now: datetime, days: int, *, authority: bool = True) -> list[str]:
    """Warn about properties that work today and will not for long."""
    found = []
    left = certificate.days_left(now)
    if left < 0:
        found.append(f"expired on {certificate.not_after:%Y-%m-%d}, and engines pass over it")
    elif certificate.not_before > now:
        found.append(f"is not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC, and engines pass over it")
    elif left < days:
        found.append(f"expires in {left} day(s), on {certificate.not_after:%Y-%m-%d}")
    smallest = _SMALLEST.get(certificate.key_kind, 0)
    if certificate.key_size < smallest:
        found.append(f"has a weak key ({certificate.key_kind}, {certificate.key_size} bit; {smallest} is the least)")
    if certificate.key_size > _LARGEST.get(certificate.key_kind, certificate.key_size):
        found.append(f"has a key of {certificate.key_size} bit; newer engines take {_LARGEST['RSA']} at most")
    if certificate.signature_hash in _WEAK_HASHES and not certificate.self_issued:
        found.append(f"is signed with {certificate.signature_hash.upper()}, which newer engines refuse")
    if authority and certificate.is_ca is False:
        found.append(
            "is a server's own certificate (CA:FALSE), and goes into certs.d alone: the system's trust and other "
            "programs may not take it"
        )
    if authority and certificate.is_ca is None:
        found.append("has no basic constraints, so does not say that it is an authority; newer engines may refuse it")
    return found


def read_client_key(text: str, certificate: Certificate) -> str:
    """Return the private key in a normal form, if it belongs to the certificate. Raises CertificateProblem."""
    _refuse_shape(text)
    blocks = [block for label, block in _blocks(text) if block and "PRIVATE KEY" in label]
    if len(blocks) != 1:
        raise CertificateProblem(f"holds {len(blocks)} private keys in PEM form, and one is needed")
    if "ENCRYPTED" in blocks[0]:
        raise CertificateProblem("is protected by a passphrase, which no engine can be told")
    pem: str = blocks[0] + "\n"
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        public = _public_bytes(key.public_key())
    except Exception:  # cryptography raises many kinds, some of which quote what they were given
        raise CertificateProblem("cannot be read as a private key") from None
    if hashlib.sha256(public).hexdigest() != certificate.spki:
        raise CertificateProblem(f"does not belong to the client certificate '{certificate.subject}'")
    return pem


def bundle(certificates: Iterable[Certificate]) -> str:
    """Return the text of a file that holds these."""
    return "".join(certificate.pem for certificate in certificates)


def _refuse_shape(text: str) -> None:
    if len(text) > _LONGEST:
        raise CertificateProblem(f"is longer than {_LONGEST} characters")
    if joined := _JOINED.search(text):
        if joined[1] == "\\":
            raise CertificateProblem(
                "has the ends of its lines written as a backslash and an n; write it below a | in YAML, or in double "
                "quotes"
            )
        raise CertificateProblem(
            "stands on one line; every line of a PEM text has to stay a line of its own, as below a | in YAML"
        )


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield (label, whole block) of each block of a PEM text, in order; the block is "" when it is cut off.

    Not by one regular expression: on hostile text that takes a time that grows with the square of its length.
    """
    for part in text.split("-----BEGIN ")[1:]:
        label, frame, rest = part.partition("-----")
        body, end, _after = rest.partition(f"-----END {label}-----")
        yield label, f"-----BEGIN {label}-----{body}-----END {label}-----" if frame and end else ""


def _judge_validity(certificate: Certificate, now: datetime) -> None:
    if certificate.not_after < now:
        raise CertificateProblem(f"holds '{certificate.subject}', which expired on {certificate.not_after:%Y-%m-%d}")
    if certificate.not_before > now:
        raise CertificateProblem(
            f"holds '{certificate.subject}', which is not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC"
        )


def _fingerprint(block: str) -> str:
    """Hash without parsing: a distribution has some hundred certificates, and most are never needed."""
    try:
        return hashlib.sha256(_der(block)).hexdigest()
    except ValueError:
        return ""


def _der(block: str) -> bytes:
    """Decode a block; blank lines and headers are passed over, as by all that read PEM. Raises ValueError."""
    lines = [line for line in map(str.strip, block.splitlines()) if line and ":" not in line]
    der = base64.b64decode("".join("".join(lines[1:-1]).split()), validate=True)
    return _without_uses(der) if block.startswith("-----BEGIN TRUSTED ") else der


def _without_uses(der: bytes) -> bytes:
    """Cut off what `openssl x509 -trustout` adds behind a certificate: what it is to be trusted for."""
    octets = der[1] & 0x7F if len(der) > 1 else 0  # of the length: no certificate is so short that it needs none
    return der[: 2 + octets + int.from_bytes(der[2 : 2 + octets], "big")]


def _read(pem: str, number: int) -> Certificate:
    try:
        return _certificate(_der(pem))
    except Problem:
        raise
    except Exception as error:  # cryptography has many of its own, for keys that it does not know for instance
        raise CertificateProblem(
            f"holds a certificate (number {number}) that cannot be read: {_short(error)}"
        ) from None


@lru_cache(maxsize=512)  # one authority stands in the files of many registries
def _certificate(der: bytes) -> Certificate:
    found = x509.load_der_x509_certificate(der)
    der = found.public_bytes(serialization.Encoding.DER)
    key = found.public_key()
    constraints = _extension(found, "BasicConstraints")
    common = found.subject.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)
    return Certificate(
        pem=found.public_bytes(serialization.Encoding.PEM).decode(),
        subject=_told(found.subject.rfc4514_string()) or "(no subject)",
        issuer=_told(found.issuer.rfc4514_string()),
        fingerprint=hashlib.sha256(der).hexdigest(),
        not_before=_aware(found, "not_valid_before"),
        not_after=_aware(found, "not_valid_after"),
        is_ca=None if constraints is None else bool(constraints.ca),
        self_issued=found.subject == found.issuer,
        key_kind=_kind(key),
        key_size=int(getattr(key, "key_size", 0)),
        signature_hash=_hash_name(found),
        common_name=str(common[0].value) if common else "",
        key_id=_key_id(found),
        spki=hashlib.sha256(_public_bytes(key)).hexdigest(),
    )


def _told(name: str) -> str:
    """Return a name for people: on one line, of some length; whoever signed it could write what they liked."""
    return one_line(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")


def _extension(found: Any, name: str) -> Any:
    """Return the value of an extension, None when there is none."""
    try:
        return found.extensions.get_extension_for_class(getattr(x509, name)).value
    except x509.ExtensionNotFound:
        return None


def _aware(found: Any, name: str) -> datetime:
    """Return the time in UTC; cryptography before 42 gives it without a zone."""
    value: datetime = getattr(found, f"{name}_utc", None) or getattr(found, name)
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _kind(key: Any) -> str:
    name = type(key).__name__
    kinds = (("RSA", "RSA"), ("DSA", "DSA"), ("EllipticCurve", "EC"), ("Ed25519", "Ed25519"), ("Ed448", "Ed448"))
    return next((kind for part, kind in kinds if part in name), name)


def _hash_name(found: Any) -> str:
    try:
        algorithm = found.signature_hash_algorithm
    except Exception:  # an algorithm that this cryptography does not know is not a known weak one
        return ""
    return algorithm.name if algorithm else ""


def _key_id(found: Any) -> str:
    """Return the id under which p11-kit lists it: its subject key identifier, else that of its public key."""
    value = _extension(found, "SubjectKeyIdentifier") or x509.SubjectKeyIdentifier.from_public_key(found.public_key())
    digest: bytes = value.digest
    return digest.hex()


def _public_bytes(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    found: bytes = key.public_bytes(serialization.Encoding.DER, form)
    return found


def _short(error: BaseException) -> str:
    if isinstance(error, binascii.Error):
        return "its lines are not base64, or not all of it"
    if "error parsing asn1" in str(error):
        return "its base64 is not a certificate, or not all of one"
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
