# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives: the same bytes for the same content, and nothing believed of what is read."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
import tracemalloc

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.host.observed import HostProblem
from ansible_collections.dockyard.openshift.plugins.plugin_utils.plan.records import state_of
from ansible_collections.dockyard.openshift.plugins.plugin_utils.policy import PolicyError
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.certificate_directories import PLACES
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import archive, backup, stores
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust.archive import Archive, ArchiveProblem, Saved
from cases import DATA, cases
from hypothesis import given
from hypothesis import strategies as st

from trust.pki import NOW, certificate, key_pem
from trust.test_policy import read_trust
from trust.world import contents, described, listing, propose, restore_of, world, world_after

CA = Saved("/etc/docker/certs.d/a:5000/ca.crt", certificate("one").encode())
KEY = Saved("/etc/docker/certs.d/a:5000/me.key", key_pem("me").encode(), mode="0600", uid=12, gid=34)
GOOD = Archive("node1", (CA, KEY))
KINDS = {
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
    "device": tarfile.CHRTYPE,
    "directory": tarfile.DIRTYPE,
    "named pipe": tarfile.FIFOTYPE,
    "sparse": tarfile.GNUTYPE_SPARSE,
    "extended header": tarfile.XHDTYPE,
    "global header": tarfile.XGLTYPE,
    "long name": tarfile.GNUTYPE_LONGNAME,
}


def members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def hostile(case: dict) -> bytes:
    found = members(archive.pack(GOOD))
    manifest = json.loads(found["manifest.json"])
    manifest["files"][0].update(case.get("entry", {}))
    manifest.update(case.get("manifest", {}))
    if case.get("twice"):
        manifest["files"].append(manifest["files"][0])
    if {"entry", "manifest", "twice", "written"} & set(case):
        text = case["written"] * case.get("times", 1) if "written" in case else json.dumps(manifest)
        found["manifest.json"] = text.encode()
        found["manifest.sha256"] = hashlib.sha256(found["manifest.json"]).hexdigest().encode()
    if "flip" in case:
        content = bytearray(found[case["flip"]])
        content[40] ^= 1
        found[case["flip"]] = bytes(content)
    found.pop(case.get("drop"), None)
    entries = [(name, tarfile.REGTYPE, content) for name, content in found.items()]
    if "member" in case:
        more = case["member"]
        content = more.get("content", "").encode() * more.get("times", 1)
        entries.insert(-1, (more["name"], KINDS.get(more.get("kind"), tarfile.REGTYPE), content))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind, content in entries:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), "/etc/shadow"
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()[: case.get("cut")] + case.get("behind", "").encode()


@pytest.mark.parametrize("case", cases("trust/hostile.yml"))
def test_hostile_archives_are_refused(case):
    with pytest.raises(ArchiveProblem) as refusal:
        archive.unpack(hostile(case))
    assert case["says"] in str(refusal.value), refusal.value
    assert "PRIVATE" not in str(refusal.value) and str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("09-sparse-members", "a file with holes"),
        ("10-pax-digits", "a header that this collection does not write"),
        ("15-names-that-steer", "not a place for certificates"),
        ("21-owner-without-number", "a mode, owner or label"),
    ],
)
def test_archives_that_attackers_made_are_refused_at_once(shared_dir, name, says):
    data = (shared_dir / "field-cases" / "attack" / f"{name}.tar").read_bytes()
    tracemalloc.start()
    with pytest.raises(ArchiveProblem, match=says) as refusal:
        archive.unpack(data)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(refusal.value).isprintable() and most < 10 * len(data) + 1_000_000


@pytest.mark.parametrize("size", [-1, 1 << 62, 1 << 200])
def test_a_member_of_a_size_that_cannot_be_is_refused(size):
    header = bytearray(tarfile.TarInfo("manifest.json").tobuf())
    header[124:136] = (b"\xff" if size < 0 else b"\x80") + size.to_bytes(40, "big", signed=True)[-11:]
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    with pytest.raises(ArchiveProblem, match="holds too much|cannot be read|cut off|does not begin"):
        archive.unpack(bytes(header) + bytes(1024))


