# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a master as observed and what is asked for to a draft: its files, the restart of what runs there, /healthz."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..cluster.openshift3 import Finding, PolicyProblem, image_policy_doubts, import_policy, releases
from ..cluster.openshift3.image_policy_doubts import ADDRESS, INTEGRATED_REGISTRY
from ..cluster.openshift3.releases import Release
from ..formats import yaml_text
from ..formats.splice import same
from ..host.observed import HostProblem, Observed
from ..host.services import MASTER_STARTED, MASTERS, MASTERS_RUN, Service, StaticPod
from ..host.watch import NotAsked, Question, Watch
from ..plan import healthz, records
from ..plan.draft import Check, Draft, Due, FileChange, Validation
from ..plan.proposal import Drafter
from ..policy.certificates import bundle, certificates_in, certificates_loaded
from ..policy.trust import Trust
from ..problems import one_line
from ..shapes import Each, fits
from . import platform_images
from .asked import HEAD, IMPORTS, PLUGIN, Named, Said
from .config import (
    IMAGE_POLICY,
    ORDER,
    File,
    Path,
    at,
    bound,
    master_file,
    parsed,
    platform_registries,
    policy_place,
)
from .edit import MEMORY, Editing
from .unread import unread

PART = ("masters",)
#: since: the second, by the host's clock, since which a master must have been started to have read its file, where a
#: restart was deferred. It is made of starts, not of the time, so that the plan's id is the same in every run.
RECORD = {"files?": Each(MEMORY), "since?": int, "authorities?": str}
_AUTHORITY: Path = (*IMAGE_POLICY, "additionalTrustedCA")
_AUTHORITIES = "dockyard-import-authorities.pem"
#: The first release that reads additionalTrustedCA.
_READS_AUTHORITY = "3.11"

_POD = "/etc/origin/node/pods/apiserver.yaml"
_MOUNTS = {
    "spec": {
        "containers": [{"volumeMounts?": ([{"name": str, "mountPath": str}], None)}],
        "volumes?": ([{"name": str}], None),
    }
}
_SYSCONFIG = tuple(
    f"/etc/sysconfig/{product}-{part}"
    for product in ("origin", "atomic-openshift")
    for part in ("master", "master-api")
)
_VERSION = Question("masters.version", ("openshift", "version"))
_RELEASE = Watch(files=(_POD, *_SYSCONFIG), commands=(_VERSION,))
_IMAGE = re.compile(r"^\s*(?:-\s+)?image:\s*\S+:v?(3\.[0-9]+)", re.MULTILINE)
_TOLD = re.compile(r"^(?:openshift |(?:export )?IMAGE_VERSION=[\"']?)v?(3\.[0-9]+)", re.MULTILINE)
#: The second of the boot, from which starts are counted, moves when the clock is set right.
_CLOCK_MOVES = 2
_ONLY_A_REAL_RUN = ("whether each master starts with its file and answers /healthz",)


@dataclass(frozen=True)
class About:
    """What the report needs to know of a draft."""

    release: Release | None
    path: str
    policy_at: tuple[str, Path]
    restarted: tuple[str, ...] = ()


def watch(said: Said) -> Watch:
    """Name the facts that a plan needs."""
    authority = (said.settings or {}).get("additionalTrustedCA")
    ours = [_beside(said.path)] if said.trust is not None else []
    files = (said.path, *([authority] if authority else []), *ours)
    return Watch(files=files, commands=MASTERS_RUN) + (Watch() if said.release else _RELEASE)


def _beside(path: str) -> str:
    """Name the file of ours with authorities, beside the master's own, where its static pod sees it as well."""
    return f"{path.rpartition('/')[0]}/{_AUTHORITIES}"


def drafts(said: Said) -> list[Drafter]:
    return [partial(_draft, said)] if said.asks or said.withdrawn or said.notes else []


def confirmation(path: str, host: Observed) -> Draft:
    """Make the draft that awaits the API, with the files as they are."""
    return Draft(PART, checks=(_healthz(master_file(host, path), Said(timeout=180)),))


