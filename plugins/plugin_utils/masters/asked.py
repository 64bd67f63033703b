# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person asks of masters, in every shape in which inventories keep it, before any master is looked at.

Whatever the decoder of a master would pass over in silence is refused here, because nobody writes it on purpose.
Sources: openshift-ansible release-3.6 (roles/openshift_master/templates/master.yaml.v1.j2) and release-3.11
(roles/openshift_control_plane/templates/master.yaml.v1.j2, defaults of openshift_master_facts).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..cluster.openshift3 import Finding, PolicyProblem, image_policy_doubts, import_policy, releases
from ..cluster.openshift3.releases import Release
from ..formats import FormatError, yaml_text
from ..policy import trust
from ..policy.trust import Trust
from ..policy.word import PolicyError, Reading, kind_of, shown
from ..problems import Problem
from ..resolution.references import is_domain

PLUGIN = "openshift.io/ImagePolicy"
IMPORTS = "allowedRegistriesForImport"
#: The option that holds the list for imports alone.
OWN_LIST = "allowed_registries_for_import"
HEAD = {"kind": "ImagePolicyConfig", "apiVersion": "v1"}
#: The keys under which people wrap plug-ins.
_WRAPPINGS = ("admissionConfig", "pluginConfig")
_STATES = ("present", "absent")
#: What leaves the release to the host: also the series alone, which openshift-ansible takes.
_NO_RELEASE = ("", "3", "v3")
#: A backslash before a sign that needs none, as pages of documentation leave it when they are copied.
_RESIDUE = re.compile(r"\\+(?=[*_.\-])")
#: A name in asterisks, which made it bold on a page.
_BOLD = re.compile(r"\*+([^*]+)\*+")


class AskedProblem(Problem):
    """What is wrong with an option, as one sentence that begins with its name."""

    def __init__(self, word: str, text: str) -> None:
        super().__init__(f"{word}: {text}")
        self.word = word


class Named(NamedTuple):
    """Entries that a list shall have, and names that it shall not; both by name."""

    present: Mapping[str, Mapping[str, Any]]
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Said:
    """What is asked for; None: nothing is said of it. fields and settings stand beside the two lists.

    imports_from: the option that the list for imports was taken from.
    """

    rules: Named | None = None
    fields: Mapping[str, Any] | None = None
    imports: Named | None = None
    settings: Mapping[str, Any] | None = None
    plugin_order: tuple[str, ...] | None = None
    trust: Trust | None = None
    purge: bool = False
    release: Release | None = None
    registry_addresses: tuple[str, ...] = ()
    path: str = ""
    timeout: int = 180
    withdrawn: bool = False
    activation: str = ""
    notes: tuple[str, ...] = ()
    imports_from: str = ""

    @property
    def asks(self) -> bool:
        asked = (self.rules, self.imports, self.settings, self.plugin_order, self.trust)
        return any(each is not None for each in asked)


def read(options: Mapping[str, Any], reading: Reading) -> Said:
    """Read the options of the task. Raises Problem."""
    release = _release(options.get("release"))
    notes: list[str] = []
    rules, fields = _policy(options.get("image_policy"), release, notes)
    imports, settings = _imports(options, release)
    order = _texts("plugin_order", options.get("plugin_order"))
    if odd := [name for name in order or () if re.search(r"[\s,]", name)]:
        raise AskedProblem("plugin_order", f"{shown(odd[0])} is not the name of one plug-in; write a list of names")
    if odd := [name for name in order or () if name != PLUGIN and means_ours(name, {})]:
        raise AskedProblem("plugin_order", f"{shown(odd[0])} is the name of no plug-in; {PLUGIN} is meant")
    authorities = _trust(options.get("import_trust"), settings, reading)
    addresses = _texts("registry_addresses", options.get("registry_addresses")) or ()
    for address in addresses:
        if not is_domain(address):
            raise AskedProblem("registry_addresses", f"{shown(address)} is not HOST:PORT, as in 172.30.1.1:5000")
    path = options["master_config"]
    if not path.startswith("/") or path.endswith("/") or "/../" in path or not path.isprintable():
        raise AskedProblem("master_config", f"{shown(path)} is not the absolute path of a file")
    if not 1 <= options["timeout"] <= 3600:
        raise AskedProblem("timeout", f"{options['timeout']} is not a number of seconds from 1 to 3600")
    return Said(
        rules, fields, imports, settings, order, authorities, options["purge"], release, addresses, path,
        options["timeout"],
        activation=options.get("activation", ""),
        notes=tuple(notes),
        imports_from=OWN_LIST if options.get(OWN_LIST) is not None else "image_policy_config",
    )  # fmt: skip


