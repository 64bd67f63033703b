# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted of a cluster as files of manifests, for those whose clusters read them from a repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..libraries import yaml
from .api import Ref
from .changes import ObjectChange, WantedObject
from .merge_patch import applied, removals, with_removals


def files(wanted: Iterable[WantedObject], changes: Iterable[ObjectChange] = ()) -> dict[str, str]:
    """Name of a file → its text; only the fields that were asked for, so that those of others stay with others.

    changes: what differs in the cluster. What has to go from there is null in the manifest, as `oc apply` takes away
    what it did not write only then; what is not there is left out.
    """
    nulls = {change.ref: _going(change) for change in changes}
    kept = (one for one in wanted if one.fields is not None)
    return {
        _name(one.ref): _text(with_removals(applied(one.ref.manifest(), one.fields), nulls.get(one.ref, {})))
        for one in kept
    }


def by_hand(changes: Iterable[ObjectChange]) -> Iterator[str]:
    """Yield what has to go from the cluster and what may not go by files alone."""
    for change in changes:
        if change.fields is None:
            yield f"{change.what}: remove it from the cluster, too"
        elif going := list(_paths(_going(change))):
            yield (
                f"{change.ref}: {', '.join(going)} must go from the cluster: the manifest says null, which oc apply"
                " obeys and a server-side apply may not; look afterwards"
            )


def _going(change: ObjectChange) -> dict[str, Any]:
    """Return what has to go; of metadata that is bookkeeping of ours, and older clients refuse null in annotations."""
    return removals({key: value for key, value in (change.fields or {}).items() if key != "metadata"})


def _paths(nulls: Mapping[str, Any]) -> Iterator[str]:
    for key, value in nulls.items():
        yield from [key] if value is None else (f"{key}.{path}" for path in _paths(value))


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
