# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How objects and entries are known to be ours: a label on objects that we made, an annotation on those of others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from .api import Manifest, annotation, label

#: On objects that we made: the word of the policy that asked for them.
LABEL = "dockyard.openshift/word"
#: On any object: which entries of its lists or keys of its data we added, as JSON {name: [entry…]}.
ENTRIES = "dockyard.openshift/entries"
#: On a pool of nodes that a task of ours has paused: since when.
PAUSED = "dockyard.openshift/paused"
ALL = (LABEL, ENTRIES)


def is_ours(manifest: Manifest | None, word: str = "") -> bool:
    """Say whether we made the object, for this word where one is given."""
    found = label(manifest, LABEL)
    return bool(found) and word in ("", found)


def noted(manifest: Manifest | None, ours: Mapping[str, Iterable[str]] | None) -> Manifest:
    """Return the metadata that note what is ours; None leaves the note that is there, which has to be said again.

    A manifest that does not say it any more takes it away.
    """
    text = annotation(manifest, ENTRIES) if ours is None else record(ours)
    return {"annotations": {ENTRIES: text}} if text or ours is not None else {}


def our_entries(manifest: Manifest | None) -> dict[str, list[str]]:
    """Return our additions by name of the list; an unreadable record counts as none."""
    try:
        found = json.loads(annotation(manifest, ENTRIES) or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): list(map(str, items)) for name, items in found.items() if isinstance(items, list)}


def record(entries: Mapping[str, Iterable[str]]) -> str | None:
    """Return the annotation's value; None, which takes it away, when there is nothing to remember."""
    kept = {name: sorted(set(items)) for name, items in entries.items() if items}
    return json.dumps(kept, sort_keys=True) if kept else None


def together(have: Iterable[str], ours: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Return a shared list: entries of others in their order, without those we no longer want, then ours."""
    wanted, gone = list(wanted), set(ours)
    kept = [entry for entry in have if entry not in gone or entry in wanted]
    return list(dict.fromkeys([*kept, *wanted]))
