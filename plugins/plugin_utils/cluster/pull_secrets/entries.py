# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logins in one Secret: read, merged and shown, without another entry or another byte changed.

Sources: Kubernetes "Types of Secret", "Immutable Secrets"; machine-config-operator#3806 (one bad entry stops every
node); openshift-controller-manager pkg/serviceaccounts (which secrets controllers make, and their annotations).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...credentials import containers, edit, kubelet
from ...credentials.answers import Source
from ...credentials.docker import HUB_KEY
from ...credentials.go import Unreadable
from ...credentials.login import Login
from ...credentials.lookup import any_image_of, look_up
from ...credentials.pull_secrets import TYPES
from ...formats import FormatError
from ...problems import one_line
from ...resolution.names import DOCKER_HUB, NameProblem, parse_scope
from ...resolution.names import without_login as hidden
from ..api import ClusterProblem, Manifest, Ref, annotation, at, ref_of
from ..changes import WantedObject
from ..marks import LABEL, is_ours
from . import NEW, SECRETS

Mark = Callable[[bytes], str]
WORD = "credentials"
#: Annotations that controllers put on the secrets that they make for service accounts; these name the account.
_ACCOUNT = ("openshift.io/internal-registry-auth-token.service-account", "kubernetes.io/service-account.name")
_OF_CONTROLLERS = (*_ACCOUNT, "openshift.io/token-secret.name")
#: Their types are dockercfg and service-account-token.
_NAMED_BY_CONTROLLERS = re.compile(r".+-(?:dockercfg|token)-[a-z0-9]{1,8}")


@dataclass(frozen=True)
class Logins:
    """What is asked of the entries of a secret.

    present: registry → login, in order. absent: registries that shall have none. exact: whether all others go; lose:
    those of them of which a person has said so.
    """

    present: Mapping[str, Login] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    exact: bool = False
    lose: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        return bool(self.present or self.absent)


def text_of(manifest: Manifest) -> tuple[str | None, bool]:
    """Return the text of a Secret's logins, None without one, and whether it is the old form. Raises ClusterProblem."""
    kind = str(manifest.get("type") or NEW)
    if kind not in TYPES:
        raise ClusterProblem(f"{ref_of(SECRETS, manifest)} is of the type {kind}, and holds no logins to registries")
    member, old_form = TYPES[kind]
    encoded = at(manifest, "data", member)
    if encoded is None:
        return None, old_form
    try:
        return base64.b64decode("".join(str(encoded).split()), validate=True).decode(), old_form
    except (binascii.Error, ValueError):
        raise ClusterProblem(
            f"{ref_of(SECRETS, manifest)}: its {member} cannot be read as text; mend it by hand, nothing is written "
            "over it"
        ) from None


def entries_of(manifest: Manifest | None) -> dict[str, Any]:
    """Return the entries of a Secret by key, none of one that holds no logins. Raises ClusterProblem."""
    if manifest is None or manifest.get("type") not in TYPES:
        return {}
    text, old_form = text_of(manifest)
    return _entries(text, old_form, str(ref_of(SECRETS, manifest)))


def outside(manifest: Manifest | None) -> list[str]:
    """Return the registries whose entries stand beside auths, where nobody reads them; [] for what cannot be read."""
    try:
        text, old_form = text_of(manifest) if manifest is not None else (None, True)
        members = {} if old_form else json.loads(text or "{}")
    except (ClusterProblem, ValueError, RecursionError):
        return []
    return [name for name, value in members.items() if isinstance(value, dict) and "auth" in value]


def _entries(text: str | None, old_form: bool, where: str) -> dict[str, Any]:
    try:
        return edit.entries_of(text or "", old_form=old_form)
    except FormatError as problem:
        raise ClusterProblem(
            f"{where}: what is there cannot be read as logins ({problem}); mend it by hand, nothing is written over it"
        ) from None


def key_in(entries: Mapping[str, Any], registry: str) -> str:
    """Return the key that a registry has here.

    Of several for Docker Hub it is the one that wins on nodes; without any that pods use, too, it is the one that all
    engines take.
    """
    if registry != DOCKER_HUB or DOCKER_HUB in entries:
        return registry
    return next((key for key in entries if is_hub(key) and kubelet.is_hub(key)), HUB_KEY)


def is_hub(key: str) -> bool:
    """Say whether a key of an auth file means Docker Hub."""
    return containers.registry_of(key, False) == DOCKER_HUB


def broken(entries: Mapping[str, Any]) -> dict[str, str]:
    """Return the entries that spoil the whole secret for the kubelet: key → why, in words without the value."""
    found = {}
    for key, entry in entries.items():
        try:
            kubelet.read(Source("", json.dumps({"auths": {key: entry}})))
        except Unreadable as problem:
            found[key] = str(problem)
    return found


def login_in(entries: Mapping[str, Any], key: str) -> Login | None:
    """Return the login of an entry, None where engines disagree on it."""
    return edit.login_of(json.dumps({key: entries[key]}), key, old_form=True) if key in entries else None