@pytest.mark.parametrize("digits", [60, 20_000])
def test_a_header_takes_no_more_time_than_its_length(digits):
    found = hostile({"member": {"name": "p", "kind": "extended header", "content": "9", "times": digits}})
    start = time.process_time()
    with pytest.raises(ArchiveProblem, match="a header that this collection does not write"):
        archive.unpack(found)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("limit", "value", "says"),
    [
        ("_LARGEST", 5000, "is larger than 5000 bytes"),
        ("_LARGEST_FILE", 500, "holds too much (at 'manifest.json')"),
        ("_MOST", 2, "holds too much (at 'manifest.sha256')"),
    ],
)
def test_an_archive_beyond_measure_is_refused(monkeypatch, limit, value, says):
    monkeypatch.setattr(archive, limit, value)
    data = archive.pack(Archive("node1", (KEY, CA)))
    with pytest.raises(ArchiveProblem) as refusal:
        archive.unpack(data)
    assert str(refusal.value) == says


def test_an_archive_is_read_as_it_was_written():
    assert archive.unpack(archive.pack(GOOD)) == GOOD
    assert archive.pack(Archive("node1", (KEY, CA))) == archive.pack(GOOD)
    assert "PRIVATE" not in repr(GOOD) and "PRIVATE" not in json.dumps(GOOD.manifest())


names = st.sampled_from(["a", "a.example.com:5000", "10.0.0.1", "b_c"])
paths = st.builds(lambda place, name, file: f"{place}/{name}/{file}.crt", st.sampled_from(PLACES), names, names)
saved = st.builds(Saved, paths, st.binary(max_size=2000), st.sampled_from(["0644", "0600"]))
archives = st.builds(
    lambda host, files: Archive(host, tuple({file.path: file for file in files}.values())),
    st.text(max_size=5), st.lists(saved, max_size=4),
)  # fmt: skip


@given(archives)
def test_round_trip(found):
    again = archive.unpack(archive.pack(found))
    assert again.host == found.host and set(again.files) == set(found.files) if found.files else again == found


@given(st.binary(max_size=2000) | st.tuples(st.integers(0, 9000), st.integers(0, 255)))
def test_no_bytes_give_anything_but_an_archive_or_a_sentence(damage):
    data = bytearray(archive.pack(GOOD))
    if isinstance(damage, bytes):
        data = bytearray(damage)
    else:
        data[damage[0] % len(data)] = damage[1]
    try:
        found = archive.unpack(bytes(data))
    except ArchiveProblem:
        return
    assert {file.path: file.content for file in found.files} == {file.path: file.content for file in GOOD.files}


@pytest.mark.parametrize(
    "record",
    [
        {"files": {"/etc/passwd": {"sha256": "x", "registries": []}}, "directories": ["/etc"]},
        {"files": {CA.path: {"sha256": "x", "registries": ["a"]}}},
        {"files": {CA.path: {"registries": "a"}}},
        {"files": {"": {"sha256": ""}}},
        {"files": [], "directories": {}, "relying": 1},
        {"files": {CA.path: ["a"]}},
        None,
        ["files"],
    ],
)
def test_a_record_makes_nothing_ours_that_is_not_in_the_archive(record):
    assert archive.unpack(hostile({"manifest": {"record": record}})).record == {}


def test_a_true_record_comes_back_without_directories_of_others():
    ours = {CA.path: {"sha256": CA.sha256, "registries": ["a:5000"]}}
    record = {"files": ours, "directories": ["/etc/docker/certs.d/a:5000", "/etc/docker", "/"], "relying": ["a"]}
    found = archive.unpack(archive.pack(Archive("node1", (CA,), record=record))).record
    assert found == {"files": ours, "directories": ["/etc/docker/certs.d/a:5000"], "relying": ["a"]}


# -- from a host and back -------------------------------------------------------------------------------------------

TRUST = [
    {
        "registry": "a.example.com:5000", "aliases": ["10.0.0.1"], "ca": certificate("one"),
        "client_cert": certificate("me", by="one", ca=False), "client_key": key_pem("me"),
    }
]  # fmt: skip
CASES = [{"podman": True, "family": "debian"}, {"docker": "1.13.1"}, {"docker": "1.12.6", "podman": True}]


