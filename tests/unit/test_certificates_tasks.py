# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole tasks that save certificates and put them back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret
from ansible_collections.dockyard.openshift.plugins.action import certificates_backup, certificates_restore
from ansible_collections.dockyard.openshift.plugins.plugin_utils.trust import archive
from hosts import contents, described
from tasks import COMMITTED, asked, run
from test_host_policy import docker
from trust.pki import certificate, key_pem
from trust.world import PLACES, listing

CA = "/etc/docker/certs.d/a.example.com:5000/ca.crt"
KEY = "/etc/docker/certs.d/a.example.com:5000/me.key"


def node(files: dict[str, str]) -> dict:
    seen = docker(directories={place: listing(place, files, [], "redhat") for place in PLACES})
    about = {path: {**described(text), "uid": 0, "gid": 0, "label": None} for path, text in files.items()}
    return {**seen, "files": {**seen["files"], **about}}


def backed_up(path: Path, files: dict[str, str], **options) -> dict:
    return run(certificates_backup.ActionModule, {"path": str(path), **options}, [node(files)]).result


def test_saved_certificates_are_restored(tmp_path, monkeypatch):
    path, files = tmp_path / "node1.tar", {CA: certificate("one"), KEY: key_pem("me")}
    saved = backed_up(path, files)
    assert saved["changed"] and path.stat().st_mode & 0o777 == 0o600
    assert saved.keys() == {"changed", "path", "files", "links", "left_out"} and saved["path"] == str(path)
    assert ([one["path"] for one in saved["files"]], saved["links"], saved["left_out"]) == (sorted(files), {}, [])
    assert not backed_up(path, files)["changed"]
    assert {each.path for each in archive.unpack(path.read_bytes()).files} == set(files)
    monkeypatch.setattr(certificates_restore.ActionModule, "read_file", lambda self, name: Path(name).read_bytes())
    done = run(
        certificates_restore.ActionModule, {"path": str(path), "verify": "none"}, [node({})], COMMITTED, diff=True
    )
    assert done.result["changed"] and "verified" in done.result, done.result
    (sent,) = done.transactions
    assert {name: contents(sent)[name] for name in files} == files
    assert key_pem("me").splitlines()[1] not in json.dumps(done.result)


def test_a_key_of_the_archive_is_shown_by_no_failure(tmp_path, monkeypatch):
    path, line = tmp_path / "node1.tar", key_pem("me").splitlines()[1]
    backed_up(path, {KEY: key_pem("me")})
    monkeypatch.setattr(certificates_restore.ActionModule, "read_file", lambda self, name: Path(name).read_bytes())
    said = {"failed": True, "msg": f"cannot write {line}"}
    refused = run(certificates_restore.ActionModule, {"path": str(path), "verify": "none"}, [said]).result
    assert refused["failed"] and "cannot write" in refused["msg"] and line not in json.dumps(refused)


def test_a_check_of_a_backup_shows_how_the_archive_would_change(tmp_path):
    path, one = tmp_path / "node1.tar", certificate("one")
    saved = {each["path"]: each for each in foreseen(path, {CA: one, KEY: key_pem("me")})["files"]}
    assert not path.exists()
    mine = {"uid": 0, "gid": 0, "mode": "0644", "origin": "file", "label": None, "size": len(one)}
    assert saved[CA] | mine == saved[CA] and saved.keys() == {CA, KEY}
    assert [each["subject"] for each in saved[CA]["certificates"]] == ["CN=one"] and saved[KEY]["certificates"] == []
    backed_up(path, {CA: one})
    (diff,) = foreseen(path, {CA: one, KEY: key_pem("me")})["diff"]
    ca, key = (f"{name} 0644 {saved[name]['sha256'][:16]}\n" for name in (CA, KEY))
    assert diff == {"before_header": str(path), "after_header": str(path), "before": ca, "after": ca + key}


def foreseen(path: Path, files: dict[str, str]) -> dict:
    return run(certificates_backup.ActionModule, {"path": str(path)}, [node(files)], check=True, diff=True).result


def test_keys_stay_on_the_host_when_that_is_asked(tmp_path):
    done = run(certificates_backup.ActionModule, {"path": str(tmp_path / "x"), "keys": False}, [node({KEY: "k"})])
    assert done.result["left_out"] == [KEY] and done.result["files"] == []
    ((_module, arguments),) = done.calls
    secret = {each["path"]: each.get("secret") for each in asked(arguments)["directories"]}
    assert secret["/etc/docker/certs.d"] == "*.key" and asked(arguments)["labels"] is True


def test_an_archive_is_not_overwritten_with_nothing(tmp_path):
    path = tmp_path / "node1.tar"
    backed_up(path, {CA: certificate("one")})
    refused = backed_up(path, {})
    assert refused["failed"] and f"{path} holds 1 file(s) of it; it is not overwritten with nothing" in refused["msg"]