def merged(text: str | None, logins: Logins, where: str, *, old_form: bool = False) -> str:
    """Return the text with the logins in it. Raises ClusterProblem for what would lose or spoil something."""
    text = text if text and text.strip() else None
    entries = _entries(text, old_form, where)
    bad = broken(entries)
    present = {key_in(entries, registry): login for registry, login in logins.present.items()}
    gone = [key for key in entries if key not in present and _goes(key, logins, key in bad)]
    if bad := {key: why for key, why in bad.items() if key not in present and key not in gone}:
        told = "; ".join(f"{shown(key)}: {one_line(why)}" for key, why in bad.items())
        way = "give this registry in credentials to mend it, or with state: absent to take it out"
        how = way if all(map(_registry, bad)) else "mend it by hand, nothing is written over it"
        raise ClusterProblem(f"{where} has an entry that spoils all its others already ({told}); {how}")
    if logins.exact:
        others = [key for key in entries if key not in present and key not in gone]
        if unsaid := [key for key in others if key not in logins.lose]:
            raise ClusterProblem(
                f"{where}: mode: exact would take away the logins for {', '.join(map(shown, unsaid))}; name them in "
                "lose if they are to go"
            )
        gone += others
    result = text
    for key, login in present.items():
        result, _added = edit.put(result, key, login, old_form=old_form)
    for key in gone:
        result = edit.take_out(result or "{}", key, old_form=old_form)
    return result if result is not None else "{}"


def _goes(key: str, logins: Logins, is_broken: bool) -> bool:
    """Say whether an entry goes: that of a registry that shall have none, or a broken one under any of its addresses.

    Of Docker Hub these are all addresses, as none of them is its name.
    """
    if key in logins.absent or (is_hub(key) and DOCKER_HUB in logins.absent):
        return True
    return is_broken and _registry(key) in (*logins.present, *logins.absent)


def _registry(key: str) -> str:
    """Return the registry that a key is an address of, as the word credentials has it; "" for what that cannot name."""
    try:
        scope = parse_scope(containers.registry_of(key, False))
    except NameProblem:
        return ""
    return "" if scope.is_wildcard else scope.text


def wanted(
    there: Manifest | None, ref: Ref, kind: str | None, logins: Logins, *, replace: bool | None, mark: Mark
) -> WantedObject:
    """Return what is wanted of a Secret. kind: its type, None for that which it has. Raises ClusterProblem.

    replace: whether one that cannot be changed is made anew, None where that is not offered.
    """
    view = view_of(mark)
    if there is None and not logins.present:
        return WantedObject(ref, None, WORD, view=view)
    if there is None:
        text = merged(None, logins, str(ref), old_form=TYPES[kind or NEW][1])
        fields = _whole(kind or NEW, text, {LABEL: WORD}, {})
        return WantedObject(ref, fields, WORD, view=view, secret=True)
    have = str(there.get("type") or "Opaque")
    if keeper := kept_by(there):
        raise ClusterProblem(f"{ref} is kept by {keeper}; take another name")
    kind = kind or (have if have in TYPES else NEW)
    if have == kind:
        before, old_form = text_of(there)
        text = merged(before, logins, str(ref), old_form=old_form)
        if text == before:
            return WantedObject(ref, {}, WORD, view=view)
        if not there.get("immutable"):
            return WantedObject(ref, {"data": {TYPES[kind][0]: encoded(text)}}, WORD, view=view, secret=True)
        why = "is immutable"
    else:
        why = f"is of the type {have}, not {kind}" + ("" if is_ours(there) else ", and was not made by this collection")
    if not replace:
        anew = "replace: true deletes it and makes it anew, or take another name"
        hand = "mend it by hand, nothing is written over it"
        raise ClusterProblem(f"{ref} {why}; {hand if replace is None else anew}")
    if have != kind:
        text = _carried(there, logins, ref, kind)
    metadata = there.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), LABEL: WORD}
    fields = _whole(kind, text, labels, metadata.get("annotations") or {})
    if there.get("immutable") and have == kind:
        fields["immutable"] = True
    return WantedObject(ref, fields, WORD, view=view, secret=True, replaces=True)


def _carried(there: Manifest, logins: Logins, ref: Ref, kind: str) -> str:
    """Return the text of a secret of another type, with the entries that it had. Raises ClusterProblem."""
    members = [one for one, (member, _old_form) in TYPES.items() if at(there, "data", member) is not None]
    if members and there.get("type") not in TYPES:  # made without its type, as by kubectl create secret generic
        there = {**there, "type": members[0]}
    entries = entries_of(there)
    old_form = TYPES[kind][1]
    text = json.dumps(entries if old_form else {"auths": entries}) if entries else None
    return merged(text, logins, str(ref), old_form=old_form)


