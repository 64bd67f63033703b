#!/bin/sh
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The registries: one service per listening port, configured by the lab at start.
set -eu
root=$1

ln -sf /dev/null "$root/etc/systemd/system/docker-registry.service"
cat >"$root/etc/systemd/system/registry@.service" <<'UNIT'
[Unit]
Description=Registry on port %i

[Service]
ExecStart=/usr/bin/docker-registry serve /etc/lab-registry/%i.yml
Restart=on-failure

[Install]
WantedBy=multi-user.target
UNIT
