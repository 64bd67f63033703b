# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The word `signatures`: images of a scope must be signed, by a key or by a person whom an issuer knows (keyless).

Source of the rules: OpenShift API config/v1 types_cluster_image_policy.go, containers/image signature/policy_config.go.
Only public keys and certificates are taken, so all of it may be shown and written down.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..libraries import serialization, x509
from ..resolution.names import NameProblem, parse_scope
from .lists import with_official_image
from .word import UNSHOWN, PolicyError, Reading, Word, from_json, kind_of, shown

#: Of the API of OpenShift 4: the longest text of a key or certificate, of an issuer, and of an address.
_LONGEST, _LONGEST_ISSUER, _LONGEST_EMAIL = 8192, 2048, 320
_KEYLESS = ("ca", "issuer", "email")
_FILES = ("key", "rekor_key", "ca")
_KEYS = ("scope", "signed_as", *(each for name in _FILES for each in (name, f"{name}_file")), "issuer", "email")
_ISSUER = re.compile(r"https?://[^\s/]+\S*")
_EMAIL = re.compile(r"\S+@\S+")


@dataclass(frozen=True)
class Signed:
    """Images of a scope that must be signed. Either `key` or the three of keyless signing; texts are PEM.

    rekor_key: the log in which the signature must stand. signed_as: the name that the signatures give to the scope,
    where images were copied from another place; "" for the name of the scope itself.
    """

    scope: str
    key: str = ""
    rekor_key: str = ""
    ca: str = ""
    issuer: str = ""
    email: str = ""
    signed_as: str = ""

    def plain(self) -> dict[str, str]:
        """Return it as a person writes it."""
        return {name: value for name, value in vars(self).items() if value}

    def requirement(self) -> dict[str, Any]:
        """Return what policy.json demands of the images, in the order in which OpenShift's operator writes it."""
        if self.key:
            root: dict[str, Any] = {"keyData": in_base64(self.key)}
        else:
            root = {
                "fulcio": {"caData": in_base64(self.ca), "oidcIssuer": self.issuer, "subjectEmail": self.email},
            }
        log = {"rekorPublicKeyData": in_base64(self.rekor_key)} if self.rekor_key else {}
        identity = {"type": "matchRepoDigestOrExact"}
        if self.signed_as:
            identity = {"type": "remapIdentity", "prefix": self.scope, "signedPrefix": self.signed_as}
        return {"type": "sigstoreSigned", **root, **log, "signedIdentity": identity}


def in_base64(text: str) -> str:
    """Return a text as requirements and objects of OpenShift hold it."""
    return base64.b64encode(text.encode()).decode()


def read(name: str, value: object, reading: Reading) -> tuple[Signed, ...]:
    """Read a list of mappings, or a JSON text of one. Raises PolicyError."""
    try:
        value = from_json(value)
    except ValueError:
        raise PolicyError(name, UNSHOWN, "the text given is not a list of mappings with scope and key") from None
    if not isinstance(value, (list, tuple)):
        raise PolicyError(name, UNSHOWN, f"{kind_of(value)} is given; write a list of mappings with scope and key")
    found: dict[str, Signed] = {}
    for number, entry in enumerate(value, 1):
        for signed in _entry(name, number, entry, reading):
            if found.setdefault(signed.scope, signed) != signed:
                raise PolicyError(name, signed.scope, "is a scope twice, with different signatures")
    return tuple(found.values())


def _entry(name: str, number: int, entry: object, reading: Reading) -> tuple[Signed, ...]:
    if not isinstance(entry, Mapping):
        raise PolicyError(name, f"entry {number}", f"is {kind_of(entry)}; every entry is a mapping with scope and key")
    if unknown := sorted(set(map(str, entry)) - set(_KEYS)):
        raise PolicyError(name, unknown[0], f"is not a key of an entry ({', '.join(_KEYS)})")
    scope = _scope(name, entry.get("scope"), f"entry {number} has no scope")
    texts = {word: _text(name, scope, word, entry, reading) for word in _FILES}
    texts |= {word: _plain_text(name, scope, word, entry.get(word)) for word in ("issuer", "email")}
    _check_root(name, scope, texts)
    signed_as = _signed_as(name, scope, entry.get("signed_as"))
    if not texts["key"]:
        reading.notes.append(
            f"{name}: '{scope}' is signed without a key (keyless); this collection has not been tested with that"
        )
    signed = Signed(scope, signed_as=signed_as, **texts)
    more = () if signed_as else with_official_image(name, scope, reading)
    return (signed, *(Signed(image, **texts) for image in more))


def _scope(name: str, text: object, lacking: str) -> str:
    if text is None:
        raise PolicyError(name, UNSHOWN, lacking)
    if not isinstance(text, str):
        raise PolicyError(name, text, f"is {kind_of(text)}; a scope is host[:port][/path] or *.domain")
    try:
        scope = parse_scope(text.strip())
        if "tag" in scope.remark:
            raise NameProblem("carries a tag or digest; what must be signed is a repository, a path or a registry")
    except NameProblem as problem:
        raise PolicyError(name, text, str(problem)) from None
    host = scope.text.partition("/")[0].partition(":")[0]
    if "." not in host and host != "localhost":
        raise PolicyError(name, text, "has neither a dot in its host nor is it localhost, so it matches no image")
    return scope.text


