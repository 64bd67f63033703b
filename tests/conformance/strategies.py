# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as they may be configured, and references to pull there.

All names come from small pools, so that prefixes, mirrors, wildcards, aliases and references meet each other often.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

HOSTS = [
    *("docker.io", "example.com", "a.example.com", "example.com:5000", "a.example.com:5000", "localhost", "mirror.lab"),
    *("index.docker.io", "registry", "Example.com"),
]
PATHS = ["app", "team", "team/app", "library", "library/app", "a_b", "a--b", "a.b"]
WILDCARDS = ["*.example.com", "*.a.example.com", "*.com", "*.io", "*.lab"]
ODD_SCOPES = [
    *("", "/", "//", "*.", "*", "*.example.com:5000", "*.example.com/team", "*.a@b", "team"),
    *(
        "https://docker.io/",
        "john@example.com",
        "example.com/team:1",
        "example.com//team",
        "example.com/Team",
        "[::1]:5000",
    ),
    *(
        "example.com/a_b.c",
        "a_b.c",
        "ex ample.com",
        "example.com/tea",
        "example.co",
        "é.example.com",
        "x" * 240 + ".com",
    ),
]
SHORT = ["a.b_c/app", "Team/app", "LOCALHOST/app", "f" * 64, "x" * 245, "app/", "/app", ""]
TAGS = ["1", "latest", "v1.0_x-y", "5000", "", "-1", "t" * 128, "t" * 129, "é"]
DIGESTS = [
    *("sha256:" + "a" * 64, "sha256:" + "0123456789abcdef" * 4, "sha512:" + "b" * 128, "sha384:" + "c" * 96),
    *(
        "sha256:" + "a" * 63,
        "sha256:" + "A" * 64,
        "SHA256:" + "a" * 64,
        "sha1:" + "a" * 40,
        "sha256",
        "",
        "md5:" + "a" * 32,
    ),
]
DROP_INS = ["9.conf", "10-a.conf", "20-b.conf", "Z.conf", ".conf", "10-a.conf.bak", "README"]


