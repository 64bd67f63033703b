# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates that registries themselves show to a host: until when they are valid.

Nobody is believed here; whether a registry is trusted is proved elsewhere (proof.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ..host.observed import Observed
from ..host.watch import Question, Watch
from ..policy.certificates import certificates_in
from ..problems import one_line
from ..resolution.names import host_of, port_of

# Three words a registry: its name, host and port. Connections side by side, sixteen at a time.
_SCRIPT = r"""
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
show() {
  case $2 in *[!0-9.]*) by="-servername $2";; *) by=;; esac
  said=$(timeout 8 openssl s_client -connect "$2:$3" $by </dev/null 2>&1)
  printf 'registry %s\n' "$1"
  printf '%s\n' "$said" | openssl x509 2>/dev/null ||
    printf '%s\n' "$said" | grep -i -m 1 -E 'errno|error|refused|lookup' | cut -c1-100
}
number=0
while [ $# -gt 0 ]; do
  number=$((number + 1))
  show "$1" "$2" "$3" >"$tmp/$number.said" &
  [ $((number % 16)) -ne 0 ] || wait
  shift 3
done
wait
cat "$tmp"/*.said
"""
_NAME = "trust.shown"
_ENTRY = re.compile(r"^registry (\S+)\n(.*?)(?=^registry |\Z)", re.MULTILINE | re.DOTALL)


def watch(names: Iterable[str]) -> Watch:
    """Ask these registries for their certificates."""
    words = [word for name in names for word in (name, host_of(name), port_of(name))]
    question = Question(_NAME, ("sh", "-c", _SCRIPT, "sh", *words), "openssl")
    return Watch(commands=(question,), timeout=60.0) if words else Watch()


def report(host: Observed, now: datetime) -> list[dict[str, Any]]:
    """Return what each registry showed: {name, certificate, reason}; the certificate is None where it showed none."""
    return [_entry(name, said, now) for name, said in _ENTRY.findall(host.answer(_NAME).stdout)]


def _entry(name: str, said: str, now: datetime) -> dict[str, Any]:
    shown = certificates_in(said.encode())
    if not shown:
        return {"name": name, "certificate": None, "reason": one_line(said.strip()) or "it does not answer"}
    return {"name": name, "certificate": shown[0].plain(now), "reason": ""}