def _signed_as(name: str, scope: str, text: object) -> str:
    if text is None:
        return ""
    found = _scope(name, text, "")
    if "*" in scope + found:
        raise PolicyError(name, scope, "has signed_as, and a wildcard cannot stand for another name")
    return found


def _text(name: str, scope: str, word: str, entry: Mapping[str, Any], reading: Reading) -> str:
    """Return a key or certificate as PEM, "" where it is not given. Raises PolicyError, which shows nothing of it."""
    text, path = entry.get(word), entry.get(f"{word}_file")
    if text is not None and path is not None:
        raise PolicyError(name, scope, f"has both {word} and {word}_file; one is enough")
    if path is not None:
        if not isinstance(path, str) or not path:
            raise PolicyError(name, scope, f"has a {word}_file that is {kind_of(path)}; it is the path of a file")
        text = reading.text_of(path)
        if text is None:
            raise PolicyError(name, scope, f"has a {word}_file, and no file can be read here; write {word}")
    if text is None:
        return ""
    if not isinstance(text, str):
        raise PolicyError(name, scope, f"has a {word} that is {kind_of(text)}; it is a text in PEM")
    if "PRIVATE KEY" in text:
        reading.keep_secret(text)
        raise PolicyError(name, scope, f"has a private key as {word}; the public one belongs there")
    return _checked(name, scope, word, "\n".join(text.strip().splitlines()) + "\n")


def _checked(name: str, scope: str, word: str, text: str) -> str:
    label, parse = ("PUBLIC KEY", serialization.load_pem_public_key)
    if word == "ca":
        label, parse = ("CERTIFICATE", x509.load_pem_x509_certificate)
    begins, ends = f"-----BEGIN {label}-----\n", f"-----END {label}-----\n"
    good = text.startswith(begins) and text.endswith(ends) and (word == "ca" or text.count("-----BEGIN") == 1)
    if good:
        try:
            parse(text.encode())
        except Exception:  # the library raises several of its own, and what it says of a key is nothing for a person
            good = False
    if not good:
        a_what = "a certificate" if word == "ca" else "a public key"
        raise PolicyError(name, scope, f"has a {word} that is not {a_what} in PEM (-----BEGIN {label}-----)")
    if len(text) > _LONGEST:
        raise PolicyError(name, scope, f"has a {word} of {len(text)} characters; OpenShift takes {_LONGEST}")
    return text


def _plain_text(name: str, scope: str, word: str, value: object) -> str:
    if value is None:
        return ""
    shape, longest, what = (_ISSUER, _LONGEST_ISSUER, "the address (https://…) of who vouches for the signer")
    if word == "email":
        shape, longest, what = _EMAIL, _LONGEST_EMAIL, "the address of the signer (NAME@DOMAIN)"
    if not isinstance(value, str) or not shape.fullmatch(value) or len(value) > longest:
        raise PolicyError(name, scope, f"has {word}: {shown(value)}, which is not {what}")
    return value


def _check_root(name: str, scope: str, texts: Mapping[str, str]) -> None:
    given = [word for word in _KEYLESS if texts[word]]
    if texts["key"] and given:
        raise PolicyError(name, scope, f"has both a key and {given[0]}; images are signed by a key or without one")
    if not texts["key"] and not given:
        raise PolicyError(name, scope, "has no key (or key_file), and nothing for signatures without one")
    lacking = [word for word in (*_KEYLESS, "rekor_key") if not texts[word]]
    if not texts["key"] and lacking:
        raise PolicyError(
            name, scope, f"has no {lacking[0]}; signatures without a key need ca, issuer, email and rekor_key"
        )


SIGNATURES = Word(
    read,
    lambda demands: [signed.plain() for signed in demands],
    option={
        "type": "raw",
        "description": [
            "Scopes whose images must be signed (sigstore); others than these need no signature. A list of mappings "
            "with C(scope) and C(key) or C(key_file), or a JSON text of one.",
            "C(key) is a public key in PEM, as C(cosign.pub) holds it; C(key_file) names a file on the controller.",
            "C(rekor_key) or C(rekor_key_file) is the public key of the log in which signatures must stand. "
            "C(signed_as) is the name under which the images of the scope were signed, where they are copies.",
            "In place of a key, C(ca) or C(ca_file), C(issuer), C(email) and C(rekor_key) demand signatures by a "
            "person (keyless). That was not tested with real signatures.",
            "podman, skopeo, buildah and CRI-O verify signatures; docker does not. Without it, what must be signed "
            "stays as it is; an empty list takes away what earlier runs demanded.",
        ],
    },
)
