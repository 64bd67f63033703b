# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a cluster of OpenShift 3 to the variables of one of OpenShift 4: the same policy, and what has no equivalent.

What nodes and masters said (the results of host_policy_info and master_config_info) goes in, with variables of
openshift-ansible about the storage of the registry; variables for the group `clusters` come out. A password becomes the
name of a variable that a person fills in a vault; none is ever read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .cluster import registries as of_clusters
from .cluster.hosted_registry.variables import KIND, PREFIX, TRUTH, kind_said
from .cluster.image_registry.values import quantity
from .cluster.openshift4.objects import INTERNAL_REGISTRY
from .credentials.containers import registry_of
from .policy import VOCABULARY, PolicyError, import_sources
from .policy.certificates import bundle
from .policy.lists import ALL, SERVICE_NETWORK
from .policy.word import Reading, kind_of
from .problems import Problem
from .resolution.names import is_range, without_login

#: What a host says stays text in the new inventory; names with these signs are refused by their readers.
_TEMPLATE = re.compile(r"\{[{%#]")
_FORECAST = "dockyard.openshift.cluster_registries --check says what it does to the nodes"


class MigrationProblem(Problem):
    """Something in what was found that no policy can be made of."""


@dataclass
class Found:
    """What is written, and what is left behind."""

    policy: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    vault: list[str] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)

    def leave(self, what: str, where: str, reason: str, nearest: str) -> None:
        """Name what has no equivalent: what, where it was found, why it cannot come along, and what comes nearest."""
        one = {"what": what, "where": where, "reason": reason, "nearest": nearest}
        if one not in self.left:
            self.left.append(one)

    def read(self, word: str, value: Any, what: str, where: str) -> Any:
        """Return what the reader of a word makes of a value; leave behind what it refuses, and return None."""
        return self.taken(word, lambda: VOCABULARY[word].read(word, value, Reading()), what, where)

    def taken(self, word: str, reader: Callable[[], Any], what: str, where: str) -> Any:
        """Return what a reader returns; leave behind what it refuses, and return None."""
        try:
            return reader()
        except PolicyError as problem:
            self.leave(what, where, str(problem), f"{word}, with an entry that it takes")
            return None

    def name_some(self, word: str, what: str, having: Collection[str], nodes: Collection[str]) -> None:
        """Name what not all nodes have, and all nodes of the new cluster get."""
        if len(having) < len(nodes):
            self.leave(
                f"{what} of some nodes only", ", ".join(having), "a cluster has one policy for all of its nodes",
                f"it is in the list of all now; take it out of {word} where that is wrong",
            )  # fmt: skip

    def secret(self, name: str) -> str:
        """Return the text that stands for a secret in a file: a variable of this name is to be put into a vault."""
        if name not in self.vault:
            self.vault.append(name)
        return f"{{{{ {name} }}}}"


def migrate(found: Any) -> dict[str, Any]:
    """Return `variables` for the group clusters, names of variables for a `vault`, and what is `left` behind.

    found: `nodes` and `masters`, host → result of the task; `authorities`, node → path on it → its PEM text;
    `variables` of the inventory. Raises MigrationProblem where nobody was asked, or somebody did not answer.
    """
    if not isinstance(found, Mapping):
        raise MigrationProblem(f"what was found is {kind_of(found)}, not a mapping with nodes and masters")
    nodes, masters = _answers(found, "nodes", "engines"), _answers(found, "masters", "master")
    if not nodes:
        raise MigrationProblem("nodes: nobody was asked, so there is no policy to bring along")
    to = Found()
    _lists(to, nodes)
    _mirrors(to, nodes)
    _trust(to, nodes, _mapping(found.get("authorities")))
    _logins(to, nodes)
    configs = {name: _mapping(_mapping(one.get("master")).get("image_policy_config")) for name, one in masters.items()}
    _imports(to, configs)
    for name, result in masters.items():
        _settings(to, name, configs[name])
        _admission(to, name, _mapping(_mapping(result.get("master")).get("image_policy")))
    _storage(to, _mapping(found.get("variables")))
    policy = {"registry_policy": to.policy} if to.policy else {}
    return {"variables": policy | to.variables, "vault": to.vault, "left": to.left}