def _trust(value: Any, settings: Mapping[str, Any] | None, reading: Reading) -> Trust | None:
    word = "import_trust"
    if value is None:
        return None
    try:
        found = trust.read(word, value, reading)
    except PolicyError as problem:
        raise AskedProblem(word, str(problem).removeprefix(f"{trust.NAME}: ")) from None
    if lone := next((one.name for one in found.present if not one.cas), None):
        raise AskedProblem(word, f"{shown(lone)} has no ca; imports show registries no certificate of their own")
    if settings and "additionalTrustedCA" in settings:
        raise AskedProblem(word, "additionalTrustedCA is said beside it, and is set by it; leave one of them out")
    return found


def value_of(word: str, value: Any) -> Any:
    """Return the value of a JSON or YAML text, anything else as it is. Raises AskedProblem."""
    if not isinstance(value, str):
        _refuse_residue(word, value, value)
        return value
    try:
        found = yaml_text.parse(value)
    except FormatError as error:
        mended = _RESIDUE.sub("", value)
        try:
            again = yaml_text.parse(mended)
        except FormatError:
            again = None
        if mended != value and isinstance(again, (dict, list)):
            raise _residue(word, again) from None
        raise AskedProblem(word, f"this is neither JSON nor YAML: {error}") from None
    _refuse_residue(word, found, value)
    return found


def _refuse_residue(word: str, value: Any, written: Any) -> None:
    if value != (mended := _mended(value)):
        raise _residue(word, mended)


def _residue(word: str, value: Any) -> AskedProblem:
    text = json.dumps(_mended(value))
    return AskedProblem(word, f"backslashes or asterisks are left from the markup of a page; write {text}")