def release_of(host: Observed, said: Said) -> Release:
    """Return the release of this master. Raises HostProblem when nothing tells it."""
    if said.release:
        return said.release
    told = [host.text(path) or "" for path in (_POD, *_SYSCONFIG)]
    found = _IMAGE.search(told[0]) or _TOLD.search("\n".join([host.answer(_VERSION.name).stdout, *told[1:]]))
    if not found:
        raise HostProblem(f"neither {_POD} nor openshift version tells the release of this master; set release")
    try:
        return releases.find(found[1])
    except PolicyProblem as problem:
        raise HostProblem(f"this master is not of a release that is known here: {problem}") from None


def services_of(host: Observed) -> list[Service]:
    """List the services that read the file here, in the order of their restarts. Raises HostProblem."""
    return [service for service in MASTERS if service.running(host)]


def _draft(said: Said, host: Observed) -> Draft:
    """Raises HostProblem, with one sentence, for what must not be tried, and NotAsked."""
    record = records.record_of(records.state_of(host), PART, RECORD)
    if said.withdrawn and not record.get("files"):
        return Draft(PART)
    return _Drafting(host, said, record).draft()


class _Drafting:
    """Works out one master."""

    def __init__(self, host: Observed, said: Said, record: Mapping[str, Any]) -> None:
        self.host, self.said, self.record = host, said, record
        self.known: Mapping[str, Any] = record.get("files", {})
        self.edits: dict[str, Editing] = {}
        self.asked: dict[str, list[str]] = {}
        self.warnings: list[str] = []
        self.refusals: list[str] = []
        self.notes: list[str] = []
        self.authorities = str(record.get("authorities", ""))
        self.bundle: tuple[FileChange, ...] = ()

    def draft(self) -> Draft:
        if self.said.withdrawn:
            return self._finished(None, self._withdrawn())
        master = master_file(self.host, self.said.path)
        release = release_of(self.host, self.said)
        file, keys = policy_place(self.host, master)
        if self.said.settings is not None:
            with self._asking("image_policy_config"):
                self._settings(self.said.settings, self._editing(master), release)
        if self.said.rules is not None:
            with self._asking("image_policy"):
                self._policy(self._editing(file), keys, self._editing(master), release)
        elif self.said.settings is not None:
            self._judge_names(self._editing(file), keys, self._editing(master), release)
        if self.said.imports is not None:
            with self._asking(self.said.imports_from):
                self._imports(self.said.imports, self._editing(master))
        if self.said.settings is not None or self.said.imports is not None:
            self._judge_imports(self._editing(master), release)
        if self.said.trust is not None:
            with self._asking("import_trust"):
                self._import_trust(self.said.trust, self._editing(master), release)
        if self.said.plugin_order is not None:
            with self._asking("plugin_order"):
                self._editing(master).put(ORDER, list(self.said.plugin_order) or None)
        value = self.edits[master.path].value if master.path in self.edits else master.value
        self.warnings = [*unread(master.path, value, release), *self.warnings]
        return self._finished(About(release, master.path, (file.path, keys)), master)

    @contextmanager
    def _asking(self, option: str) -> Iterator[None]:
        """Note the files that an option changes."""
        before = {path: editing.copy() for path, editing in self.edits.items()}
        yield
        for path, editing in self.edits.items():
            if not same(before.get(path, editing.file.value), editing.value):
                self.asked.setdefault(path, []).append(option)

    def _editing(self, file: File) -> Editing:
        return self.edits.setdefault(file.path, Editing(file, self.known.get(file.path, {})))

    def _withdrawn(self) -> File | None:
        """Take everything of ours out of every file; return that of the master."""
        ours = [self.authorities] if self.authorities else []
        if unknown := tuple(path for path in (*self.known, *ours) if not self.host.knows(path)):
            raise NotAsked(Watch(files=unknown))
        for path in self.known:
            text = self.host.text(path)
            if text is not None:
                self._editing(File(path, text)).withdraw()
        self._remove_bundle()
        return next((each.file for each in self.edits.values() if each.file.value.get("kind") == "MasterConfig"), None)

    # the image policy

    def _policy(self, editing: Editing, keys: Path, master: Editing, release: Release) -> None:
        said, found = self.said, at(editing.value, keys)
        if isinstance(found, Mapping) and found.get("kind", HEAD["kind"]) != HEAD["kind"]:
            raise HostProblem(f"{editing.file.path}: {PLUGIN} has the kind {found['kind']!r}, not {HEAD['kind']}")
        rules, wanted = said.rules or Named({}), dict((said.rules or Named({})).present)
        ours = frozenset(editing.ours["rules"])
        kept = (platform_images.DENIED, *platform_images.RULES)
        went = bool(ours.difference(kept)) or any(editing.has_put((*keys, key)) for key in said.fields or {})
        takes_only_ours = self._takes_only_ours(ours, at(found, ("executionRules",)))
        if not found and platform_images.DENIED not in rules.absent:
            wanted = {platform_images.DENIED: platform_images.DENIED_RULE, **wanted}
        if not found:
            for key, value in HEAD.items():
                editing.mapping(keys)[key] = value
        for key, value in (said.fields or {}).items():
            editing.put((*keys, key), value)
        place = (*keys, "executionRules")
        editing.merge("rules", place, "name", Named(wanted, rules.absent), kept, said.purge)
        self._refuse(editing, image_policy_doubts.problems(at(editing.value, keys), release))
        if takes_only_ours:
            self._leave(editing, keys, went)
        else:
            self._keep_platform(editing, keys, master, release, wanted)
        self._warn(editing, image_policy_doubts.problems(at(editing.value, keys), release))

    def _keep_platform(
        self, editing: Editing, keys: Path, master: Editing, release: Release, wanted: Mapping[str, Any]
    ) -> None:
        """Add the rules that keep the platform's own images admitted; refuse what rejects them all the same."""
        rules, place = self.said.rules or Named({}), (*keys, "executionRules")
        own, registries = self._platform(at(editing.value, keys), master, release)
        named = Named({**wanted, **own}, rules.absent)
        editing.merge("rules", place, "name", named, (platform_images.DENIED,), self.said.purge)
        if platform_images.IMAGES in rules.absent:
            self.warnings.append("the platform's own images are not kept admitted, as the task says by name")
            return
        self._judge_platform(at(editing.value, keys), master, release, registries)

    def _judge_platform(
        self, document: Mapping[str, Any], master: Editing, release: Release, registries: list[str]
    ) -> None:
        policy = platform_images.policy_of(document, release)
        image_format = str(at(master.value, ("imageConfig", "format")) or "images of the product")
        self.refusals += platform_images.rejected(policy, registries, image_format)

    def _judge_names(self, editing: Editing, keys: Path, master: Editing, release: Release) -> None:
        """Refuse a new name of the platform's registry that the policy, of which nothing is asked, does not admit."""
        document, before = at(editing.value, keys), platform_registries(master.file.value)
        names = [each for each in platform_registries(master.value) if each not in before]
        if document and names:
            self._refuse(editing, image_policy_doubts.problems(document, release))
            self._judge_platform(document, master, release, names)

    def _takes_only_ours(self, ours: frozenset[str], before: Any) -> bool:
        """Say whether nothing is asked for but that rules and fields of ours go: then the policy is others' again."""
        rules = self.said.rules or Named({})
        others = {at(rule, ("name",)) for rule in before or ()} - ours
        asked = rules.present or any(value is not None for value in (self.said.fields or {}).values())
        return not asked and not self.said.purge and not rules.absent & others

    def _leave(self, editing: Editing, keys: Path, went: bool) -> None:
        """Take out the rules for the platform where rules of ours went, and the one that holds anyway when alone."""
        place, denied = (*keys, "executionRules"), platform_images.DENIED
        if went:
            editing.merge("rules", place, "name", Named({}), (denied,), purge=False)
        document = at(editing.value, keys) or {}
        names = [at(rule, ("name",)) for rule in document.get("executionRules") or ()]
        only_rules = all(value is None for key, value in document.items() if key not in (*HEAD, "executionRules"))
        if only_rules and names == [denied] and editing.ours["rules"].get(denied, {}) is None:
            editing.merge("rules", place, "name", Named({}, frozenset((denied,))), (), purge=False)

    def _platform(
        self, document: Mapping[str, Any], master: Editing, release: Release
    ) -> tuple[dict[str, Any], list[str]]:
        """Make the rules for the platform's own images, where no other rule does it; and list their registries."""
        rules = self.said.rules or Named({})
        others = [
            rule
            for rule in document.get("executionRules") or ()
            if not (at(rule, ("name",)) in platform_images.RULES and rule["name"] not in rules.present)
        ]
        policy = platform_images.policy_of({**document, "executionRules": others}, release)
        if platform_images.IMAGES in rules.absent or platform_images.rejects_marked_alone(policy):
            return {}, []
        before = platform_images.addresses(platform_images.policy_of(document, release))
        addresses = self.said.registry_addresses or before
        if not addresses and platform_images.strange_names_matter(policy):
            addresses = self._service(master.file.path)
        names = [*platform_registries(master.value), INTEGRATED_REGISTRY, *addresses]
        registries = list(dict.fromkeys(names))
        made = platform_images.rules(policy, registries)
        if any(rule["name"] == platform_images.IMAGES for rule in made):
            self.warnings.append(platform_images.opened(registries))
        return {rule["name"]: rule for rule in made if rule["name"] not in {*rules.present, *rules.absent}}, registries

    def _service(self, path: str) -> tuple[str, ...]:
        """Return the address of the registry's service, as the API tells it; () where there is no such service."""
        config = f"{path.rpartition('/')[0]}/admin.kubeconfig"
        template = "jsonpath={.spec.clusterIP}:{.spec.ports[0].port}"
        asked = ("oc", f"--config={config}", "get", "service", "docker-registry", "-n", "default", "-o", template)
        question = Question("masters.registry", asked)
        if question.name not in self.host.answers:
            raise NotAsked(Watch(commands=(question,)))
        answer = self.host.answer(question.name)
        if answer.rc == 0 and ADDRESS.fullmatch(answer.stdout.strip()):
            return (answer.stdout.strip(),)
        if answer.rc and "NotFound" in answer.stderr:
            return ()
        why = (
            answer.failure
            or one_line(answer.stderr.strip())
            or ("no oc is here" if answer.rc is None else "no address")
        )
        raise HostProblem(f"the address of the registry's service is not known ({why}); name it in registry_addresses")

    # imports

    def _settings(self, settings: Mapping[str, Any], editing: Editing, release: Release) -> None:
        for key, value in settings.items():
            editing.put((*IMAGE_POLICY, key), value)
        self._judge_authority(settings.get(_AUTHORITY[-1]), release)

    def _imports(self, imports: Named, editing: Editing) -> None:
        editing.merge("imports", (*IMAGE_POLICY, IMPORTS), "domainName", imports, (), self.said.purge)

    def _judge_imports(self, editing: Editing, release: Release) -> None:
        wanted, before = at(editing.value, IMAGE_POLICY), at(editing.file.value, (*IMAGE_POLICY, IMPORTS))
        names = at(wanted, (IMPORTS,))
        self._refuse(editing, import_policy.problems(wanted, release))
        if before is None and names:
            self.warnings.append("until now everything may be imported; from now on only what the list names")
        if before is not None and names is None:
            self.warnings.append(f"from now on everything may be imported: {IMPORTS} is taken away")
        self._warn(editing, import_policy.problems(wanted, release))
        if names == []:
            self.warnings.append(f"{IMPORTS} is empty: from now on nothing may be imported but from the own registry")

    def _import_trust(self, trust: Trust, editing: Editing, release: Release) -> None:
        """Bring authorities to imports: a file and its name on 3.11; before, nothing of the file is meant."""
        self.warnings += trust.warnings
        found = {ca.fingerprint: ca for registry in trust.present for ca in registry.cas}
        if release.name != _READS_AUTHORITY:
            if found:
                self.notes.append(
                    f"imports of {release.name} trust what the trust store of this master holds: registry_trust brings "
                    "the authorities there, and restarts the master"
                )
            return
        path, named = _beside(editing.file.path), at(editing.value, _AUTHORITY)
        if named not in (None, "", path) and found:
            raise HostProblem(f"additionalTrustedCA names {named}, which is somebody else's: add the authorities to it")
        if not found:
            if named == path:
                editing.restore(_AUTHORITY)
            self._remove_bundle()
            return
        self.authorities = path
        self.notes.append(f"imports trust them by additionalTrustedCA ({path}); the trust store is left alone")
        text = bundle(found.values())
        if self.host.text(path) != text:
            lines = "".join(f"{ca.line()}\n" for ca in found.values())
            self.bundle = (
                FileChange(
                    path,
                    text.encode(),
                    "import_trust",
                    self._certificates(path),
                    lines,
                    "0644",
                    asked_by=("import_trust",),
                ),
            )
        editing.put(_AUTHORITY, path)

    def _certificates(self, path: str) -> str:
        """Describe the certificates in a file, one a line."""
        text = self.host.text(path) or ""
        return "".join(f"{ca.line()}\n" for ca in certificates_in(text.encode("ascii", "replace")))

    def _remove_bundle(self) -> None:
        """Remove the file of ours, if earlier runs made it."""
        if self.authorities and self.host.exists(self.authorities):
            before = self._certificates(self.authorities)
            self.bundle = (FileChange(self.authorities, None, "no authority of ours is left", before),)
        self.authorities = ""

    def _judge_authority(self, path: Any, release: Release) -> None:
        """Refuse a file that imports would not trust; the master would not notice. Raises HostProblem."""
        if not path:
            return
        if release.name != _READS_AUTHORITY:
            raise HostProblem(
                f"additionalTrustedCA: only masters of 3.11 are known to read it, not of {release.name}; bring the CA "
                "to their trust store with registry_trust, and restart them"
            )
        text = self.host.text(path)
        if text is None:
            raise HostProblem(f"additionalTrustedCA: {path} is not on this master, and the master would not notice")
        if not certificates_loaded(text.encode("ascii", "replace")):
            raise HostProblem(f"additionalTrustedCA: {path} holds no certificate in PEM form; nobody is trusted by it")
        shared = self._shared_with_pod()
        if shared is not None and not any(f"{path}/".startswith(f"{each}/") for each in shared):
            raise HostProblem(
                f"additionalTrustedCA: {path} is not in the master's static pod, and the master would not notice; of "
                f"this host the pod has {', '.join(shared) or 'nothing'}"
            )

    def _shared_with_pod(self) -> tuple[str, ...] | None:
        """List what the API's static pod has of this host at the same path; None where the API runs without a pod."""
        if not any(isinstance(service, StaticPod) for service in services_of(self.host)):
            return None
        if not self.host.knows(_POD):
            raise NotAsked(Watch(files=(_POD,)))
        pod = parsed(_POD, self.host.text(_POD) or "{}")
        if not fits(pod, _MOUNTS):
            raise HostProblem(f"{_POD}: it does not look like a pod, so what the master sees is not known")
        of_host = {each["name"]: at(each, ("hostPath", "path")) for each in pod["spec"].get("volumes") or ()}
        mounts = [each for one in pod["spec"]["containers"] for each in one.get("volumeMounts") or ()]
        paths = ((str(of_host.get(each["name"])).rstrip("/"), each["mountPath"].rstrip("/")) for each in mounts)
        return tuple(there for here, there in paths if here == there)

    # what the masters themselves would say

    def _refuse(self, editing: Editing, findings: Iterator[Finding]) -> None:
        for finding in findings:
            if finding.effect == "refuse":
                where = f"{finding.path}: " if finding.path else ""
                raise HostProblem(f"{editing.file.path}: the master would not start: {where}{finding.sentence}")

    def _warn(self, editing: Editing, findings: Iterator[Finding]) -> None:
        self.warnings += (
            f"{editing.file.path}: {finding.path}: {finding.sentence}"
            for finding in findings
            if finding.effect == "warn"
        )

    # the draft

    def _finished(self, about: About | None, master: File | None) -> Draft:
        texts = {path: editing.text() for path, editing in self.edits.items()}
        changes = (
            tuple(
                FileChange(
                    path,
                    text.encode(),
                    self._why(),
                    _view(editing.file.text),
                    _view(text),
                    secret=True,
                    asked_by=tuple(self.asked.get(path, ())),
                )
                for (path, text), editing in zip(texts.items(), self.edits.values(), strict=True)
                if text != editing.file.text
            )
            + self.bundle
        )
        running = services_of(self.host)
        if changes and not running:
            raise HostProblem(
                "no service of a master runs here, so nobody would read the file; looked for "
                + ", ".join(service.unit for service in MASTERS)
            )
        return Draft(
            PART,
            files=changes,
            due=tuple(self._dues(running, master, bool(changes))),
            validations=self._validations(master, changes),
            notes=(*self.said.notes, *self.notes, *self._notes()),
            warnings=tuple(dict.fromkeys(self.warnings)),
            refusals=tuple(self.refusals),
            only_a_real_run_shows=_ONLY_A_REAL_RUN,
            record=self._record(running, bool(changes)),
            about=about,
        )

    def _why(self) -> str:
        return "everything of ours is removed" if self.said.withdrawn else "what masters admit and let people import"

    def _notes(self) -> Iterator[str]:
        imports = self.said.imports
        bare = [name for name in (imports.present if imports else ()) if ":" not in name]
        if bare:
            yield f"imports: without a port an entry means 443 alone, 80 when insecure: {', '.join(bare)}"
        if (self.said.settings or {}).get("additionalTrustedCA"):
            yield "imports trust the CA by additionalTrustedCA; the trust store of the master is left alone"

    def _dues(self, running: list[Service], master: File | None, changed: bool) -> Iterator[Due]:
        since = self.record.get("since", 0)
        for n, service in enumerate(running):
            if changed or since and 0 < self._started(service) < since:
                why = "the files change" if changed else "it was started before its file was changed"
                checks = (_healthz(master, self.said),) if master and n == len(running) - 1 else ()
                yield Due(service, why, until="the master has read its file", whose="the master", checks=checks)

    def _started(self, service: Service, fact: str = "started") -> int:
        if MASTER_STARTED.name not in self.host.answers:
            raise NotAsked(Watch(commands=(MASTER_STARTED,)))
        return service.started(self.host, fact)

    def _validations(self, master: File | None, changes: tuple[FileChange, ...]) -> tuple[Validation, ...]:
        """Use the command of the product, where the master has it and it takes the file as it is."""
        if not master or master.path not in {change.path for change in changes}:
            return ()
        command = ("openshift", "ex", "validate", "master-config")
        question = Question("masters.validates", (*command, master.path))
        if question.name not in self.host.answers:
            raise NotAsked(Watch(commands=(question,)))
        if self.host.answer(question.name).rc != 0:
            return ()
        return (Validation(" ".join(command), (*command, f"{{staged:{master.path}}}")),)

    def _record(self, running: list[Service], changed: bool) -> dict[str, Any]:
        touched = {path: editing.memory() for path, editing in self.edits.items()}
        files = {path: memory for path, memory in {**self.known, **touched}.items() if memory}
        since = self.record.get("since", 0)
        if changed:
            deferred = running if self.said.activation == "defer" else []
            latest = max((self._started(service, "latest") for service in deferred), default=0)
            since = latest + _CLOCK_MOVES if latest else 0
        more = {"since": since, "authorities": self.authorities}
        return {"files": files, **{key: value for key, value in more.items() if value}} if files else {}


def _healthz(master: File, said: Said) -> Check:
    return healthz.check(bound(master), said.timeout)


def shown_parts(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts that this feature writes, which can be shown; a file at a location has no others."""
    if value.get("kind") == HEAD["kind"]:
        return dict(value)
    parts = {
        PLUGIN: at(value, ("admissionConfig", "pluginConfig", PLUGIN)),
        ORDER[-1]: at(value, ORDER),
        IMAGE_POLICY[-1]: at(value, IMAGE_POLICY),
    }
    return {key: part for key, part in parts.items() if part is not None}


def _view(text: str) -> str:
    return yaml_text.edit("", shown_parts(parsed("", text)))
