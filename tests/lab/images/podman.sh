#!/bin/sh
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The podman node: no background services of podman, a runtime that works inside a container.
set -eu
root=$1

for unit in podman.service podman.socket podman-auto-update.service podman-auto-update.timer podman-restart.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
cat >"$root/etc/containers/containers.conf" <<'CONF'
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "netavark"
CONF
