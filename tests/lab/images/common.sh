#!/bin/sh
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# For every node image ($1 is its root): nothing starts that a container cannot run or that would touch the host's kernel.
set -eu
root=$1

for unit in \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  console-getty.service getty.target systemd-logind.service systemd-networkd.service systemd-resolved.service \
  systemd-timesyncd.service systemd-udevd.service systemd-udev-trigger.service systemd-modules-load.service \
  systemd-sysctl.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount dev-hugepages.mount \
  sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount systemd-remount-fs.service \
  systemd-random-seed.service systemd-pcrphase.service systemd-pcrphase-sysinit.service
do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# each node gets its own at start
rm -f "$root"/etc/ssh/ssh_host_*_key* "$root/etc/machine-id"

# `update-ca-certificates` takes seconds for all authorities of the distribution; every fifth is enough here.
authorities=$root/etc/ca-certificates.conf
if [ -e "$authorities" ]; then
  awk '/^[^#!]/ && n++ % 5 { $0 = "!" $0 } 1' "$authorities" >"$authorities.fewer"
  mv "$authorities.fewer" "$authorities"
  chroot "$root" update-ca-certificates --fresh >/dev/null
fi
