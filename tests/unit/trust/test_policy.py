# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The word trust: cases in tests/data/trust, and what must hold for any input."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils import libraries
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import PolicyError, certificates, read_policy
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.certificates import certificates_in, doubts
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.trust import Trust
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy.word import Reading
from cases import cases
from hypothesis import given
from hypothesis import strategies as st

from trust.pki import NOW, certificate, key_pem, text

TEXTS = ("ca", "client_cert", "client_key")


def read_trust(value, now=NOW, **more):
    """The word by itself."""
    return read_policy({"trust": value}, reading=Reading(now=now, **more)).trust or Trust()


@pytest.mark.parametrize(
    ("kind", "bits", "says"),
    [("RSA", 16384, "16384 bit"), ("RSA", 8193, "8193 bit"), ("RSA", 8192, ""), ("EC", 521, "")],
)
def test_a_key_that_is_too_long_is_doubted(kind, bits, says):
    (one,) = certificates_in(certificate("one").encode())
    told = doubts(replace(one, key_kind=kind, key_size=bits), NOW, 30)
    assert [says in text for text in told] == [True] * bool(says)


def _trusted(pem):
    """Return what `openssl x509 -trustout -addtrust serverAuth` makes of a certificate."""
    der = base64.b64decode("".join(pem.splitlines()[1:-1])) + b"0\x0c0\n\x06\x08+\x06\x01\x05\x05\x07\x03\x01"
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN TRUSTED CERTIFICATE-----\n{body}-----END TRUSTED CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "passed_on",
    [
        lambda pem: pem.replace("\n", "\n\n"),
        lambda pem: pem.replace("\n", " \r\n  "),
        lambda pem: pem.replace("CERTIFICATE-----\nM", "CERTIFICATE-----\nProc: x\n\nM"),
        _trusted,
    ],
)
def test_a_certificate_is_read_as_people_pass_it_on(passed_on):
    pem = certificate("one")
    assert [one.pem for one in certificates.read_certificates(passed_on(pem))] == [pem]
    assert certificates_in(passed_on(pem).encode(), {certificates_in(pem.encode())[0].fingerprint}) == ()


def test_a_name_that_was_made_to_steer_is_one_line_of_some_length():
    (one,) = certificates_in(certificate("x\n+ forged\x1b[2J" + "y" * 40).encode())
    assert one.subject.isprintable() and "+ forged" in one.subject.replace("\\", "")


def entries(case):
    """Fill PEM texts into the entries of a case."""
    given = case["given"]
    if "times" in case:
        return given * case["times"]
    if case.get("literal"):
        return text(given)
    if not isinstance(given, list):
        return given
    return [
        {key: text(value) if key in TEXTS else value for key, value in entry.items()}
        if isinstance(entry, dict)
        else entry
        for entry in given
    ]


@pytest.mark.parametrize("case", cases("trust/read.yml", having="trust"))
def test_a_policy_is_read(case):
    found = read_trust(entries(case), NOW)
    if case["trust"] is None:
        assert found.registries is None
        return
    assert [
        [list(registry.names), len(registry.cas), registry.client is not None, registry.present]
        for registry in found.registries
    ] == case["trust"]
    assert len(found.warnings) == len(case.get("warnings", []))
    assert all(wanted in said for wanted, said in zip(case.get("warnings", []), found.warnings, strict=True))


@pytest.mark.parametrize("case", cases("trust/read.yml", having="error"))
def test_an_invalid_policy_is_refused_in_one_sentence(case):
    with pytest.raises(PolicyError) as refusal:
        read_trust(entries(case), NOW)
    assert case["error"] in str(refusal.value)
    assert "\n" not in str(refusal.value).replace("a.example.com\nb", "")
    assert "PRIVATE" not in str(refusal.value) and "MIG" not in str(refusal.value)


@pytest.mark.parametrize(
    ("policy", "left_out"),
    [
        ({}, []),
        ({"blocked": ["b.example.com"]}, []),
        ({"blocked": "all", "search": ["a.example.com:5000"]}, ["10.0.0.1"]),
        ({"allowed": ["a.example.com:5000/team", "10.0.0.1"]}, []),
        ({"allowed": ["a.example.com:5000", "10.0.0.1:5000"]}, ["10.0.0.1"]),
        ({"allowed": ["*.example.com"]}, ["10.0.0.1"]),
        ({"allowed": ["quay.io"], "mirrors": [{"source": "quay.io", "mirrors": ["a.example.com:5000"]}]}, ["10.0.0.1"]),
    ],
)
def test_trusted_names_outside_an_allow_list_are_warned_about(policy, left_out):
    trust = [{"registry": "a.example.com:5000", "aliases": ["10.0.0.1"], "ca": certificate("one")}]
    found = read_policy({**policy, "trust": trust}, reading=Reading(now=NOW))
    assert [said.split("'")[1] for said in found.warnings] == left_out