@pytest.mark.parametrize("case", CASES)
def test_lost_files_come_back_and_are_ours_again(case):
    trusted = propose(world(case), read_trust(TRUST, NOW), {})
    later, host = world_after(case, world(case), trusted.commit)
    found, warnings = backup.collect(host, "node1", keys=True)
    assert warnings == []
    again = archive.unpack(archive.pack(found))
    restored = restore_of(world(case), again, {"activation": "now"})
    assert contents(restored.commit).keys() == contents(trusted.commit).keys()
    last, end = world_after(case, world(case), restored.commit)
    assert state_of(end)["registry_trust"]["files"] == state_of(host)["registry_trust"]["files"]
    assert not restore_of(end, again, {}).plan.changed
    assert not propose(end, read_trust(TRUST, NOW), {}).plan.changed
    gone = propose(end, read_trust([], NOW), {"activation": "now"})
    assert {f["path"] for f in gone.commit["files"] if f["state"] == "absent"} == state_of(host)["registry_trust"][
        "files"
    ].keys()
    seen = json.dumps([restored.plan.result(), restored.plan.diff()])
    assert "PRIVATE" not in seen and key_pem("me").splitlines()[1] not in seen


def test_a_certificate_with_a_key_of_a_kind_that_is_not_known():
    """Others' is saved and put back, and judged by nobody; in ca it is refused in a sentence."""
    unknown = (DATA / "trust/unknown-key-type.crt").read_text()
    path = "/etc/docker/certs.d/a.example.com/theirs.crt"
    host = world({"docker": "1.13.1", "files": {path: unknown}})
    found, warnings = backup.collect(host, "node1", keys=True)
    assert [saved.path for saved in found.files] == [path] and warnings == []
    again = restore_of(world({"docker": "1.13.1"}), archive.unpack(archive.pack(found)))
    assert contents(again.commit)[path] == unknown
    assert not propose(host, read_trust([], NOW)).plan.changed
    with pytest.raises(PolicyError, match="ca holds a certificate .* that cannot be read"):
        read_trust([{"registry": "a.example.com", "ca": unknown}], NOW)


@pytest.mark.parametrize("mode", ["2644", "1644", "4755", "0600"])
def test_what_is_saved_can_be_put_back_whatever_its_mode(mode):
    path = "/etc/docker/certs.d/a.example.com/ca.crt"
    seen = {path: {**described(certificate("one")), "mode": mode}}
    host = world({"docker": "1.13.1"}, seen)
    found, warnings = backup.collect(host, "node1", keys=True)
    again = archive.unpack(archive.pack(found))
    assert again.files[0].mode == f"0{mode[1:]}"
    assert warnings == (
        [] if mode[0] == "0" else [f"{path} has mode {mode} and is saved as 0{mode[1:]}; no certificate needs more"]
    )
    assert not restore_of(host, again).plan.changed
    (written,) = restore_of(world({"docker": "1.13.1"}), again).commit["files"]
    assert written["mode"] == f"0{mode[1:]}"


@pytest.mark.parametrize("name", ["a\x1b[2Jb.crt", "a\u202eb.crt", "a\nb.crt", "a\x85b.crt"])
def test_a_file_whose_name_steers_is_named_and_not_saved(name):
    path = f"/etc/docker/certs.d/a.example.com/{name}"
    links = {"/etc/docker/certs.d/a.example.com/l.crt": "x\x1b[31m\n  + everything is as it was"}
    host = world({"docker": "1.13.1", "links": links}, {path: described(certificate("one"))})
    found, warnings = backup.collect(host, "node1", keys=True)
    assert found.files == () and [text.partition(" has a name")[0] for text in warnings] == [path]
    assert archive.unpack(archive.pack(found)).links == {next(iter(links)): "x [31m   + everything is as it was"}


def test_without_keys_neither_half_of_a_pair_comes_back():
    case = {"podman": True, "family": "debian"}
    _later, host = world_after(case, world(case), propose(world(case), read_trust(TRUST, NOW), {}).commit)
    found, _warnings = backup.collect(host, "node1", keys=False)
    assert not any(saved.path.endswith(".key") for saved in found.files) and len(found.left_out) == 2
    restored = restore_of(world(case), archive.unpack(archive.pack(found)), {})
    assert not any(path.endswith((".cert", ".key")) for path in contents(restored.commit))
    assert any("its key was left out" in text for text in restored.plan.warnings)


@pytest.mark.parametrize("there", [True, False], ids=["a link", "a link to nothing"])
def test_links_are_named_and_left_alone(there):
    """CentOS brings the second: its target belongs to a package of RHEL."""
    link = "/etc/docker/certs.d/registry.redhat.io/redhat-ca.crt"
    case = {"docker": "1.13.1", "links" if there else "dangling": {link: "/etc/rhsm/ca/redhat-uep.pem"}}
    found, _warnings = backup.collect(world(case), "node1", keys=True)
    assert found.links == {link: "/etc/rhsm/ca/redhat-uep.pem"} and found.files == ()
    restored = restore_of(world({"docker": "1.13.1"}), found, {})
    assert not restored.plan.changed and "links are not put back" in restored.plan.warnings[0]
    assert restore_of(world(case), found, {}).plan.warnings == ()


