# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real systemd makes of environment files: asks one that runs as pid 1 of a podman container."""

from __future__ import annotations

import io
import subprocess
import tarfile

MARK = b"--words--"
# The first command shows the variables, the second how an unbraced $A is split.
UNIT = """[Service]
Type=oneshot
EnvironmentFile=/run/dockyard-oracle/%i
StandardOutput=append:/run/dockyard-oracle/%i.out
ExecStart=/usr/bin/env -0
ExecStart=/usr/bin/printf '%%s\\\\0' --words-- $A
"""
RUN = """
mkdir -p /run/dockyard-oracle && cd /run/dockyard-oracle && tar -x
mv dockyard-oracle@.service /run/systemd/system/ && systemctl daemon-reload
for try in 1 2 3; do  # a machine under load now and then fails to start one that it does not refuse
  for name in *[0-9]; do test -e "$name.out" || echo "dockyard-oracle@$name"; done | xargs -r -n 200 systemctl start
  grep -L -e --words-- *.out | xargs -r rm -f
done 2>/dev/null
for name in *.out; do mv "$name" "$name.done"; done
tar -c *.done
rm -rf /run/dockyard-oracle /run/systemd/system/dockyard-oracle@.service
systemctl reset-failed 'dockyard-oracle@*' 2>/dev/null || true
"""


def ask(container: str, files: list[bytes]) -> list[tuple[dict[str, str], list[str]] | None]:
    """For each file its variables (all of the process) and the words of ``$A``; None where systemd refused it."""
    names = [f"{number:06d}" for number in range(len(files))]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in [*zip(names, files, strict=True), ("dockyard-oracle@.service", UNIT.encode())]:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    command = ["podman", "exec", "-i", container, "sh", "-c", RUN]
    answer = subprocess.run(command, input=archive.getvalue(), stdout=subprocess.PIPE, check=True)
    outputs = {}
    with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as tar:
        for entry in tar.getmembers():
            member = tar.extractfile(entry)
            outputs[entry.name.split(".")[0]] = member.read() if member else b""
    return [_answer(outputs.get(name, b"")) for name in names]


def _answer(output: bytes) -> tuple[dict[str, str], list[str]] | None:
    fields = output.split(b"\0")[:-1]
    if MARK not in fields:
        return None
    mark = fields.index(MARK)
    variables = dict(field.decode().split("=", 1) for field in fields[:mark])
    return variables, [word.decode() for word in fields[mark + 1 :]]