def _answers(found: Mapping[str, Any], kind: str, key: str) -> dict[str, Mapping[str, Any]]:
    """Return what each host of a kind said. Raises MigrationProblem for one that did not."""
    answers: dict[str, Mapping[str, Any]] = {
        str(name): _mapping(result) for name, result in _mapping(found.get(kind)).items()
    }
    for name, result in answers.items():
        if result.get("failed") or result.get("unreachable") or key not in result:
            why = str(result.get("msg") or "it was not asked")
            raise MigrationProblem(f"{kind}: {name} did not say what it has, so its policy is not known: {why}")
    return answers


# --- nodes ---


def _lists(to: Found, nodes: Mapping[str, Mapping[str, Any]]) -> None:
    """Take the lists that engines have in force; what only some nodes have is taken too, and named."""
    has = {name: _of_engines(result) for name, result in nodes.items()}
    whole = {word: _together(to, word, {name: lists[word] for name, lists in has.items()}) for word in _WORDS}
    closed = [name for name, lists in has.items() if ALL in lists["blocked"]]
    blocked = [entry for entry in whole["blocked"] if entry != ALL]
    if len(closed) == len(nodes):
        # What may be pulled is said by its names: the rest of the world is blocked, and so are the entries of the list.
        allowed = [entry for entry in _unique([*whole["search"], *whole["allowed"]]) if entry not in blocked]
        to.policy |= {"allowed": allowed} if allowed else {"blocked": ALL}
        to.leave(
            "registries that a cluster of 4 needs itself", "blocked: all",
            "OpenShift 4 is installed from other registries than 3, and the forecast refuses a list that lacks them",
            "allowed, with what dockyard.openshift.plan names; or its guard in image_policy_overridden",
        )  # fmt: skip
    else:
        if closed:
            to.leave(
                "blocked: all", ", ".join(closed), "other nodes pull from anywhere, and a cluster has one policy",
                "allowed, with everything that any node pulls",
            )  # fmt: skip
        to.policy |= {"blocked": blocked} if blocked else {}
    to.policy |= {"search": whole["search"]} if whole["search"] else {}
    if whole["search"]:
        to.leave(
            "search for short names on nodes", "every node", "a new search list reboots or drains every node of 4",
            f"full names in manifests; or image_policy_search, and {_FORECAST}",
        )  # fmt: skip
    insecure = [entry for entry in whole["insecure"] if not is_range(entry)]
    to.policy |= {"insecure": insecure} if insecure else {}
    for entry in (entry for entry in whole["insecure"] if is_range(entry)):
        nearest = "each registry of the range in insecure, by name or address with port"
        if entry == SERVICE_NETWORK:
            nearest = "nothing: nodes of 4 trust the integrated registry by themselves"
        to.leave(f"insecure: {entry}", "insecure", "Image/cluster takes no range of addresses", nearest)


_WORDS = ("search", "blocked", "insecure", "allowed")