def test_an_archive_of_another_operating_system_is_refused():
    anchor = Saved("/usr/local/share/ca-certificates/x.crt", certificate("one").encode())
    says = f"holds {anchor.path}, .* keeps its anchors in /etc/pki/ca-trust/source/anchors; .*another operating system"
    with pytest.raises(HostProblem, match=says):
        restore_of(world({"podman": True}), Archive("node1", (anchor,)), {})


def test_an_authority_without_a_file_is_saved_with_its_full_path():
    case = {"podman": True, "effective": [{"cert": "one"}]}
    host = world(case)
    (one,) = backup.certificates_in(certificate("one").encode())
    address = "pkcs11:id=" + "".join(f"%{one.key_id[at : at + 2].upper()}" for at in range(0, 40, 2)) + ";type=cert"
    listed = f"{address}\n    type: certificate\n    label: The One\n    trust: anchor\n"
    asked = {question.name: question.argv for question in backup.WATCH.commands}
    assert asked["trust.list"] == ("trust", "list", "--filter=ca-anchors")
    host.answers["trust.list"] = type(host.answers["trust.tools"])(rc=0, stdout=listed)
    (found,) = backup.collect(host, "node1", keys=True)[0].files
    assert found.path == f"/etc/pki/ca-trust/source/anchors/system-one-{one.fingerprint[:12]}.crt"
    assert found.origin == "system trust"
    assert found.certificates[0]["pkcs11"] == address and found.certificates[0]["label"] == "The One"
    assert not restore_of(host, Archive("node1", (found,)), {}).plan.changed


UNREAD = {CA.path: {"state": "failed", "reason": "Permission denied"}}


def test_half_of_a_backup_is_none():
    with pytest.raises(HostProblem, match=f"^{CA.path}: Permission denied$"):
        backup.collect(world({"docker": "1.13.1"}, UNREAD), "node1", keys=True)


def test_a_file_that_cannot_be_read_is_not_written_over():
    with pytest.raises(HostProblem, match=f"^{CA.path}: Permission denied$"):
        restore_of(world({"docker": "1.13.1"}, UNREAD), GOOD)
    ours = {"/etc/docker/certs.d/a.example.com:5000/dockyard.crt": {"state": "failed", "reason": "Input/output error"}}
    with pytest.raises(HostProblem, match=r"^/etc/docker/certs.d/a.example.com:5000/dockyard.crt: Input/output error$"):
        propose(world({"docker": "1.13.1"}, ours), read_trust(TRUST, NOW), {"scope": "engine"})


def test_a_backup_of_a_host_without_a_store_holds_what_engines_read():
    host = world({"docker": "1.13.1", "family": "none"}, {CA.path: described(certificate("one"))})
    found, warnings = backup.collect(host, "node1", keys=True)
    assert [saved.path for saved in found.files] == [CA.path] and warnings == []


def test_another_key_is_said_to_be_another_and_not_shown():
    place = "/etc/docker/certs.d/a.example.com:5000/dockyard"
    there = {f"{place}.key": described(key_pem("other"), mode="0600"), f"{place}.cert": described(certificate("other"))}
    plan = propose(world({"docker": "1.13.1"}, there), read_trust(TRUST, NOW)).plan
    (shown,) = [each for each in plan.diff() if each["after_header"] == f"{place}.key"]
    assert (shown["before"], shown["after"]) == ("another private key\n", "private key of CN=me\n")


STORE = stores.STORES[0]


@pytest.mark.parametrize(
    ("kind", "place"), [("directories", "/etc/docker/certs.d"), ("directories", STORE.anchors), ("files", STORE.bundle)]
)
def test_a_place_of_certificates_that_cannot_be_read_stops_everything(kind, place):
    others = {each: listing(each, {}, [], "redhat") for each in (*PLACES, STORE.anchors)}
    failed = {place: {"state": "failed", "reason": "Input/output\nerror"}}
    case = {"docker": "1.13.1", "more": {kind: failed if kind == "files" else others | failed}}
    with pytest.raises(HostProblem, match=f"^{place}: Input/output error$"):
        propose(world(case), read_trust(TRUST, NOW), {"scope": "both"})
