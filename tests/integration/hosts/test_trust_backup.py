# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup, a node made anew, restore, pull; and archives that nobody should believe."""

from __future__ import annotations

import io
import re
import tarfile

import pytest
from conftest import lab
from test_trust import (
    ADDRESS,
    ALL,
    BARE,
    CA,
    NAMES,
    NODES,
    PORT,
    assert_pulls,
    assert_refused,
    entry,
    everything,
    trust,
)
from trust.pki import certificate, key_pem

pytestmark = pytest.mark.trust

REDHAT = "/etc/docker/certs.d/registry.access.redhat.com/redhat-ca.crt"


@pytest.fixture(params=NODES)
def node(request, untrusting):
    return untrusting(request.param)


def backup(controller, node, path, *flags, **options):
    return controller.task(node, "certificates_backup", {"path": str(path), **options}, *flags)


def restore(controller, node, path, *flags, **options):
    return controller.task(node, "certificates_restore", {"path": str(path), **options}, *flags)


def made_anew(node):
    """A fresh container of the same name, as a rebuilt host is."""
    lab("down", node.name)
    lab("up", node.name)


def client(name="client"):
    return {"client_cert": certificate(name, by="some authority", ca=False, days=40000), "client_key": key_pem(name)}


def test_backup_then_a_fresh_container_then_restore(controller, node, tmp_path):
    """What the task put there with a client's key, what a person put there, and the link of a package."""
    archive = tmp_path / "archives" / "node.tar"
    node.write("/etc/docker/certs.d/theirs.example.com/their-own.crt", certificate("theirs", days=40000))
    node.sh(f"chmod 640 /etc/docker/certs.d/theirs.example.com/their-own.crt; mkdir -p $(dirname {REDHAT})")
    node.sh(f"chown 12:34 /etc/docker/certs.d/theirs.example.com/their-own.crt; ln -s /etc/rhsm/ca/uep.pem {REDHAT}")
    assert trust(controller, node, [*ALL, entry(registry="asks.lab.example:5999", **client())]).rc == 0
    before = everything(node)

    foreseen = backup(controller, node, archive, "--check", "--diff")
    assert foreseen.last["changed"] and not archive.exists(), foreseen.output
    done = backup(controller, node, archive, "--diff", "-vvvv")
    assert done.rc == 0 and done.last["changed"], done.output
    assert (archive.stat().st_mode & 0o777, archive.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    content = archive.read_bytes()
    assert not backup(controller, node, archive).last["changed"] and archive.read_bytes() == content
    assert done.last["links"] == {REDHAT: "/etc/rhsm/ca/uep.pem"}
    assert {file["path"].rpartition("/")[2] for file in done.last["files"]} >= {"dockyard.key", "their-own.crt"}

    made_anew(node)
    assert_refused(node, *NAMES)
    lost = backup(controller, node, archive)
    assert lost.rc == 2 and "is not overwritten with nothing" in lost.last["msg"], lost.output
    shown = restore(controller, node, archive, "--check", "--diff")
    assert shown.last["changed"], shown.output
    assert_refused(node, PORT)
    back = restore(controller, node, archive, "--diff", "-vvvv")
    assert back.rc == 0, back.output
    assert {found["outcome"] for found in back.last["verified"]} == {"trusted", "unreachable"}
    assert_pulls(node, *NAMES)
    assert not restore(controller, node, archive).last["changed"]
    for run in (done, back):
        assert key_pem("client").splitlines()[1] not in run.output + str(run.results)

    saved = [line for line in before.splitlines() if re.search("certs.d/|/anchors/|/ca-certificates/|bundle", line)]
    links = [line for line in saved if "redhat" in line]
    assert links and set(saved) - set(links) <= set(everything(node).splitlines())
    assert any("links are not put back" in warning for warning in back.last["warnings"])
    assert not trust(controller, node, [*ALL, entry(registry="asks.lab.example:5999", **client())]).last["changed"]
    assert trust(controller, node, []).rc == 0
    assert_refused(node, *NAMES)
    assert "their-own.crt" in everything(node), "what was theirs is theirs again"


def test_an_authority_that_is_in_the_system_trust_alone(controller, untrusting, tmp_path):
    """`trust anchor --store` leaves no file of its own in the directory of anchors."""
    origin1 = untrusting("origin1")
    origin1.write("/tmp/ca.crt", CA.read_text())
    origin1.sh("trust anchor --store /tmp/ca.crt; rm /tmp/ca.crt; update-ca-trust extract; systemctl restart docker")
    assert_pulls(origin1, BARE)
    done = backup(controller, origin1, tmp_path / "origin1.tar")
    assert done.rc == 0, done.output
    (saved,) = [file for file in done.last["files"] if file["origin"] == "system trust"]
    (shown,) = saved["certificates"]
    assert shown["subject"] == "CN=dockyard lab CA"
    found = origin1.sh(
        f"cd /tmp; trust extract --filter='{shown['pkcs11']}' --format=pem-bundle one.pem && cat one.pem; rm one.pem"
    )
    assert CA.read_text().splitlines()[2] in found
    untrusting("origin1")
    assert_refused(origin1, BARE)
    assert restore(controller, origin1, tmp_path / "origin1.tar").rc == 0
    assert_pulls(origin1, BARE)


# -- archives that nobody should believe ------------------------------------------------------------------------------


def archive_with(path, change):
    """A good archive with members changed: change(name, content) → the content in its place."""
    stream = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as new:
        for member in old:
            for info, content in change(member, old.extractfile(member).read()):
                info.size = len(content) if info.isreg() else 0
                new.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return stream.getvalue()


def member(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def another_authority(info, content):
    yield info, certificate("evil", days=40000).encode() if info.name.endswith(".crt") else content


def a_climbing_path(info, content):
    yield info, content
    yield member("files/../../../root/.ssh/authorized_keys"), b"ssh-ed25519 AAAA evil"


def a_link(info, content):
    yield (member(info.name, tarfile.SYMTYPE, "/etc/shadow") if info.name.endswith(".crt") else info), content


def a_device(info, content):
    yield info, content
    yield member("files/etc/docker/certs.d/a/b.crt", tarfile.BLKTYPE), b""


HOSTILE = {
    "damaged": (another_authority, "checksum that is not that of its manifest"),
    "climbing": (a_climbing_path, "holds a path that leads out of it"),
    "a link": (a_link, "holds a symbolic link"),
    "a device": (a_device, "holds a device"),
}


@pytest.mark.parametrize("name", ["podman1", "origin1"])
def test_a_changed_archive_changes_nothing(controller, untrusting, name, tmp_path):
    node, good = untrusting(name), tmp_path / "good.tar"
    assert trust(controller, node, [entry(ADDRESS)]).rc == 0
    assert backup(controller, node, good).rc == 0
    untrusting(name)
    before = everything(node)
    bad = {
        "cut off": (good.read_bytes()[:4000], "is cut off"),
        "no archive": (b"certificates", "is cut off, or holds something behind its end"),
    }
    bad |= {case: (archive_with(good, change), says) for case, (change, says) in HOSTILE.items()}
    for case, (_content, _says) in bad.items():
        (tmp_path / case).write_bytes(_content)
    steps = [{"path": str(tmp_path / case)} for case in bad]
    run = controller.ended(controller.begin(node, *steps, task="certificates_restore"))
    for (case, (_content, says)), result in zip(bad.items(), run.tasks, strict=True):
        assert says in result["msg"] and result["msg"].endswith("nothing was changed"), (case, result)
    assert everything(node) == before
    assert_refused(node, PORT)


def test_an_archive_of_another_host_needs_its_option(controller, untrusting, tmp_path):
    podman1, moby1 = untrusting("podman1"), untrusting("moby1")
    assert trust(controller, podman1, ALL).rc == 0
    assert backup(controller, podman1, tmp_path / "a.tar").rc == 0
    refused = restore(controller, moby1, tmp_path / "a.tar")
    assert refused.rc == 2 and "is of the host podman1, not of moby1" in refused.last["msg"]
    assert restore(controller, moby1, tmp_path / "a.tar", other_host=True).rc == 0
    assert_pulls(moby1, BARE)


# -- the playbooks ----------------------------------------------------------------------------------------------------


def test_encrypted_archives_on_another_host(controller, untrusting, tmp_path):
    """Of all nodes, kept by one of them; what is unchanged is so although no two encryptions are alike."""
    nodes = [untrusting(name) for name in ("podman1", "origin1")]
    (tmp_path / "password").write_text("a long password\n")
    for node in nodes:
        assert trust(controller, node, [entry(**client())], verify="store").rc == 0
    kept = "/var/backups/dockyard-certificates"
    nodes[0].sh(f"rm -rf {kept}")
    # Ansible does not quote the path of its own Python, which it takes for a localhost that no inventory names.
    controller_itself = "localhost ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n"
    (tmp_path / "controller").write_text(controller_itself)
    flags = ["-e", "certificates_backup_host=podman1", "-e", "docker_registries_backup_encrypt=true"]
    flags += ["-i", str(tmp_path / "controller")]
    flags += ["--vault-password-file", str(tmp_path / "password"), "--limit", "podman1,origin1", "-vvvv", "--diff"]
    run = controller.playbook("dockyard.openshift.certificates_backup", *flags, core="2.16")
    assert run.rc == 0, run.output
    assert sorted(nodes[0].sh(f"stat -c '%a %n' {kept}/* {kept}").splitlines()) == [
        f"600 {kept}/origin1.tar", f"600 {kept}/podman1.tar", f"700 {kept}",
    ]  # fmt: skip
    assert nodes[0].read(f"{kept}/origin1.tar").startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    again = controller.playbook("dockyard.openshift.certificates_backup", *flags, core="2.16")
    assert again.rc == 0 and not any(task.get("changed") for task in again.tasks), again.output
    assert key_pem("client").splitlines()[1] not in run.output + again.output

    for node in nodes:
        untrusting(node.name)
    back = controller.playbook("dockyard.openshift.certificates_restore", *flags, core="2.16")
    assert back.rc == 0, back.output
    for node in nodes:
        assert_pulls(node, PORT)
    locked = controller.playbook(
        "dockyard.openshift.certificates_restore", *flags[:6], "--limit", "origin1", core="2.16"
    )
    assert locked.rc == 2 and "vault" in locked.of("origin1", "Restore the certificates")["msg"]
    nodes[0].sh(f"rm -rf {kept}")
