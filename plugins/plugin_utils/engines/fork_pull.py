# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From where docker 1.13.1 of RHEL pulls an image, by its lists: which names a short one becomes, and who is asked.

Source: the real program was run (projectatomic/docker, branch docker-1.13.1-rhel, build 7d71120). Whether anybody
answers is not looked at.
"""

from __future__ import annotations

from ..policy import ALL
from ..resolution.names import DOCKER_HUB, hub_name
from ..resolution.references import is_domain, is_registry
from . import Lists

#: The host that Docker Hub really is. Who blocks docker.io blocks it; naming it in a list means nothing.
_HUB_HOST = "registry-1.docker.io"


def cannot_stand_first(entry: str) -> bool:
    """Return whether docker fails every short name while this entry is the first of the search list.

    It makes no name of such an entry: a path, a scheme, a blank, or a word with neither dot nor port. Further down it
    is passed over.
    """
    return not (is_domain(entry) and is_registry(entry))


def names(lists: Lists, image: str) -> list[str]:
    """Return the full names that docker tries for an image, in order; none where it finds nothing to try."""
    first, slash, _rest = image.partition("/")
    if slash and is_registry(first):
        return [image]
    if not lists.search or cannot_stand_first(lists.search[0]):
        return []
    return [f"{entry}/{image}" for entry in lists.search if not cannot_stand_first(entry)]


def endpoints(lists: Lists, name: str, *, block_list: bool = True) -> list[str]:
    """Return the hosts that are asked for a full name, in order; none where all are blocked.

    block_list: whether it counts, which --disable-legacy-registry ends.
    """
    registry = hub_name(name.partition("/")[0], "docker")
    mirrors = [url.rpartition("://")[2].partition("/")[0] for url in lists.mirrors] if registry == DOCKER_HUB else []
    return [host for host in (*mirrors, registry) if not (block_list and _is_blocked(lists, host))]


def _is_blocked(lists: Lists, host: str) -> bool:
    """Compare as written, with port; under `all` what is searched is not blocked, and nothing else is."""
    host = DOCKER_HUB if host == _HUB_HOST else host
    return host not in lists.search if ALL in lists.blocked else host in lists.blocked
