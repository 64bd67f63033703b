# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""policy.json of podman's family and of CRI-O: the allow-list, and images that must be signed.

Sources: containers/image docs/containers-policy.json.5.md; see resolution/signature_policy.py.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from ...formats import json_text
from ...host.observed import Observed, in_file
from ...plan.draft import FileChange
from ...policy import Policy, Signed
from ...problems import Problem
from ...resolution import signature_policy
from ...resolution.names import Scopes
from ...resolution.registries_conf import RegistriesConf
from .. import Request, Unmet, effects
from . import files, info, signatures
from .findings import Findings
from .views import scopes_view


class PolicyFiles:
    """Works out all files of this kind for one host and policy. record: what is ours in them, changed in place."""

    def __init__(
        self,
        host: Observed,
        policy: Policy,
        request: Request,
        record: dict[str, Any],
        findings: Findings,
        *,
        exact: bool,
    ) -> None:
        self.host, self.policy, self.request, self.exact = host, policy, request, exact
        self.record, self.findings = record, findings
        self.signed = self._signed()

    @property
    def restrict(self) -> bool:
        """Whether these files keep any image away."""
        return self.policy.allow_list is not None or bool(self.signed)

    def changes(self) -> list[FileChange | None]:
        """List the files that demand signatures or reject: that of podman and its family, and CRI-O's own, if any."""
        paths = dict.fromkeys([signature_policy.PATH, *self.record.get("policies", {})])
        if files.has_crio(self.host):
            own = files.crio_policy_of(self.host)
            if not own.startswith(files.ROOTS_OWN) and own not in files.SINCE_6.policies:
                paths[own] = None
        return [self._change(path) for path in paths]

    def _signed(self) -> tuple[Signed, ...]:
        """Return the demands that all engines know; one that does not refuses all of policy.json. Raises NotAsked."""
        asked = self.policy.signatures or ()
        versions = info.versions_of(self.host) if asked else {}
        built_without = signatures.without_sigstore(info.answer_of(self.host)) if asked else False
        of_debian = "podman of Debian is built without them, and refuses every image then"
        found = {signed: of_debian if built_without else signatures.beyond(signed, versions) for signed in asked}
        self.findings.unenforceable += [f"signatures of '{one.scope}': {old}" for one, old in found.items() if old]
        allowed = self.policy.allow_list
        allowing = None if allowed is None else Scopes(allowed)
        outside = [one for one in asked if allowing is not None and allowing.covering(one.scope) is None]
        self.findings.refusals += [
            f"signatures of '{one.scope}' are demanded, and the allow-list does not let all of it through; allow it, "
            "or name what is allowed of it"
            for one in outside
        ]
        return tuple(one for one, old in found.items() if not old and one not in outside)

    def places(self, conf: RegistriesConf) -> FileChange | None:
        """Return the file by which engines look for signatures; its scopes are those that must be signed."""
        if not self.signed and not self.record.get("places"):
            return None
        why = "signatures are looked for" if self.signed else "no signatures are demanded any more"
        found, refusals = signatures.change(self.host, (one.scope for one in self.signed), conf, why)
        self.findings.refusals += refusals
        self.record.pop("places", None)
        if self.signed:
            self.record["places"] = True
        return found

    def _change(self, path: str) -> FileChange | None:
        allowed, ours = self.policy.allow_list, self._record_of(path)
        if allowed is None and not self.signed and not ours:
            return None
        text = self.host.text(path)
        source = path if text is not None or path != signature_policy.PATH else self._vendors_policy()
        base = self.host.text(source)
        document = document_of(base, source)
        after, record = signature_policy.lift(document, ours), dict[str, Any]()
        if self.signed:
            wanted = {one.scope: one.requirement() for one in self.signed}
            signed = self._took(signature_policy.demand(after, wanted, self.exact, path))
            after, record = signed.document, {"signed": signed.record}
        if allowed is not None:
            restricted = self._took(signature_policy.restrict(after, allowed, self.request.foreign_scopes, path))
            after, record = restricted.document, {**restricted.record, **record}
        self._remember(path, record)
        if after == document and (text is not None or not record):
            return None
        with in_file(source):
            new = json_text.edit(base, after) if base is not None else json.dumps(after, indent=4) + "\n"
        before_view = scopes_view(document) if text is not None else ""
        return FileChange(path, new.encode(), self._why_of_policy(), before_view, scopes_view(after))

    def _took(self, result: signature_policy.Restriction) -> signature_policy.Restriction:
        """Take over what is said of a change of policy.json."""
        self.findings.notes += result.notes
        self.findings.warnings += result.warnings
        self.findings.refusals += result.refusals
        return result

    def _why_of_policy(self) -> str:
        if self.policy.allow_list is not None:
            also = ", and some of them must be signed" if self.signed else ""
            return f"the policy blocks all but its own registries{also}"
        return "some images must be signed" if self.signed else "the policy no longer blocks all"

    def _vendors_policy(self) -> str:
        """Return the policy.json that counts while /etc has none: one made there hides it, so it begins as its copy."""
        found = [path for path in files.places_of(self.host).policies if not path.startswith(files.ROOTS_OWN)]
        return next((path for path in found if self.host.exists(path)), signature_policy.PATH)

    def _record_of(self, path: str) -> dict[str, Any]:
        if path == signature_policy.PATH:
            return dict(self.record.get("policy.json", {}))
        return dict(self.record.get("policies", {}).get(path, {}))

    def _remember(self, path: str, record: dict[str, Any]) -> None:
        if path == signature_policy.PATH:
            place, key = self.record, "policy.json"
        else:
            place, key = self.record.setdefault("policies", {}), path
        if record:
            place[key] = record
        else:
            place.pop(key, None)
        if not self.record.get("policies", True):
            self.record.pop("policies")

    # -- what a person must know ----------------------------------------------------------------------------------
    def check(self, after: Observed) -> None:
        """Check what root's programs will read: it must let nothing else through, and should let searched names."""
        if self.policy.allow_list is None:
            self.findings.warnings += self._rejected(after)
        if self.restrict:
            self.findings.refusals += [
                f"{each.file} {each.what}, and root's programs read it instead of {signature_policy.PATH}; remove it"
                for each in self._unmet(after)
                if each.file.startswith(files.ROOTS_OWN)
            ]

    def _unmet(self, after: Observed) -> Iterator[Unmet]:
        """Yield what the files that are read let through against the allow-list or without a signature."""
        allowed = self.policy.allow_list
        for path in paths_of(after):
            document = document_of(after.text(path), path)
            if allowed is not None:
                yield from effects.unmet_by_policy_json(allowed, path, document)
            yield from effects.unmet_by_signatures(self.signed, path, document)

    def _rejected(self, after: Observed) -> list[str]:
        """Say what policy.json, which is not ours here, does to searched registries."""
        path = files.policy_of(after)
        try:
            return effects.rejected(self.policy.search or (), path, document_of(after.text(path), path))
        except Problem as problem:
            return [str(problem)] if self.policy.search else []


def paths_of(host: Observed, *, its_text: bool = True) -> list[str]:
    """List the files that are read: podman's and, where there is one, CRI-O's. its_text: see crio_policy_of."""
    of_crio = [files.crio_policy_of(host, its_text=its_text)] if files.has_crio(host) else []
    return list(dict.fromkeys([files.policy_of(host), *of_crio]))


def allow_list(host: Observed) -> list[str] | None:
    """Return the scopes policy.json lets through, when it refuses everything else."""
    try:
        path = files.policy_of(host)
        document = document_of(host.text(path), path)
    except Problem:
        return None
    scopes = document.get("transports", {}).get("docker", {})
    if scopes.get("") != signature_policy.REJECT:
        return None
    return [scope for scope, requirements in scopes.items() if scope and requirements != signature_policy.REJECT]


def document_of(text: str | None, path: str) -> dict[str, Any]:
    """Read a policy.json; one that is not there lets everything through. Raises SignaturePolicyProblem."""
    if text is None:
        return {"default": copy.deepcopy(signature_policy.ACCEPT)}
    return signature_policy.read(text, path)