def loader(*passwords: str) -> DataLoader:
    """Make a loader of files on the controller, with these vault passwords."""
    made = DataLoader()
    made.set_vault_secrets([("default", VaultSecret(each.encode())) for each in passwords])
    return made


def test_an_encrypted_archive_comes_back_with_its_password_and_not_without(tmp_path):
    path, files = tmp_path / "below" / "node1.tar", {CA: certificate("one"), KEY: key_pem("me")}
    options = {"path": str(path), "encrypt": True}
    for changed in (True, False):
        saved = run(certificates_backup.ActionModule, options, [node(files)], loader=loader("one")).result
        assert saved["changed"] is changed, saved
    assert path.read_text().startswith("$ANSIBLE_VAULT;") and path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700 and [each.name for each in path.parent.iterdir()] == [path.name]
    wanted = {"path": str(path), "verify": "none"}
    back = run(certificates_restore.ActionModule, wanted, [node({})], COMMITTED, loader=loader("one"))
    assert {name: contents(back.transactions[0])[name] for name in files} == files
    for passwords in ([], ["two"]):
        refused = run(certificates_restore.ActionModule, wanted, [node({})], loader=loader(*passwords)).result
        assert refused["failed"] and f"{path} cannot be read on the controller: " in refused["msg"], refused
        refused = run(certificates_backup.ActionModule, options, [node(files)], loader=loader(*passwords)).result
        assert refused["failed"] and f"{path} is there already: it is encrypted, and none of" in refused["msg"], refused
    plainly = run(certificates_backup.ActionModule, {"path": str(path)}, [node(files)], loader=loader("one")).result
    assert plainly["changed"] and archive.unpack(path.read_bytes()).host == "node1"


@pytest.mark.parametrize(
    ("make", "options", "says"),
    [
        (lambda path: None, {"encrypt": True}, "there is no vault password to encrypt with"),
        (lambda path: path.mkdir(), {}, "{path} cannot be read: Is a directory"),
        (lambda path: path.parent.joinpath("gone").touch(), {"path": "{parent}/gone/x.tar"}, "Not a directory"),
    ],
)
def test_an_archive_that_cannot_be_written_is_one_sentence(tmp_path, make, options, says):
    path = tmp_path / "node1.tar"
    make(path)
    given = {"path": "{path}", **options}
    given["path"] = given["path"].format(path=path, parent=tmp_path)
    refused = run(certificates_backup.ActionModule, given, [node({CA: "x"})], loader=loader()).result
    assert refused["failed"] and says.format(path=path) in refused["msg"], refused


def test_a_file_that_is_not_an_archive_is_replaced_with_a_warning_and_not_put_back(tmp_path):
    path = tmp_path / "node1.tar"
    path.write_text("no archive")
    refused = run(certificates_restore.ActionModule, {"path": str(path)}, [node({})], loader=loader()).result
    assert refused["failed"] and refused["msg"].startswith(f"the archive {path} "), refused
    (warning,) = backed_up(path, {CA: certificate("one")})["warnings"]
    assert warning.startswith(f"the archive that was at {path} ") and warning.endswith("it is replaced")
    gone = run(certificates_restore.ActionModule, {"path": f"{path}.gone"}, [node({})], loader=loader()).result
    assert gone["failed"] and f"{path}.gone cannot be read on the controller: " in gone["msg"]


@pytest.mark.parametrize("other_host", [False, True])
def test_an_archive_of_another_host(tmp_path, monkeypatch, other_host):
    path = tmp_path / "other.tar"
    path.write_bytes(archive.pack(archive.Archive("other", (archive.Saved(CA, certificate("one").encode()),))))
    monkeypatch.setattr(certificates_restore.ActionModule, "read_file", lambda self, name: Path(name).read_bytes())
    options = {"path": str(path), "other_host": other_host, "verify": "none"}
    done = run(certificates_restore.ActionModule, options, [node({})], COMMITTED)
    assert bool(done.result.get("failed")) is not other_host
    assert other_host or f"the archive {path} is of the host other, not of node1; set " in done.result["msg"]


def test_a_link_is_shown_with_its_target(tmp_path):
    link, target = CA.replace("ca.crt", "theirs.crt"), "/etc/rhsm/ca/redhat-uep.pem"
    seen = node({CA: certificate("one"), link: certificate("two")})
    seen["files"][link]["link"] = target
    found = run(certificates_backup.ActionModule, {"path": str(tmp_path / "x")}, [seen], check=True, diff=True).result
    (diff,) = found["diff"]
    assert (found["links"], [each["path"] for each in found["files"]]) == ({link: target}, [CA])
    assert diff["after"].splitlines()[1:] == [f"{link} -> {target}"]


def test_nothing_is_written_that_could_not_be_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "_LARGEST", 100)
    refused = backed_up(tmp_path / "x", {CA: certificate("one")})
    assert refused["failed"] and not (tmp_path / "x").exists()
    assert refused["msg"] == (
        "the certificates of this host cannot be saved: an archive of them is larger than 100 bytes"
    )
