# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our drop-in of crio.conf: what CRI-O reads nowhere else, address ranges and the mode of short names.

CRI-O reads it at its start only. Source: real CRI-O 1.34 and 1.11 were run; drop-ins are those of crio.conf.d(5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formats import toml_text
from ...host import services
from ...host.observed import Observed, in_file
from ...plan.draft import FileChange
from ...plan.plan import view
from ...policy import Policy
from ...resolution.names import is_range
from .. import joint_list
from .files import CRIO_CONF_D, HEADER, CrioSetting, crio_conf_of, crio_settings, has_crio, reads_crio_drop_ins

PATH = f"{CRIO_CONF_D}/90-dockyard.conf"

#: From which version on CRI-O has a mode for short names; it takes no notice of that of registries.conf (seen: 1.34).
_SHORT_NAMES_SINCE = (1, 34)
#: Until then its own insecure list takes the place of that of registries.conf, and since then stands beside it.
_ADDS_UP_SINCE = (1, 15)


def change(host: Observed, policy: Policy, why: str, *, exact: bool) -> FileChange | None:
    """Return the change of our drop-in, None where it stays. Raises HostProblem."""
    settings = _settings(host, policy, exact) if has_crio(host) and reads_crio_drop_ins(host) else {}
    text = host.text(PATH)
    with in_file(PATH):
        old = _image(toml_text.parse(text)) if text is not None else {}
        if settings == old and (text is None) == (not settings):
            return None
        new = toml_text.edit(HEADER, {"crio": {"image": settings}}) if settings else None
    return FileChange(PATH, None if new is None else new.encode(), why, _view(old), _view(settings))


def overruled(after: Observed, policy: Policy) -> list[str]:
    """Say which settings of others keep ours from their effect. after: with the files as they will be."""
    settings, version = crio_settings(after), services.crio_version(after)
    insecure = settings.get("insecure_registries")
    found = []
    if insecure and insecure.value and version < _ADDS_UP_SINCE and policy.insecure not in (None, _texts(insecure)):
        found.append(
            f"{insecure.origin} says insecure_registries, which this CRI-O takes in place of the list of "
            "registries.conf; take it away"
        )
    ours = _image(toml_text.parse(after.text(PATH) or ""))
    return found + [
        f"{settings[key].origin} says {key}, which CRI-O reads after {PATH}; take it away there"
        for key, value in ours.items()
        if key in settings and settings[key].value != value
    ]


def short_names(after: Observed, policy: Policy) -> list[str]:
    """Warn of what CRI-O makes of short names: it tries every registry, and since 1.34 none where there are several."""
    searched, version = crio_conf_of(after).search or (), services.crio_version(after)
    if len(searched) < 2 or (policy.search is None and policy.short_name_mode is None):
        return []
    name = f"CRI-O {version[0]}.{version[1]}"
    if version >= _SHORT_NAMES_SINCE:
        if _mode(crio_settings(after)) != "enforcing":
            return []
        return [
            f"{name} refuses every short name while {len(searched)} registries are searched, unless short_name_mode is "
            "disabled or permissive"
        ]
    if policy.short_name_mode != "enforcing":
        return []
    return [f"{name} tries all {len(searched)} searched registries for a short name, whatever short_name_mode says"]


def _settings(host: Observed, policy: Policy, exact: bool) -> dict[str, Any]:
    theirs = crio_settings(host.with_texts({PATH: None}))
    found: dict[str, Any] = {}
    if policy.insecure is not None:
        ranges = tuple(item for item in policy.insecure if is_range(item))
        present = _texts(theirs.get("insecure_registries"))
        wanted = ranges if exact else joint_list(ranges, present, ())
        if wanted != present:
            found["insecure_registries"] = list(wanted)
    if policy.short_name_mode is not None and services.crio_version(host) >= _SHORT_NAMES_SINCE:
        # It has no permissive one; disabled does what that does where nobody can be asked.
        mode = "enforcing" if policy.short_name_mode == "enforcing" else "disabled"
        if mode != _mode(theirs):
            found["short_name_mode"] = mode
    return found


def _mode(settings: Mapping[str, CrioSetting]) -> Any:
    return settings["short_name_mode"].value if "short_name_mode" in settings else "enforcing"


def _texts(setting: CrioSetting | None) -> tuple[Any, ...]:
    return tuple(setting.value) if setting and isinstance(setting.value, list) else ()


def _image(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table [crio.image] of a file of ours."""
    crio = document.get("crio", {})
    image = crio.get("image", {}) if isinstance(crio, dict) else {}
    return dict(image) if isinstance(image, dict) else {}


def _view(settings: Mapping[str, Any]) -> str:
    lines = [f"insecure: {item}" for item in settings.get("insecure_registries", ())]
    return view([*lines, *(f"{key} = {value}" for key, value in settings.items() if key != "insecure_registries")])