def test_a_key_shows_in_no_representation():
    pair = {"client_cert": certificate("me", by="one", ca=False), "client_key": key_pem("me")}
    found = read_trust([{"registry": "a.example.com", "ca": certificate("one"), **pair}], NOW)
    assert "PRIVATE" in found.registries[0].client.key
    assert "PRIVATE" not in repr(found) and "PRIVATE" not in str(found)


def test_a_key_of_a_file_is_kept_secret_and_an_authority_is_not():
    kept = []
    files = {"me.key": key_pem("me"), "me.crt": certificate("me", by="one", ca=False), "one.crt": certificate("one")}
    paths = {"ca_file": "one.crt", "client_cert_file": "me.crt", "client_key_file": "me.key"}
    entry = {"registry": "a.example.com", **paths}
    read_trust([entry], read_file=lambda path: files[path].encode(), keep_secret=kept.append)
    assert [text for text in kept if text] == [files["me.key"]]


@pytest.mark.parametrize(
    ("limit", "most", "says"),
    [("_MOST", 2, "ca holds 3 certificates, more than the 2 a"), ("_LONGEST", 99, "ca is longer than 99 characters")],
)
def test_an_authority_beyond_measure_is_refused(monkeypatch, limit, most, says):
    three = "".join(map(certificate, ("one", "two", "three")))
    read = certificates.read_certificates
    read.cache_clear()
    monkeypatch.setattr(certificates, limit, len(three) if limit == "_LONGEST" else 3)
    assert len(read(three)) == 3
    read.cache_clear()
    monkeypatch.setattr(certificates, limit, most)
    with pytest.raises(PolicyError, match=says):
        read_trust([{"registry": "a.example.com", "ca": three}])


def test_an_algorithm_that_is_not_known_is_not_a_weak_one():
    der = base64.b64decode("".join(certificate("one").splitlines()[1:-1]))
    with_sha256 = bytes.fromhex("2a8648ce3d040302")
    pem = base64.encodebytes(der.replace(with_sha256, with_sha256[:-1] + b"\x7f")).decode()
    (found,) = certificates_in(f"-----BEGIN CERTIFICATE-----\n{pem}-----END CERTIFICATE-----\n".encode())
    assert found.signature_hash == "" and doubts(found, NOW, 30) == []


def test_what_is_known_is_left_out_and_what_is_damaged_counts_as_nothing():
    one, two = certificate("one"), certificate("two")
    (first,), damaged = certificates_in(one.encode()), one.replace("MII", "MI", 1)
    assert [each.subject for each in certificates_in((damaged + one + two).encode(), {first.fingerprint})] == ["CN=two"]


def test_a_missing_library_is_not_blamed_on_the_certificate(monkeypatch):
    monkeypatch.setattr(certificates, "x509", libraries._Missing("cryptography"))
    certificates.read_certificates.cache_clear()
    certificates._certificate.cache_clear()
    with pytest.raises(libraries.MissingLibrary, match="pip install cryptography"):
        read_trust([{"registry": "a.example.com", "ca": certificate("one")}])


def test_days_left_are_whole_days():
    (found,) = certificates_in(certificate("one", days=12).encode())
    assert found.days_left(NOW) == 12
    assert found.days_left(found.not_after) == 0
    assert found.plain(NOW)["days_left"] == 12


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
pieces = st.lists(
    st.sampled_from(
        ["-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", "MIIB", "AAAA\n", "\n", certificate("one")]
    ),
    max_size=6,
).map("".join)
keys = st.sampled_from(["registry", "ca", "aliases", "state", "client_cert", "client_key", "ca_file"])
entry = st.dictionaries(keys, anything | pieces | st.just("a.example.com"), max_size=5)


@given(anything | st.lists(entry, max_size=3))
def test_no_input_gives_anything_but_trust_or_a_sentence(value):
    try:
        found = read_trust(value, NOW)
    except PolicyError:
        return
    for registry in found.registries or ():
        assert all("/" not in name and name not in ("", ".", "..") for name in registry.names)


@given(st.binary(max_size=300) | pieces.map(str.encode))
def test_files_of_others_are_read_without_complaint(data):
    assert all(found.fingerprint for found in certificates_in(data))


def test_reading_is_linear_in_the_length_of_hostile_text():
    for hostile in ("-----BEGIN CERTIFICATE-----\n" * 30_000, "-----BEGIN A" * 50_000, "-" * 900_000):
        with pytest.raises(PolicyError):
            read_trust([{"registry": "a.example.com", "ca": hostile}], NOW)
