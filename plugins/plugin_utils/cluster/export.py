# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted of a cluster as files of manifests, for those whose clusters read them from a repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..libraries import yaml
from .api import Ref
from .changes import WantedObject
from .merge_patch import applied


def files(wanted: Iterable[WantedObject]) -> dict[str, str]:
    """Name of a file → its text; only the fields that were asked for, so that those of others stay with others."""
    kept = (one for one in wanted if one.fields is not None)
    return {_name(one.ref): _text(applied(one.ref.manifest(), one.fields)) for one in kept}


def gone(wanted: Iterable[WantedObject]) -> list[str]:
    """Return the names of files that an earlier run may have left of objects that are to go."""
    return [_name(one.ref) for one in wanted if one.fields is None]


def _name(ref: Ref) -> str:
    return "-".join(filter(None, (ref.resource.kind.lower(), ref.namespace, ref.name))) + ".yaml"


def _text(manifest: Mapping[str, Any]) -> str:
    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        """Texts of several lines, such as certificates, as people write them."""

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return str(yaml.dump(manifest, Dumper=Dumper, sort_keys=False, default_flow_style=False))
