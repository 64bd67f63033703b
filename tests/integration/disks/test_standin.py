# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for docker-storage-setup keeps the contract of the tool, on real LVM: files, return codes, messages."""

from __future__ import annotations

import shlex

import pytest

from .conftest import chosen, table

INPUT = "/etc/sysconfig/docker-storage-setup"
OUTPUT = "/etc/sysconfig/docker-storage"
MARK = "---- a part ends here ----"


@pytest.mark.parametrize("case", chosen(table("docker_storage_setup.yml")))
def test_contract(fresh, case):
    for run in case["runs"]:
        keys = "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in run.get("keys", {}).items())
        words = " ".join(run.get("words", []))
        looks = list(run.get("then", {}))
        script = [
            f"cat > {INPUT} <<'E'\n{keys}E",
            f"( {run.get('before', ':')}\n ) >/dev/null 2>&1 || echo 'the preparation failed'; echo '{MARK}'",
            f"docker-storage-setup {words} >/tmp/out 2>/tmp/err; echo $?; echo '{MARK}'",
            f"cat /tmp/out; echo '{MARK}'; cat /tmp/err; echo '{MARK}'; cat {OUTPUT} 2>/dev/null; echo '{MARK}'",
            *(f"( {look} ) 2>&1; echo '{MARK}'" for look in looks),
        ]
        prepared, rc, out, err, result, *seen = fresh.sh("\n".join(script)).split(f"{MARK}\n")[:-1]
        assert prepared == ""
        assert (int(rc), err) == (run.get("rc", 0), Mentions(run.get("says", [])))
        assert out == Mentions(run.get("chatter", []))
        if "result" in run:
            assert result == (run["result"] + "\n" if run["result"] else "")
        for look, answer in zip(looks, seen, strict=True):
            assert " ".join(answer.split()) == str(run["then"][look]), look


class Mentions(list):
    """Equal to a text that holds each of these texts; shows both where it does not."""

    def __eq__(self, text):
        return all(each in text for each in self)