def _mended(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if not isinstance(value, str):
        return value
    plain = _RESIDUE.sub("", value)
    bold = _BOLD.fullmatch(plain)
    return bold[1] if bold and is_domain(bold[1]) else plain


def _release(value: Any) -> Release | None:
    if value is None or str(value) in _NO_RELEASE:
        return None
    try:
        return releases.find(value if isinstance(value, float) else str(value))
    except PolicyProblem as problem:
        raise AskedProblem("release", str(problem).removeprefix("release: ")) from None


def _texts(word: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    value = value_of(word, value) if isinstance(value, str) and value.lstrip()[:1] in ("[", "-") else value
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        raise AskedProblem(word, f"must be a list of texts, not {kind_of(value)}")
    for item in items:
        if not isinstance(item, str) or not item.strip():
            raise AskedProblem(word, f"must be a list of texts, and one of them is {kind_of(item)} {shown(item)}")
    if twice := [item for item in items if items.count(item) > 1]:
        raise AskedProblem(word, f"{shown(twice[0])} is there twice")
    return tuple(items)


def _mapping(word: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise AskedProblem(word, f"must be a mapping, not {kind_of(value)}")
    if odd := [key for key in value if not isinstance(key, str)]:
        raise AskedProblem(word, f"the key {shown(odd[0])} is not a text")
    return value


# the image policy


def _policy(value: Any, release: Release | None, notes: list[str]) -> tuple[Named | None, Mapping[str, Any] | None]:
    word = "image_policy"
    if value is None:
        return None, None
    document = plugins_in(word, value)
    others = {key: each for key, each in document.items() if _is_other_plugin(key, each)}
    if misspelt := [key for key, each in others.items() if means_ours(key, each)]:
        sentence = f"{shown(misspelt[0])} is not the name of the plug-in with the image policy; {PLUGIN} is meant"
        raise AskedProblem(word, sentence)
    if document and others == document:
        notes.append(f"{word}: it says nothing of {PLUGIN}; of other plug-ins nothing is written")
        return None, None
    document = dict(_unwrapped(word, document, notes))
    named = _named(word, "executionRules", document.pop("executionRules", None), "name")
    document = {**HEAD, **document}
    _refuse(word, _in_policy({**document, "executionRules": list(named.present.values())}, release))
    return named, {key: item for key, item in document.items() if key not in HEAD}


def plugins_in(word: str, value: Any) -> Mapping[str, Any]:
    """Return plug-ins by name, or one policy, without the keys around them. Raises AskedProblem."""
    document = _mapping(word, value_of(word, value))
    for key in _WRAPPINGS:
        document = _within(word, document, key)
    return document


def _is_other_plugin(key: str, value: Any) -> bool:
    ours = key in (PLUGIN, "configuration")
    return not ours and isinstance(value, Mapping) and bool({"configuration", "location"} & set(value))


def means_ours(key: str, plugin: Mapping[str, Any]) -> bool:
    """Return whether the name of a plug-in, or its configuration, shows that this one is meant."""
    configuration = plugin.get("configuration")
    kind = configuration.get("kind") if isinstance(configuration, Mapping) else None
    return key.lower().endswith("imagepolicy") or kind == HEAD["kind"]


def _within(word: str, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Take a document out of a key that people wrap it in."""
    if key not in document:
        return document
    if others := [each for each in document if each != key]:
        raise AskedProblem(word, f"beside {key} there is {shown(others[0])}; it must stand alone")
    return _mapping(word, document[key])


def _unwrapped(word: str, document: Mapping[str, Any], notes: list[str]) -> Mapping[str, Any]:
    """Take the policy out of its plug-in. Other plug-ins are named: they are left to others."""
    if PLUGIN in document:
        if others := document.keys() - {PLUGIN}:
            notes.append(f"{word}: of other plug-ins nothing is written: {', '.join(sorted(others))}")
        document = _mapping(word, document[PLUGIN])
    document = _within(word, document, "configuration")
    if "location" in document:
        raise AskedProblem(
            word, "location names a file of the master; give the policy itself, it goes where it belongs"
        )
    if not set(document) - {"kind", "apiVersion"}:
        raise AskedProblem(word, "it holds no policy: executionRules, resolutionRules and resolveImages are missing")
    if document.get("kind") == "DefaultAdmissionConfig" or "disable" in document:
        raise AskedProblem(word, "DefaultAdmissionConfig switches the plug-in off or on, and is not an image policy")
    return document


def _named(word: str, key: str, value: Any, name: str) -> Named:
    """Read a list whose entries have names and may have a state. Raises AskedProblem."""
    value = [value] if isinstance(value, Mapping) else value
    if value is None:
        return Named({})
    if not isinstance(value, list):
        raise AskedProblem(word, f"{key} must be a list of mappings with {name}, not {kind_of(value)} {shown(value)}")
    present: dict[str, Mapping[str, Any]] = {}
    absent: set[str] = set()
    for n, entry in enumerate(value):
        where = f"{key}[{n}]"
        if not isinstance(entry, Mapping):
            form = f"; it has the form {{{name}: {entry}}}" if isinstance(entry, str) else ""
            raise AskedProblem(word, f"{where} is {kind_of(entry)}, not a mapping{form}")
        called, state = entry.get(name), entry.get("state", "present")
        if not isinstance(called, str) or not called.strip():
            raise AskedProblem(word, f"{where}.{name} must be a text that is not empty, not {shown(called)}")
        if state not in _STATES:
            raise AskedProblem(word, f"{where}.state is {shown(state)}, and must be present or absent")
        if called in present or called in absent:
            raise AskedProblem(word, f"{where}.{name}: {shown(called)} is used twice")
        if state == "present":
            present[called] = {each: item for each, item in entry.items() if each != "state"}
        elif more := [each for each in entry if each not in (name, "state")]:
            raise AskedProblem(word, f"{where} is to be absent, and has {shown(more[0])} beside {name}")
        else:
            absent.add(called)
    return Named(present, frozenset(absent))


def _in_policy(document: Mapping[str, Any], release: Release | None) -> Iterator[Finding]:
    """Yield what is wrong with what is asked for, not what it leaves out: that is judged with the rest of the file."""
    for finding in _of_all(image_policy_doubts.problems, document, release):
        left_out = finding.path == "executionRules"
        if not left_out and not finding.path.endswith((".matchIntegratedRegistry", ".skipOnResolutionFailure")):
            yield finding


def _of_all(problems: Any, value: Any, release: Release | None) -> Iterator[Finding]:
    """Yield the findings of a release; as long as it is not known, those of the first and the last one alike."""
    found = list(problems(value, release or releases.RELEASES["3.11"]))
    others = found if release else list(problems(value, releases.RELEASES["3.6"]))
    seen = {each.path for each in others}
    yield from (each for each in found if each.path in seen)


def _refuse(word: str, findings: Iterator[Finding]) -> None:
    for finding in findings:
        raise AskedProblem(word, f"{finding.path}: {finding.sentence}" if finding.path else finding.sentence)


# imports


def _imports(options: Mapping[str, Any], release: Release | None) -> tuple[Named | None, Mapping[str, Any] | None]:
    word, settings = "image_policy_config", None
    named = None
    if options.get(word) is not None:
        document = value_of(word, options[word])
        document = {IMPORTS: document} if isinstance(document, list) else dict(_mapping(word, document))
        while "imagePolicyConfig" in document:
            document = dict(_within(word, document, "imagePolicyConfig"))
        if "domainName" in document:
            document = {IMPORTS: [document]}
        if document.get(IMPORTS) is not None:
            entries = document.pop(IMPORTS)
            named = _entries(word, value_of(word, entries) if isinstance(entries, str) else entries, release)
        settings = document
        _refuse(word, _in_imports({key: item for key, item in settings.items() if item is not None}, release))
        _refuse_strange_settings(word, settings)
    own = OWN_LIST
    if options.get(own) is not None:
        (settings or {}).pop(IMPORTS, None)
        entries = options[own]
        one_name = isinstance(entries, str) and is_domain(entries.translate(import_policy.ANY_SIGN))
        entries = value_of(own, entries) if isinstance(entries, str) and not one_name else entries
        entries = [entries] if isinstance(entries, str) else entries
        if isinstance(entries, list):  # texts are the form of openshift-ansible
            value_of(own, entries)
            entries = [{"domainName": each} if isinstance(each, str) else each for each in entries]
        named = _entries(own, entries, release)
    return named, settings or None


def _entries(word: str, value: Any, release: Release | None) -> Named:
    named = _named(word, IMPORTS, value, "domainName")
    _refuse(word, _in_imports({IMPORTS: list(named.present.values())}, release))
    return named


def _in_imports(document: Mapping[str, Any], release: Release | None) -> Iterator[Finding]:
    for finding in _of_all(import_policy.problems, document, release):
        if not finding.path.endswith(".insecure") and not finding.sentence.startswith("before 3.9"):
            yield finding


_HOSTNAMES = ("internalRegistryHostname", "externalRegistryHostname")


def _refuse_strange_settings(word: str, settings: Mapping[str, Any]) -> None:
    for key in _HOSTNAMES:
        if settings.get(key) and not is_domain(settings[key]):
            raise AskedProblem(word, f"{key}: {shown(settings[key])} is not HOST or HOST:PORT")
    authority = settings.get("additionalTrustedCA")
    if authority and not authority.startswith("/"):
        raise AskedProblem(
            word, f"additionalTrustedCA: {shown(authority)} is not the absolute path of a file on the master"
        )