def _of_engines(result: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the lists of all engines of a node."""
    engines = _mappings(result.get("engines"))
    return {word: _unique(entry for one in engines for entry in _texts(one.get(word))) for word in _WORDS}


def _together(to: Found, word: str, lists: Mapping[str, list[str]]) -> list[str]:
    """Return the entries of a list on any node that 4 takes, and name those that not all nodes have."""
    whole = []
    for entry in _unique(entry for entries in lists.values() for entry in entries):
        having = [name for name, entries in lists.items() if entry in entries]
        if not to.read(word, [entry], f"{word}: {entry}", ", ".join(having)):
            continue
        whole.append(entry)
        if entry != ALL:
            to.name_some(word, f"{word}: {entry}", having, lists)
    return whole


def _mirrors(to: Found, nodes: Mapping[str, Mapping[str, Any]]) -> None:
    """Take the mirrors that nodes are asked for; what only some nodes have is taken too, and named."""
    has = {name: _mappings(_mapping(result.get("policy")).get("mirrors")) for name, result in nodes.items()}
    known: list[dict[str, Any]] = []
    for name, sets in has.items():
        for one in (one for one in sets if one not in known):
            what = f"mirrors of {one.get('source')}"
            if to.read("mirrors", [*known, one], what, name):
                known.append(one)
                to.name_some("mirrors", what, [name for name, sets in has.items() if one in sets], nodes)
    to.policy |= {"mirrors": known} if known else {}


def _trust(to: Found, nodes: Mapping[str, Mapping[str, Any]], authorities: Mapping[str, Any]) -> None:
    """Take the authorities of registries; those of the whole system, and clients' certificates, do not come along.

    Of a file its certificates alone are written: a key may stand beside them, and a comment that is a template.
    """
    texts: dict[str, list[str]] = {}
    for node, result in nodes.items():
        files = _mapping(authorities.get(node))
        for place in _mappings(result.get("registries")):
            for path in _texts(place.get("files")):
                name, text = str(place.get("name")), files.get(path)
                what, where = f"the authority of {name}", f"{node}: {path}"
                if not isinstance(text, str):
                    to.leave(what, where, "its text was not read", "trust, with ca_file")
                elif read := to.read("trust", [{"registry": name, "ca": text}], what, where):
                    texts.setdefault(name, []).append(bundle(read.registries[0].cas))
        for anchor in _mappings(result.get("anchors")):
            to.leave(
                f"the authority {anchor.get('path')} of the system", node,
                "nodes of 4 have no trust store that a policy reaches", "trust, for each registry that it signs for",
            )  # fmt: skip
    trust = [{"registry": name, "ca": "".join(_unique(each))} for name, each in texts.items()]
    to.policy |= {"trust": trust} if trust else {}


def _logins(to: Found, nodes: Mapping[str, Mapping[str, Any]]) -> None:
    """Take the registries and users of logins; each password becomes the name of a variable."""
    logins: dict[str, str] = {}
    for node, result in nodes.items():
        for file in _mappings(result.get("auth_files")):
            if problem := file.get("problem"):
                to.leave(f"the logins in {file.get('path')}", node, str(problem), "credentials, for each registry")
            for entry in _mappings(file.get("entries")):
                _login(to, logins, f"{node}: {file.get('path')}", entry)
    credentials = [
        {"registry": key, "username": user, "password": to.secret(f"vault_registry_password_{number}")}
        for number, (key, user) in enumerate(logins.items(), 1)
    ]
    if credentials:  # what a node of 3 could pull, nodes of 4 pull by the pull secret of their cluster
        to.policy["credentials"] = credentials
        to.variables["cluster_pull_secret_state"] = "present"


def _login(to: Found, logins: dict[str, str], where: str, entry: Mapping[str, Any]) -> None:
    key = registry_of(str(entry.get("key") or ""), old_form=where.endswith(".dockercfg"))
    kind, user = entry.get("kind"), str(entry.get("username") or "")
    what = f"the login to {without_login(key) or 'every registry'}"
    if kind != "basic" or not user:
        reason = {"helper": "a program on the node has it", "token": "it is a token that a registry gave this node"}
        to.leave(
            what, where, reason.get(str(kind), "no login is in it"), "credentials, with a user and a password",
        )  # fmt: skip
        return
    if _TEMPLATE.search(user):
        to.leave(what, where, "its user would be a template in a file of Ansible", "credentials, by hand")
        return
    taken = to.read("credentials", [{"registry": key, "username": user, "password": "of the vault"}], what, where)
    if taken and logins.setdefault(key, user) != user:
        to.leave(
            f"the login of {user} to {key}", where, f"{logins[key]} logs in there too, and a cluster has one login",
            "imagePullSecrets of the service accounts that need it",
        )  # fmt: skip


# --- masters ---


_IMPORTS = "allowedRegistriesForImport"
_HOSTNAMES = "image_policy_external_hostnames"


def _imports(to: Found, configs: Mapping[str, Mapping[str, Any]]) -> None:
    """Take the registries that some master lets people import from; one without a list lets them from everywhere."""
    lists = {master: config[_IMPORTS] for master, config in configs.items() if config.get(_IMPORTS) is not None}
    if not lists:
        return
    known: list[dict[str, Any]] = []
    for master, entries in lists.items():
        for entry in entries if isinstance(entries, (list, tuple)) else [entries]:
            said = _said(entry)
            what = f"the import from {without_login(str(said.get('domainName') or entry))}"
            sources = to.read("import", [*known, said or entry], what, f"{master}: imagePolicyConfig")
            known = [source.plain() for source in sources] if sources else known
    # Without entries a list of 3 is for the own registry alone, and one of 4 for everything.
    to.variables["image_policy_import"] = known or [{"domainName": INTERNAL_REGISTRY}]
    if len(lists) < len(configs):
        to.leave(
            f"{_IMPORTS} of some masters only", ", ".join(lists),
            "the others let people import from everywhere, and a cluster has one list",
            "it is the list of all now; take image_policy_import out where that is wrong",
        )  # fmt: skip


def _settings(to: Found, master: str, config: Mapping[str, Any]) -> None:
    for key, value in _said(config).items():
        if key == "externalRegistryHostname":
            names = [*to.variables.get(_HOSTNAMES, []), str(value)]
            what, where = f"{key}: {without_login(str(value))}", f"{master}: imagePolicyConfig"
            if taken := to.taken(_HOSTNAMES, partial(of_clusters.external_hostnames, names), what, where):
                to.variables[_HOSTNAMES] = list(taken)
        elif key != _IMPORTS:
            reason = import_sources.GONE.get(key, "Image/cluster has no such field")
            nearest = "trust, with its certificates" if key == "additionalTrustedCA" else "nothing that has to be set"
            to.leave(f"{key}: {value}", f"{master}: imagePolicyConfig", reason, nearest)


def _admission(to: Found, master: str, policy: Mapping[str, Any]) -> None:
    reason = "the image policy of 4 is not configurable"
    for rule in _mappings(policy.get("executionRules")):
        registries = ", ".join(filter(None, _texts(rule.get("matchRegistries"))))  # "": names without a registry
        nearest = "an admission policy (ValidatingAdmissionPolicy) of the cluster"
        if registries:
            word = "blocked" if bool(rule.get("reject")) != bool(rule.get("invertMatch")) else "allowed"
            nearest = f"{word}: {registries}, which counts for every namespace"
        to.leave(f"the rule {rule.get('name') or 'without a name'}", f"{master}: executionRules", reason, nearest)
    for key in policy.keys() - {"executionRules", "kind", "apiVersion"}:
        to.leave(f"{key}: {policy[key]}", f"{master}: image policy", reason, "nothing: 4 has its own default")


# --- storage of the registry ---

_BY_HAND = "image_registry_storage, with the fields of its CRD"
#: Provider → (key of 4, variable → field of its spec, variable → key of image_registry_credentials).
_STORES: Mapping[str, tuple[str, Mapping[str, str], Mapping[str, str]]] = {
    "s3": (
        "s3",
        {"bucket": "bucket", "region": "region", "regionendpoint": "regionEndpoint", "encrypt": "encrypt",
         "kmskeyid": "keyID"},
        {"accesskey": "access_key", "secretkey": "secret_key"},
    ),
    "azure_blob": (
        "azure", {"container": "container", "accountname": "accountName", "realm": "cloudName"},
        {"accountkey": "account_key"},
    ),
    "gcs": ("gcs", {"bucket": "bucket"}, {"keyfile": "key_file"}),
}  # fmt: skip
#: Field → value of 3 → value of 4, where it has words of its own.
_WORDS_OF: Mapping[str, Mapping[str, Any]] = {
    "encrypt": TRUTH,
    "cloudName": {
        "core.windows.net": "AzurePublicCloud", "core.usgovcloudapi.net": "AzureUSGovernmentCloud",
        "core.chinacloudapi.cn": "AzureChinaCloud", "core.cloudapi.de": "AzureGermanCloud",
    },
}  # fmt: skip


def _storage(to: Found, variables: Mapping[str, Any]) -> None:
    """Make the storage of the integrated registry from the variables of openshift-ansible, without their keys."""
    kind, provider = kind_said(variables.get), str(variables.get(f"{PREFIX}provider"))
    if kind == "object" and provider in _STORES:
        _store(to, provider, variables)
    elif kind == "object":
        to.leave(f"the store of the registry ({provider})", KIND, "no variable of 4 is known for it", _BY_HAND)
    elif kind:
        to.variables["image_registry_storage"] = {"pvc": {"claim": "image-registry-storage"}}
        if size := str(variables.get(f"{PREFIX}volume_size") or "").strip():
            size = size if size[-1].isalpha() else f"{size}Gi"
            if quantity(size) is not None:
                to.variables["image_registry_claim"] = {"size": size}
            else:
                where = f"{PREFIX}volume_size"
                to.leave(f"the size {size}", where, "is not a quantity such as 100Gi", "image_registry_claim")
        to.leave(
            f"the volume of the registry ({kind})", KIND, "a volume with images of 3 is none for a registry of 4",
            "a new claim, and dockyard.openshift.image_import for the images",
        )  # fmt: skip


def _store(to: Found, provider: str, variables: Mapping[str, Any]) -> None:
    """Take what 4 has fields for; keys go into the vault, and the rest is named without its value."""
    store, fields, secrets = _STORES[provider]
    ours = f"{PREFIX}{provider}_"
    of_store = {name.removeprefix(ours): value for name, value in variables.items() if name.startswith(ours)}
    spec, keys = dict[str, Any](), dict[str, str]()
    for name, value in _said(of_store).items():
        field, secret = fields.get(name, ""), secrets.get(name)
        value = _WORDS_OF[field].get(str(value).lower()) if field in _WORDS_OF else value
        if secret:
            keys[secret] = to.secret(f"vault_registry_{secret}")
        elif field and value is not None:
            spec[field] = value
        else:
            what = f"{name} of the store ({provider})"
            to.leave(what, f"{ours}{name}", "no field or value of 4 is known for it", _BY_HAND)
    if provider == "s3":
        _complete_s3(to, spec)
    to.variables["image_registry_storage"] = {store: spec}
    to.variables |= {"image_registry_credentials": keys} if keys else {}
    to.leave(
        "the images in the store", KIND, "the registry of 4 does not know the image streams of 3",
        "another bucket or container, and dockyard.openshift.image_import for the images",
    )  # fmt: skip


def _complete_s3(to: Found, spec: dict[str, Any]) -> None:
    """Write out what the registry of 3 took for granted and the operator of 4 wants to be told."""
    endpoint = spec.get("regionEndpoint")
    if endpoint and "://" not in str(endpoint):
        spec["regionEndpoint"] = f"https://{endpoint}"  # what Amazon's library does, for both
    if "region" not in spec and endpoint:
        spec["region"] = "us-east-1"  # a store of one's own has no regions, and the field is needed
    elif "region" not in spec:
        to.leave(
            "the region of the store (s3)", f"{PREFIX}s3_region",
            "it is not said, and the operator of 4 knows one on AWS alone", "region in image_registry_storage",
        )  # fmt: skip


# --- values, whatever their shape ---


def _mapping(value: Any) -> dict[str, Any]:
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


def _said(value: Any) -> dict[str, Any]:
    return {key: item for key, item in _mapping(value).items() if item not in (None, "")}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [_mapping(one) for one in value if isinstance(one, Mapping)] if isinstance(value, (list, tuple)) else []


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, (list, tuple)) else []


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
