# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that containers/image reads instead of the system's: of users without root, and named by the environment.

They are named and nothing more: whose they are decides what is in them. Sources: containers-registries.conf(5),
containers-policy.json(5), containers-auth.json(5), podman-systemd.unit(5).
"""

from __future__ import annotations

import re
from typing import Any

from ..host.observed import Observed
from ..host.watch import Question, Watch
from ..problems import one_line

#: Of files below a home that anybody may fill, the first ones: regular, small, and not behind links.
_LOOK = r"""
names() { find "$@" -maxdepth 2 -type f -size -64k ! -name '*[[:cntrl:]]*' 2>/dev/null | head -n 200; }
sets() {
  tr '\n' '\0' | xargs -0 -r grep -nHoE '(REGISTRY_AUTH_FILE|CONTAINERS_REGISTRIES_CONF)=' |
    while IFS= read -r place; do printf 'set\t%s\t%s\n' "$1" "$place"; done
}
getent passwd 2>/dev/null | while IFS=: read -r user _ number _ _ home _; do
  [ "$number" -ge 1000 ] 2>/dev/null && [ "$number" -lt 60000 ] && [ -d "$home" ] || continue
  names "$home/.config/containers" | while IFS= read -r file; do
    case $file in
      */registries.conf|*/registries.conf.d/*.conf|*/policy.json|*/auth.json) printf 'user\t%s\t%s\n' "$user" "$file";;
    esac
  done
  names "$home/.config/systemd/user" "$home/.config/containers/systemd" | sets "$user"
done
for place in /etc/systemd/system /etc/containers/systemd /etc/environment /etc/profile.d; do
  [ ! -e "$place" ] || names "$place"
done | sets root
:
"""
QUESTION = Question("own.files", ("sh", "-c", _LOOK))
WATCH = Watch(commands=(QUESTION,))

_SET = re.compile(r"(?P<path>.*):(?P<line>\d+):(?P<variable>[A-Z_]+)=")


def found(host: Observed) -> list[dict[str, Any]]:
    """Return the files: {path, user, line, variable}; the last two are None for one that is read by its name."""
    files = []
    for text in host.answer(QUESTION.name).stdout.splitlines():
        kind, _tab, rest = text.partition("\t")
        user, _tab, place = rest.partition("\t")
        told = _SET.fullmatch(place) if kind == "set" else None
        if told:
            about = {"path": one_line(told["path"]), "line": int(told["line"]), "variable": told["variable"]}
        elif kind == "user":
            about = {"path": one_line(place), "line": None, "variable": None}
        else:
            continue
        files.append({"user": one_line(user), **about})
    return files
