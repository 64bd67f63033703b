# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the task image_registry_move: those of image_registry about a storage, and how images get there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ....policy.word import PolicyError
from ....variables import Fill, behind
from .. import service as registry
from .service import MoveOptions, judge

#: Options of image_registry that belong to a storage, as it has them.
_OF_REGISTRY = (
    "storage", "claim", "credentials", "storage_ca", "replicas", "rollout_strategy", "release", "from_variables",
)  # fmt: skip
_OWN: dict[str, dict[str, Any]] = {
    "data": {
        "type": "str", "choices": ["copy", "abandon"],
        "description": [
            "What becomes of the images that are there: V(copy) copies them with a Job, compares every blob with its "
            "digest, and switches then. V(abandon) leaves them where they are, and says how many can no longer be "
            "pulled.",
        ],
    },
    "copy_image": {
        "type": "str",
        "description": [
            "The image of the Job that copies. Between two claims it needs a shell with C(find), C(cp), C(cmp) and "
            "C(sha256sum), as the images of RHEL UBI have them; where an object store takes part, C(rclone) as well.",
        ],
    },
    "proof": {
        "type": "str", "choices": ["pull", "waive"], "default": "pull",
        "description": [
            "Whether an image from before is pulled after the switch, by a pod in its project. When that fails, the "
            "old storage is put back.",
        ],
    },
    "proof_image": {
        "type": "str",
        "description": ["The image of that pod, as V(PROJECT/NAME:TAG), unless one is chosen among the streams."],
    },
    "state": {
        "type": "str", "choices": ["moved", "cancelled"], "default": "moved",
        "description": [
            "V(cancelled) gives up a move that has not switched yet: pushes are let in again, nothing else changes.",
        ],
    },
    "wait_timeout": {
        "type": "int", "default": 600,
        "description": ["Seconds to wait for each rollout of the registry, and for the pull."],
    },
    "copy_timeout": {
        "type": "int", "default": 14400,
        "description": ["Seconds to wait for the copy. A copy that takes longer goes on, and the next run finds it."],
    },
}  # fmt: skip
OPTIONS: dict[str, dict[str, Any]] = {name: registry.OPTIONS[name] for name in _OF_REGISTRY} | _OWN
VARIABLES = {
    **behind("image_registry_", (name for name in _OF_REGISTRY if name != "from_variables")),
    **behind("image_registry_move_", _OWN),
}
fill = Fill(VARIABLES)


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> tuple[registry.Asked, MoveOptions]:
    """Read what the options say. Raises PolicyError in one sentence before anything is sent."""
    given = {name: about.get("default") for name, about in (registry.OPTIONS | registry.CHANGE_OPTIONS).items()}
    given |= {name: options[name] for name in _OF_REGISTRY} | {"allow": ["images-left-behind"]}
    asked = registry.read(given, now, read_file, hide)
    cancelled = options["state"] == "cancelled"
    if asked.said["storage"] is None and not cancelled:
        raise PolicyError("storage", "nothing", "is said; it is where the images shall be kept")
    if options["data"] is None and not cancelled:
        raise PolicyError("data", "nothing", "is said; it is copy, or abandon for images that nobody needs")
    for name in ("wait_timeout", "copy_timeout"):
        if not 0 <= options[name] <= 7 * 24 * 3600:
            raise PolicyError(name, str(options[name]), "is not a number of seconds up to a week")
    wanted = MoveOptions(
        options["data"] or "abandon", options["copy_image"], options["proof"], options["proof_image"],
        options["state"], float(options["wait_timeout"]), float(options["copy_timeout"]),
    )  # fmt: skip
    if not cancelled:
        judge(wanted, asked.said["storage"])
    return asked, wanted