def seldom(one_in: int) -> Any:
    """True once in so many draws. Not for a number at an end of the range: those are drawn more often than others."""
    return st.integers(1, one_in).map(lambda number: number == one_in // 2 + 1)


def mostly(usual: Any, odd: Any, one_in: int = 12) -> Any:
    """A strategy that seldom draws from the odd one."""
    return seldom(one_in).flatmap(lambda is_odd: odd if is_odd else usual)


def some(items: Any, most: int) -> Any:
    """A list that is seldom empty: generators love empty ones, which say nothing."""
    return mostly(st.lists(items, min_size=(most + 1) // 2, max_size=most), st.just([]), 8)


names = st.builds("{}/{}".format, st.sampled_from(HOSTS), st.sampled_from(PATHS))
plain_scopes = st.sampled_from(HOSTS) | mostly(names, names.map("{}/".format))
unusual = mostly(st.sampled_from(ODD_SCOPES), st.sampled_from(["http://example.com", "https://docker.io/"]), 8)
locations = mostly(plain_scopes, unusual, 40)
prefixes = mostly(plain_scopes | st.sampled_from(WILDCARDS), unusual, 40)


tags = st.just("") | mostly(st.sampled_from(TAGS[:4]), st.sampled_from(TAGS)).map(":{}".format)
digests = st.just("") | mostly(st.sampled_from(DIGESTS[:4]), st.sampled_from(DIGESTS)).map("@{}".format)


def references(near: list[str] | None = None) -> Any:
    """Most are in one of the scopes given, which are those that a configuration speaks of."""
    odd = st.sampled_from(ODD_SCOPES)
    far = names | st.sampled_from(PATHS) | st.sampled_from(SHORT) | mostly(names, odd, 4)
    within = st.builds("{}{}".format, st.sampled_from(near or [""]), st.sampled_from(["", "/app", "/x", ":5000/app"]))
    return st.builds("{}{}{}".format, mostly(within, far, 3) if near else far, tags, digests)


# --- registries.conf ------------------------------------------------------------------------------------------------

flags = mostly(st.just(True), st.just(False), 4)
odd_values = st.sampled_from(["true", 1, 1.5, [], ["x"], {}, {"x": "y"}, [{"location": "docker.io"}], True, "", [1]])


def keys(**optional: Any) -> Any:
    """A table with any of the keys; seldom a value of another type, or a key nobody knows."""
    written = {name.replace("_", "-"): value for name, value in optional.items()}
    usual = st.fixed_dictionaries({}, optional=written)
    odd = st.dictionaries(st.sampled_from([*written, "blokced"]), odd_values, max_size=1)
    return mostly(usual, st.builds(lambda table, more: {**table, **more}, usual, odd), 30)


modes = mostly(st.sampled_from(["", "all", "digest-only", "tag-only"]), st.sampled_from(["none", "ALL"]), 60)
mirrors = st.builds(
    lambda location, table: {"location": location, **table},
    locations,
    keys(insecure=flags, pull_from_mirror=modes),
)


@st.composite
def registries(draw: Any) -> dict[str, Any]:
    by_digest = draw(st.sampled_from([None, None, False, True]))
    table = draw(keys(prefix=prefixes, location=locations, insecure=flags, blocked=flags))
    if draw(seldom(3)):
        table["blocked"] = True
    # Most tables are ones that load.
    if str(table.get("prefix", "")).startswith("*.") or not draw(seldom(40)):
        table.setdefault("location", draw(locations))
    if by_digest is not None:
        table["mirror-by-digest-only"] = by_digest
    table["mirror"] = draw(some(mirrors, 3))
    if by_digest and not draw(seldom(20)):
        for mirror in table["mirror"]:
            mirror.pop("pull-from-mirror", None)
    if draw(seldom(60)):
        table["pull-from-mirror"] = draw(modes)
    return table


searches = some(mostly(st.sampled_from(HOSTS), st.sampled_from([*ODD_SCOPES, "docker.io/", "docker.io/team"]), 40), 3)
alias_names = mostly(st.sampled_from(PATHS), st.sampled_from([*SHORT, *HOSTS, "app:1", "docker.io/app"]), 150)
alias_values = mostly(
    names | st.just(""), st.sampled_from([*SHORT, *ODD_SCOPES, "docker.io/app:1", "docker.io/app@" + DIGESTS[0]]), 150
)


@st.composite
def agreeing(draw: Any) -> list[dict[str, Any]]:
    """Tables of which those with one location mostly agree, as containers/image demands."""
    tables = draw(some(registries(), 5))
    if not draw(seldom(10)):
        first: dict[str, dict[str, Any]] = {}
        for table in tables:
            place = str(table.get("location") or table.get("prefix") or "").rstrip("/")
            other = first.setdefault(place, table)
            for flag in ("insecure", "blocked"):
                table[flag] = other.get(flag, False)
    return tables


new_form = st.fixed_dictionaries(
    {"registry": agreeing(), "unqualified-search-registries": searches},
    optional={
        "short-name-mode": mostly(
            st.sampled_from(["", "disabled", "permissive", "enforcing"]), st.just("sometimes"), 40
        ),
        "aliases": st.dictionaries(alias_names, alias_values, max_size=4),
        "credential-helpers": st.just(["containers-auth.json"]),
        "additional-layer-store-auth-helper": st.just(""),
    },
)
old_lists = st.fixed_dictionaries({}, optional={"registries": some(locations, 3)})
old_searches = st.fixed_dictionaries({}, optional={"registries": searches})
old_form = st.fixed_dictionaries({}, optional={"search": old_searches, "insecure": old_lists, "block": old_lists})


def forms(one_in: int) -> Any:
    """Draw the form of a registries.conf; every so many is of the old form, and some of these mix both."""
    old = st.builds(lambda old, new: {**new, "registries": old}, old_form, mostly(st.just({}), new_form, 6))
    return mostly(new_form, old, one_in)


def scopes(form: dict[str, Any]) -> list[str]:
    """Everything an image could be in, of what a file speaks of."""
    tables = [inner for table in form.get("registry", ()) for inner in (table, *table["mirror"])]
    values = [table.get(key) for table in tables for key in ("prefix", "location")]
    values += [entry for table in form.get("registries", {}).values() for entry in table.get("registries", ())]
    return [
        value.replace("*.", "a.").rstrip("/") for value in [*values, *form.get("aliases", ())] if isinstance(value, str)
    ]


@st.composite
def toml(draw: Any, tables: dict[str, Any]) -> str:
    """Write the tables as TOML. Seldom a key of a registry follows its mirrors, where it belongs to the last, or keys
    are in upper case, which the Go decoder accepts (of one in both cases it takes either).
    """
    if draw(seldom(30)):
        tables = {
            key: [capitalized(item) for item in value] if key == "registry" else value for key, value in tables.items()
        }
    top = {key: value for key, value in tables.items() if key not in ("registry", "aliases", "registries")}
    lines = [f"{key} = {inline(value)}" for key, value in top.items()]
    for table in tables.get("registry", ()):
        inner = table.get("mirror", [])
        plain = [f"{key} = {inline(value)}" for key, value in table.items() if key != "mirror"]
        late = [plain.pop()] if plain and inner and draw(seldom(40)) else []
        lines += ["[[registry]]", *plain]
        for mirror in inner:
            lines += ["[[registry.mirror]]", *(f"{key} = {inline(value)}" for key, value in mirror.items())]
        lines += late
    if "aliases" in tables:
        lines += ["[aliases]", *(f"{json.dumps(key)} = {inline(value)}" for key, value in tables["aliases"].items())]
    for kind, table in tables.get("registries", {}).items():
        lines += [f"[registries.{kind}]", *(f"{key} = {inline(value)}" for key, value in table.items())]
    return "".join(f"{line}\n" for line in lines)


def capitalized(table: dict[str, Any]) -> dict[str, Any]:
    return {key if key == "mirror" else key.capitalize(): value for key, value in table.items()}


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


# --- policy.json ----------------------------------------------------------------------------------------------------

texts = mostly(st.sampled_from(["/etc/pki/key", "me@example.com"]), st.sampled_from(["", None, 1]), 5)
data = mostly(
    st.sampled_from(["", "a2V5", "a2V5Cg==", "a2V5\ncg=="]), st.sampled_from(["a2V5Cg=", "k", None, ["a"]]), 5
)
lists = mostly(st.just(["/a", "/b"]), st.sampled_from([[], None, [None], "x", [1]]), 4)
datas = mostly(st.just(["a2V5"]), st.sampled_from([[], None, [None], ["k"], "x"]), 4)
any_identity = st.fixed_dictionaries(
    {"type": st.sampled_from(["matchExact", "matchRepoDigestOrExact", "exactReference", "remapIdentity", "none"])},
    optional=dict.fromkeys(("dockerReference", "dockerRepository", "prefix"), st.none() | locations | references()),
)
identities = mostly(
    st.sampled_from([{"type": "matchExact"}, {"type": "matchRepository"}, {"type": "matchRepoDigestOrExact"}])
    | st.fixed_dictionaries({"type": st.just("exactReference"), "dockerReference": references()})
    | st.fixed_dictionaries({"type": st.just("exactRepository"), "dockerRepository": references() | locations})
    | st.fixed_dictionaries({"type": st.just("remapIdentity"), "prefix": locations, "signedPrefix": locations}),
    any_identity,
    4,
)


def members(**optional: Any) -> Any:
    """An object with about half of these members."""
    return st.fixed_dictionaries({}, optional=optional)


sources = {"keyPath": texts, "keyPaths": lists, "keyData": data, "keyDatas": datas}
sources["fulcio"] = members(caPath=texts, oidcIssuer=texts, subjectEmail=texts) | st.builds(
    lambda known, more: {"caData": "a2V5", "oidcIssuer": "x", **known, **more},
    members(subjectEmail=texts, caPath=texts),
    members(x=texts, caData=data),
)
sources["pki"] = st.builds(
    lambda roots, rest: {"caRootsPath": "/a", **roots, **rest},
    mostly(st.just({}), members(caRootsPath=texts, caRootsData=data), 3),
    members(subjectEmail=texts, subjectHostname=texts, caIntermediatesPath=texts, caIntermediatesData=data),
)
rekor = {"rekorPublicKeyPath": texts, "rekorPublicKeyPaths": lists, "rekorPublicKeyData": data}
rekor["rekorPublicKeyDatas"] = datas
KEY_TYPES = ["GPGKeys", "signedByGPGKeys", "X509Certificates", "signedByX509CAs"]


@st.composite
def requirements(draw: Any) -> Any:
    """One requirement, mostly of the members that it needs."""
    kind = draw(st.sampled_from(["reject", "signedBy", "signedBaseLayer", *["sigstoreSigned"] * 4]))
    result: dict[str, Any] = {"type": kind}
    if kind in ("signedBy", "sigstoreSigned"):
        known = list(sources)[:3] if kind == "signedBy" else list(sources)
        several = st.lists(st.sampled_from(list(sources)), max_size=3)
        for name in draw(mostly(st.sampled_from(known).map(lambda name: [name]), several, 6)):
            result[name] = draw(sources[name])
        result["signedIdentity"] = draw(identities)
    if kind == "sigstoreSigned":
        for name in draw(st.lists(st.sampled_from(list(rekor)), max_size=2)):
            result[name] = draw(rekor[name])
    if kind == "signedBy":
        result["keyType"] = draw(mostly(st.sampled_from(KEY_TYPES), st.sampled_from(["gpgkeys", None]), 8))
    if kind == "signedBaseLayer":
        result["baseLayerIdentity"] = draw(identities)
    if draw(seldom(8)):
        result.pop(draw(st.sampled_from(list(result))))
    return draw(mostly(st.just(result), st.sampled_from([{**result, "x": 1}, None, "reject", {"Type": "reject"}]), 40))


simple_requirements = st.sampled_from([[{"type": "reject"}], [{"type": "insecureAcceptAnything"}]])
policy_scopes = st.sampled_from([*HOSTS, *WILDCARDS, ""]) | names | names.map(lambda name: name + ":1") | references()


def policies(requirement_lists: Any, fewest: int = 3, most: int = 8) -> Any:
    docker = st.dictionaries(policy_scopes, requirement_lists, min_size=fewest, max_size=most)
    others = {"docker-daemon": st.just({"": [{"type": "insecureAcceptAnything"}]})}
    transports = mostly(st.fixed_dictionaries({"docker": docker}, optional=others), st.just({}))
    document = st.fixed_dictionaries({"default": requirement_lists, "transports": transports})
    documents = mostly(document, st.fixed_dictionaries({"default": requirement_lists}))
    odd = st.sampled_from(
        ["", "{}", "[]", "null", '{"default": null}', '{"default": []}', '{"default": [{"type": "reject"}], "x": 1}',
         '{"default": [{"type": "reject"}], "transports": null}', '{"default": [{"type": "reject"}],}',
         '{"default": [{"type": "reject"}], "default": [{"type": "reject"}]}', '{"default": [{"type": "reject"}]} x']
    )  # fmt: skip
    return mostly(documents.map(json.dumps), odd, 30)


def one_policy() -> Any:
    """A policy.json that stands or falls with very few requirements."""
    return policies(mostly(requirements().map(lambda one: [one]), st.lists(requirements(), max_size=2)), 0, 1)


# --- hosts ----------------------------------------------------------------------------------------------------------


@st.composite
def hosts(draw: Any) -> dict[str, Any]:
    main = draw(mostly(forms(8), st.none()))
    drop_ins = draw(mostly(st.just({}), st.dictionaries(st.sampled_from(DROP_INS), forms(40), max_size=3), 3))
    near = sorted({scope for form in (main or {}, *drop_ins.values()) for scope in scopes(form)})
    return {
        "main": None if main is None else draw(toml(main)),
        "drop_ins": {name: draw(toml(form)) for name, form in drop_ins.items()},
        "policy": draw(mostly(policies(simple_requirements), st.none())),
        "references": draw(st.lists(references(near), min_size=4, max_size=8)),
    }
