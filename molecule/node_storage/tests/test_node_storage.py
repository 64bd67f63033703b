# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docker, LVM and the disks say after the role has run."""

import pytest

ROOT = "/var/lib/docker"


def test_docker_runs_where_it_was_asked_to(host):
    assert host.service("docker").is_running
    told = host.check_output("docker info --format '{{.Driver}} {{.DockerRootDir}} {{json .DriverStatus}}'")
    assert told.startswith(f"overlay2 {ROOT} ") and '["Supports d_type","true"]' in told


def test_its_root_is_the_volume(host):
    mount = host.mount_point(ROOT)
    assert mount.exists and (mount.filesystem, mount.device) == ("xfs", "/dev/mapper/docker_vg-dockerlv")


def test_the_volume_has_both_disks(host):
    assert sorted(host.check_output("pvs --noheadings -o pv_name,vg_name").split()) == [
        "/dev/vdb1", "/dev/vdc1", "docker_vg", "docker_vg",
    ]  # fmt: skip
    assert int(host.check_output(f"df --output=size -B1M {ROOT} | tail -n 1")) > 7900


@pytest.mark.parametrize(
    "line",
    ["STORAGE_DRIVER='overlay2'", "DEVS='/dev/disk/by-id/virtio-disk-b /dev/vdc'", "VG='docker_vg'"],
)
def test_the_file_says_so(host, line):
    assert line in host.file("/etc/sysconfig/docker-storage-setup").content_string.splitlines()


def test_docker_may_start_at_the_next_boot(host):
    assert not host.file("/etc/systemd/system/docker.service.d/zz-dockyard-storage.conf").exists


@pytest.mark.parametrize("disk", ["vdd", "vde", "vdf", "vdg", "vdh", "vdi"])
def test_other_disks_are_empty(host, disk):
    assert host.check_output(f"wipefs /dev/{disk}; lsblk --noheadings -o NAME /dev/{disk}") == disk