def _whole(kind: str, text: str, labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"labels": dict(labels)} | ({"annotations": dict(annotations)} if annotations else {})
    return {"metadata": metadata, "type": kind, "data": {TYPES[kind][0]: encoded(text)}}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kept_by(manifest: Manifest) -> str:
    """Say who makes this secret again and again; "" for one that is a person's or ours."""
    for owner in at(manifest, "metadata", "ownerReferences") or ():
        return f"{at(owner, 'kind')} {at(owner, 'name')}, its owner"
    for name in _OF_CONTROLLERS:
        if account := annotation(manifest, name):
            return f"the controller of service accounts ({one_line(account)})"
    if _is_named_by_controllers(str(at(manifest, "metadata", "name") or ""), manifest):
        return "the controller of service accounts, as its name says"
    return ""


def is_made_for(account: str, name: str, manifest: Manifest | None) -> bool:
    """Say whether a controller makes it for this service account, and another one as soon as it is not linked there."""
    if told := [found for key in _ACCOUNT if (found := annotation(manifest, key))]:
        return account in told
    return name.startswith(f"{account}-") and _is_named_by_controllers(name, manifest)


def _is_named_by_controllers(name: str, manifest: Manifest | None) -> bool:
    """Say whether the name alone tells it; the secret may be gone already."""
    return bool(_NAMED_BY_CONTROLLERS.fullmatch(name)) and not is_ours(manifest) and at(manifest, "type") != NEW


def without_login(manifest: Manifest, places: Iterable[str]) -> list[str]:
    """Return the places, registries or parts of them, for which nodes find no login in it.

    Raises ClusterProblem, also for a secret without a text, which no node can read.
    """
    text, old_form = text_of(manifest)
    if text is None:
        raise ClusterProblem(f"{ref_of(SECRETS, manifest)} holds no logins")
    source = Source(str(ref_of(SECRETS, manifest)), text, old_form)
    answers = {}
    for place in places:
        answers[place] = look_up("crio", any_image_of(place), [source]).answer()
    if bad := next((answer.problem for answer in answers.values() if answer.problem), None):
        raise ClusterProblem(bad)
    return [place for place, answer in answers.items() if not answer.tried]


def undecided(manifest: Manifest | None, registries: Iterable[str]) -> Iterator[str]:
    """Say of which registries nodes take any of several entries. Raises ClusterProblem."""
    keys = entries_of(manifest)
    for registry in registries:
        known = [key for key in keys if containers.registry_of(key, False) == registry]
        if len(known) > 1 and registry not in known:
            yield f"{shown(registry)}: nodes take any of its entries: {', '.join(map(shown, known))}"


def still_serving(manifest: Manifest | None, registries: Iterable[str], engine: str) -> Iterator[str]:
    """Say which entries still log in to registries whose own are gone: an address of one, for the kubelet a wildcard.

    Raises ClusterProblem.
    """
    text, old_form = text_of(manifest) if manifest is not None else (None, False)
    if manifest is None or text is None:
        return
    source = Source(str(ref_of(SECRETS, manifest)), text, old_form)
    files, secrets = ([], [source]) if engine == "kubelet" else ([source], [])
    for registry in registries:
        for used in look_up(engine, any_image_of(registry), files, secrets).answer().tried:
            if containers.still_logs_in(used, registry):
                yield f"{shown(registry)}: the entry {shown(used.key)} still logs in to it"


def view_of(mark: Mark) -> Callable[[Manifest], list[str]]:
    """Make the view of a secret with logins: registry, user and a mark of the secret, a line each."""

    def lines(manifest: Manifest) -> list[str]:
        return [f"type: {manifest.get('type')}", *_lines(manifest, mark)]

    return lines


def _lines(manifest: Manifest, mark: Mark) -> Iterator[str]:
    try:
        entries = entries_of(manifest)
    except ClusterProblem:
        entries = {}
        yield "logins: not readable"
    for key, entry in entries.items():
        login = login_in(entries, key)
        secret = json.dumps(entry) if login is None else f"{login.username}:{login.password}"
        user = "another login" if login is None else login.username or "no user"
        yield f"{shown(key)}: {one_line(user)}{mark(secret.encode())}"
    if manifest.get("type") not in TYPES:
        for key, value in sorted((at(manifest, "data") or {}).items()):
            yield f"{key}:{mark(str(value).encode())}"


def report(there: Manifest | None) -> dict[str, Any]:
    """Return the registries with their users, and what is wrong with entries; never a secret."""
    try:
        if there is not None:
            text_of(there)  # says what entries_of passes over: a secret of another type
        found = entries_of(there)
    except ClusterProblem as problem:
        return {"logins": [], "broken": [str(problem)]}
    users = {key: login_in(found, key) for key in found}
    return {
        "logins": [
            {"registry": shown(key), "username": login.username if login else None}
            for key, login in users.items()
        ],
        "broken": [f"{shown(key)}: {why}" for key, why in broken(found).items()],
    }


def shown(key: str) -> str:
    """Return a key of an auth file for a sentence, without a login in it."""
    return hidden(one_line(key))
