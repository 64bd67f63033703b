# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proof after a commit, by the host itself: the system's trust holds what it should, and registries are believed.

The scripts run under any POSIX shell with openssl, else with curl; the host's Python may be too old for TLS of today.
Only certificates and names of files travel in their arguments; a client's key stays in its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..plan.draft import Check
from ..policy.certificates import Certificate
from ..resolution.names import host_of, port_of

# What a certificate or a peer says goes through no echo: that of dash makes line breaks of backslashes.
_SAY = r"""
say() { printf '%s\n' "$*"; }
flat() { printf '%s' "$1" | tr '\000-\037\177' ' '; }
"""

_STORE = (
    _SAY
    + r"""
bundle=$1; shift; bad=0
openssl verify -help 2>&1 | grep -q partial_chain && partial=-partial_chain || partial=
while [ $# -gt 0 ]; do
  if ! grep -qF -e "$2" "$bundle"; then
    say "$1 did not get into $bundle" >&2; bad=1
  elif command -v openssl >/dev/null; then
    # what openssl ends with has meant different things over time; what it says has not
    said=$(openssl verify $partial -CAfile "$bundle" "$1" 2>&1)
    case $said in *": OK") ;; *) say "$1: $(flat "$(say "$said" | tail -n 1)")" >&2; bad=1;; esac
  fi
  shift 2
done
exit $bad
"""
)

# Seven words a probe: what to call it, host, port, the directory of certs.d, the bundle; whether authorities of the
# first are added to the second or used instead; whether a certificate may say its name as common name only.
_REGISTRIES = (
    _SAY
    + r"""
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT

probe() {
  roots=$tmp/$1.pem; directory=$5; client=
  : >"$roots"
  for file in "$directory"/*.crt; do [ -f "$file" ] && { cat "$file"; echo; } >>"$roots"; done
  if [ "$7" = added ] || ! [ -s "$roots" ]; then cat "$6" >>"$roots" 2>/dev/null; fi
  for file in "$directory"/*.cert; do [ -f "$file" ] && client="-cert $file -key ${file%.cert}.key"; done
  case $3 in *[!0-9.]*) by="-servername $3 -verify_hostname $3";; *) by="-verify_ip $3";; esac
  if command -v openssl >/dev/null; then by_openssl "$@"; elif command -v curl >/dev/null; then by_curl "$@"
  else say "$2 unreachable: there is neither openssl nor curl on this host"; fi
}

by_openssl() {
  said=$(timeout 8 openssl s_client -connect "$3:$4" $by -CAfile "$roots" $client </dev/null 2>&1)
  [ $? -ne 124 ] || said="error: no answer in 8 seconds
$said"
  case $said in
    *"-----BEGIN CERTIFICATE-----"*) ;;
    *) why=$(say "$said" | grep -i -m 1 -E 'errno|error|refused|lookup' || say "$said" | tail -n 1)
      say "$2 unreachable: $(flat "$why" | cut -c1-100)"; return;;
  esac
  code=$(say "$said" | sed -n 's/^ *Verify return code: //p' | head -n 1)
  names=$(say "$said" | openssl x509 -noout -text 2>/dev/null | grep -A1 'Subject Alternative Name')
  if [ "$8" = alternative ] && [ "${3#*[!0-9.]}" != "$3" ] && [ "${names#*DNS:}" = "$names" ]; then
    code="its certificate has a common name only, which this engine no longer takes for a name"
  fi
  case $code in
    "0 (ok)") say "$2 trusted";;
    "") say "$2 unreachable: the connection ended early";;
    *) say "$2 untrusted: $(flat "$code")";;
  esac
}

by_curl() {
  client=$(say "$client" | sed 's/-cert/--cert/; s/-key/--key/')
  said=$(curl -sS -o /dev/null --noproxy '*' --connect-timeout 5 --max-time 8 --cacert "$roots" $client \
    "https://$3:$4/v2/" 2>&1)
  case $? in
    0) say "$2 trusted";;
    51|60) say "$2 untrusted: $(flat "$said")";;
    *) say "$2 unreachable: $(flat "$said")";;
  esac
}

number=0
while [ $# -gt 0 ]; do
  number=$((number + 1))
  probe $number "$1" "$2" "$3" "$4" "$5" "$6" "$7" >"$tmp/$number.said" &
  [ $((number % 16)) -eq 0 ] && wait
  shift 7
done
wait
cat "$tmp"/*.said
grep -h ' untrusted: ' "$tmp"/*.said >&2 && exit 1
exit 0
"""
)

_SAID = re.compile(r"^(\S+) \[(.+)\] (trusted|unreachable|untrusted)(?:: (.*))?$", re.MULTILINE)


@dataclass(frozen=True)
class Probe:
    """One connection to a registry by one of its names, with the view of one engine."""

    name: str
    title: str
    directory: str
    bundle: str
    adds: bool = True
    common_name: bool = False

    def words(self) -> tuple[str, ...]:
        return (
            f"{self.name} [{self.title}]", host_of(self.name), port_of(self.name),
            self.directory or "/nonexistent", self.bundle or "/dev/null",
            "added" if self.adds else "instead", "common" if self.common_name else "alternative",
        )  # fmt: skip


def store_check(bundle: str, anchors: Mapping[str, Certificate]) -> Check:
    """Return whether each anchor (path → its certificate) is in the bundle, and verifies against it."""
    words = [word for path, certificate in anchors.items() for word in (path, marker(certificate))]
    argv = ("sh", "-c", _STORE, "sh", bundle, *words)
    return Check("the system's trust holds the certificates", argv, ({"rc": 0},), attempts=1, timeout=60.0)


def registries_check(probes: Iterable[Probe]) -> Check:
    """Return whether the registries that answer are believed; one that does not answer is not a failure."""
    words = [word for probe in probes for word in probe.words()]
    argv = ("sh", "-c", _REGISTRIES, "sh", *words)
    return Check("the registries are trusted", argv, ({"rc": 0},), attempts=1, timeout=120.0)


def outcomes(report: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Read the result of the second check for each name: {name, engine, outcome, reason}."""
    return [
        {"name": name, "engine": engine, "outcome": outcome, "reason": reason or ""}
        for answer in report
        if answer.get("step") == "check"
        for name, engine, outcome, reason in _SAID.findall(str(answer.get("stdout", "")))
    ]


def marker(certificate: Certificate) -> str:
    """Return a line of its PEM form that no other certificate has: the last full one, part of the signature."""
    lines = certificate.pem.strip().splitlines()
    return lines[-3]
