# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys in the file of a master that have no effect there: at another place, or because something else wins.

Sources: ORIGIN release-3.6 pkg/cmd/server/origin/master_config.go (buildAdmissionChains), from 3.7 on
pkg/cmd/server/origin/admission/chain_builder.go (NewAdmissionChains).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..cluster.openshift3.releases import Release
from ..formats.splice import same
from .asked import IMPORTS, PLUGIN, means_ours
from .config import IMAGE_POLICY, ORDER, PLUGINS, Path, at, dotted

#: A key, and the only place where it is read. Elsewhere it has no effect.
_BELONGS: Mapping[str, Path] = {
    PLUGIN: (*PLUGINS, PLUGIN),
    "imagePolicyConfig": IMAGE_POLICY,
    IMPORTS: (*IMAGE_POLICY, IMPORTS),
}
_OF_PODS = ("kubernetesMasterConfig",)
_ARGUMENTS = (*_OF_PODS, "apiServerArguments")
_FILE = (*_ARGUMENTS, "admission-control-config-file")
#: Each of these gives pods plug-ins of their own on masters with two chains.
_PARTS_CHAINS = (_FILE, (*_ARGUMENTS, "admission-control"), (*_OF_PODS, *ORDER), ORDER)


def unread(path: str, value: Any, release: Release) -> Iterator[str]:
    """Yield a sentence for all that no master of this release reads. path: of the file; value: what it says."""
    yield from (f"{path}: {sentence}" for sentence in _misplaced(value, release))
    yield from (f"{path}: {sentence}" for sentence in _outdone(value, release))


def _misplaced(value: Any, release: Release) -> Iterator[str]:
    found = dict(_strays(value, ()))
    for path, place in found.items():
        if any(path[: len(around)] == around for around in found if around != path):
            continue
        of_pods = release.has_two_chains and path == (*_OF_PODS, *place)
        says = f"is read by masters of {release.name} alone" if of_pods else "has no effect"
        yield f"{dotted(path)} {says}; its place is {dotted(place)}"


def _strays(value: Any, path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each place of a key that is read at another one, and that one."""
    for key, item in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(key, str):
            continue
        misspelt = path[-1:] == PLUGINS[-1:] and isinstance(item, Mapping) and means_ours(key, item)
        place = _BELONGS.get(PLUGIN if misspelt else key)
        if place and place != (*path, key):
            yield (*path, key), place
        yield from _strays(item, (*path, key))


def _outdone(value: Any, release: Release) -> Iterator[str]:
    """Yield a sentence for each key at its place that is not read because of something else."""
    plugins = at(value, PLUGINS) if isinstance(at(value, PLUGINS), Mapping) else {}
    plugin, order = plugins.get(PLUGIN), at(value, ORDER)
    if at(plugin, ("configuration",)) and at(plugin, ("location",)):
        yield f"the location of {PLUGIN} has no effect, because configuration stands beside it"
    if isinstance(order, list) and order:
        left_out = [name for name, each in plugins.items() if name not in order and not _is_off(each)]
        if left_out:
            yield f"{dotted(ORDER)} leaves out {', '.join(left_out)}, whose configuration has no effect"
    if plugin and release.has_two_chains and (why := _parted_by(value, plugins)):
        yield (
            f"{dotted(why)} gives pods plug-ins of their own, so pods do not follow {dotted((*PLUGINS, PLUGIN))} but "
            f"{dotted((*_OF_PODS, *PLUGINS, PLUGIN))}: take it out"
        )
    elif plugin and at(value, _FILE):
        yield f"{dotted(_FILE)} names what is read in place of {dotted(PLUGINS)}, which has no effect"


def _is_off(plugin: Any) -> bool:
    return bool(at(plugin, ("configuration", "disable")))


def _parted_by(value: Any, plugins: Mapping[str, Any]) -> Path:
    """Return the place that gives pods a chain of plug-ins of their own, () where all have the same."""
    if found := next((each for each in _PARTS_CHAINS if at(value, each)), ()):
        return found
    of_pods = at(value, (*_OF_PODS, *PLUGINS))
    items = of_pods.items() if isinstance(of_pods, Mapping) else ()
    differs = next((name for name, each in items if name in plugins and not same(each, plugins[name])), "")
    return (*_OF_PODS, *PLUGINS, differs) if differs else ()
