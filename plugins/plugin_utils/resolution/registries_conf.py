# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""registries.conf as podman, skopeo, buildah and CRI-O read it: load rules, merging of drop-ins, lookup.

Source of every rule: containers/image pkg/sysregistriesv2/system_registries_v2.go and
docs/containers-registries.conf.5.md. Nothing here writes; texts are edited by formats/toml_text.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, NoReturn, TypeVar

from ..formats import FormatError, toml_text
from ..problems import Problem, one_line
from .names import Scopes
from .references import SHORT_NAME_MODES, ReferenceProblem, is_domain, parse_alias, quoted

MAIN = "/etc/containers/registries.conf"
DROP_IN_DIRECTORY = "/etc/containers/registries.conf.d"
AUTH_FILES = "containers-auth.json"  # the helper that is built in

_V1_LISTS = ("search", "insecure", "block")
_V2_KEYS = (
    "registry", "unqualified-search-registries", "credential-helpers", "short-name-mode",
    "additional-layer-store-auth-helper", "aliases",
)  # fmt: skip
_TABLE_KEYS = (
    "prefix", "location", "insecure", "blocked", "mirror", "mirror-by-digest-only", "pull-from-mirror",
)  # fmt: skip
_PULL_FROM_MIRROR = ("", "all", "digest-only", "tag-only")


Result = TypeVar("Result")


class RegistriesConfProblem(Problem):
    """Why containers/image would refuse the configuration; `file` names where."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(one_line(f"{file}: {reason}"))
        self.file, self.reason = file, reason


@dataclass(frozen=True)
class Mirror:
    location: str
    insecure: bool = False
    pull_from_mirror: str = ""


@dataclass(frozen=True)
class RegistryTable:
    """One [[registry]] table, normalised. `file` and `path` are where it was defined; `table` is it as written."""

    prefix: str
    location: str = ""
    insecure: bool = False
    blocked: bool = False
    mirror_by_digest_only: bool = False
    mirrors: tuple[Mirror, ...] = ()
    file: str = ""
    table: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    path: toml_text.Path = field(default=(), compare=False, repr=False)

    def line(self, text: str) -> int | None:
        """Return the line of its file, of this text, that defines it; in the old form that of the list that names it.

        None when it cannot be told.
        """
        return toml_text.line_of_path(text, self.path) if self.path else None


@dataclass(frozen=True)
class RegistriesConf:
    """What is in force. search and helpers are None when no file says anything about them."""

    search: tuple[str, ...] | None = None
    search_file: str = ""
    registries: Mapping[str, RegistryTable] = field(default_factory=dict)
    short_name_mode: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    helpers: tuple[str, ...] | None = None
    version: int = 2
    #: whether the search list is put behind that of the files before
    search_appends: bool = False
    #: which file says the mode, and each alias
    mode_file: str = ""
    alias_files: Mapping[str, str] = field(default_factory=dict)

    @property
    def credential_helpers(self) -> tuple[str, ...]:
        """Who is asked for logins, in order; AUTH_FILES stands for root's files."""
        return self.helpers or (AUTH_FILES,)

    def find(self, name: str) -> RegistryTable | None:
        """Return the table for an image name or scope: the longest matching prefix; of two as long, the wildcard."""
        matching = self._prefixes.all_covering(name)
        best = min(matching, key=lambda prefix: (-len(prefix), prefix), default=None)
        return None if best is None else self.registries[best]

    @cached_property
    def _prefixes(self) -> Scopes:
        return Scopes(self.registries)

    def with_drop_in(self, drop_in: RegistriesConf) -> RegistriesConf:
        """Merge a drop-in: tables replace whole ones, lists when present, non-empty scalars; "" deletes an alias."""
        registries = {**self.registries, **drop_in.registries}
        aliases = {**self.aliases, **drop_in.aliases}
        speaks = drop_in.search is not None
        return RegistriesConf(
            search=(*(self.search or ()), *(drop_in.search or ()))
            if drop_in.search_appends
            else (drop_in.search if speaks else self.search),
            search_file=drop_in.search_file if speaks else self.search_file,
            registries={prefix: registries[prefix] for prefix in sorted(registries, key=str.encode)},
            short_name_mode=drop_in.short_name_mode or self.short_name_mode,
            aliases={name: value for name, value in aliases.items() if value},
            helpers=self.helpers if drop_in.helpers is None else drop_in.helpers,
            version=self.version,
            mode_file=drop_in.mode_file if drop_in.short_name_mode else self.mode_file,
            alias_files={**self.alias_files, **drop_in.alias_files},
        )


def load(
    main: str | None, drop_ins: Iterable[tuple[str, str]] = (), main_name: str = MAIN, *, appends: bool = False
) -> RegistriesConf:
    """Return the configuration in force. drop_ins: (name, text) in the order they are read.

    appends: whether {append=true} at the end of a list puts it behind that of files before, as since podman 6; else it
    is a mistake. Raises RegistriesConfProblem where containers/image would refuse to load.
    """
    conf = RegistriesConf() if main is None else read(main, main_name, appends=appends)
    for name, text in drop_ins:
        conf = conf.with_drop_in(read(text, name, drop_in=True, appends=appends))
    return conf


@lru_cache(maxsize=64)
def read(text: str, name: str, *, drop_in: bool = False, appends: bool = False) -> RegistriesConf:
    """Return one file, checked by itself."""
    return _File(name, document(text, name), drop_in, appends).conf()


@lru_cache(maxsize=64)  # a plan looks at the same few texts again and again
def document(text: str, name: str) -> Mapping[str, Any]:
    """Parse a file as it is; the value must not be changed."""
    try:
        return toml_text.parse(text)
    except FormatError as error:
        raise RegistriesConfProblem(name, str(error)) from None


def problems(main: str | None, drop_ins: Iterable[tuple[str, str]] = (), main_name: str = MAIN) -> list[str]:
    """List everything for which containers/image would refuse these files; a file that is not TOML has one reason."""
    files = [] if main is None else [(main_name, main, False)]
    found: list[str] = []
    for name, text, drop_in in files + [(name, text, True) for name, text in drop_ins]:
        try:
            file = _File(name, document(text, name), drop_in)
        except RegistriesConfProblem as problem:
            found.append(str(problem))
        else:
            file.look()
            found += map(str, file.problems)
    return list(dict.fromkeys(found))


def read_table(table: Mapping[str, Any], name: str) -> RegistriesConf:
    """Return one file that is decoded already, checked by itself."""
    return _File(name, table, drop_in=False).conf()


def version_of(table: Mapping[str, Any]) -> int | None:
    """1 or 2 by the keys a file uses, None when it says nothing. A file with both is refused by `read`."""
    if _speaks_v2(table):
        return 2
    lists = _get(table, "registries")
    kinds = [_get(lists, kind) for kind in _V1_LISTS] if isinstance(lists, dict) else []
    return 1 if any(isinstance(kind, dict) and _get(kind, "registries") is not None for kind in kinds) else None


def key_of(table: Mapping[str, Any], key: str) -> str:
    """Return a key as a table spells it: Go takes it in any letter case when the exact one is missing."""
    return key if key in table else next((name for name in table if name.lower() == key), key)


def _get(table: Mapping[str, Any], key: str) -> Any:
    return table.get(key_of(table, key))


def in_usual_case(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a [[registry]] table with its keys as they are documented: written beside one of ours, Go takes either."""
    found = {key: value for key, value in table.items() if key in _TABLE_KEYS or key.lower() not in _TABLE_KEYS}
    for key, value in table.items():
        found.setdefault(key.lower() if key.lower() in _TABLE_KEYS else key, value)
    if isinstance(mirrors := found.get("mirror"), list):
        found["mirror"] = [in_usual_case(mirror) if isinstance(mirror, Mapping) else mirror for mirror in mirrors]
    return found


def _speaks_v2(table: Mapping[str, Any]) -> bool:
    """Return whether a value counts as set: an empty list does, an empty text does not."""
    return any(_get(table, key) not in (None, "") for key in _V2_KEYS)


class _File:
    """Reads one decoded file. Methods raise RegistriesConfProblem naming the file; `look` collects them all."""

    def __init__(self, name: str, table: Mapping[str, Any], drop_in: bool, appends: bool = False) -> None:
        self.name, self.table, self.drop_in, self.appends = name, table, drop_in, appends
        self.problems: list[RegistriesConfProblem] = []

    def conf(self) -> RegistriesConf:
        """Return the configuration of the file; raise the first of its problems."""
        conf = self.look()
        if self.problems:
            raise self.problems[0]
        return conf

    def look(self) -> RegistriesConf:
        """Return the valid part of the file; the rest is in `problems`."""
        v1 = self._try(self._v1_lists) or {}
        if any(entries is not None for entries in v1.values()):
            return self._converted(v1)
        search, behind = self._try(self._search) or (None, False)
        tables = self._try(self._tables, self.table, "registry") or []
        mode = self._try(self._mode) or ""
        helpers = self._try(self._texts, self.table, "credential-helpers")
        self._try(self._text, self.table, "additional-layer-store-auth-helper")
        aliases = self._try(self._aliases) or {}
        found = [(table, ("registry", number)) for number, table in enumerate(tables)]
        conf = self._build(search, self._each(self._registry, found), mode, aliases, 2)
        conf = replace(conf, search_appends=True) if behind else conf
        return conf if helpers is None else replace(conf, helpers=tuple(helpers))

    def _try(self, read: Callable[..., Result], *arguments: Any) -> Result | None:
        try:
            return read(*arguments)
        except RegistriesConfProblem as problem:
            self.problems.append(problem)
            return None

    def _each(self, read: Callable[..., Result], items: Iterable[Any]) -> list[Result]:
        results = [self._try(read, item) for item in items]
        return [result for result in results if result is not None]

    def _converted(self, v1: Mapping[str, list[str] | None]) -> RegistriesConf:
        if self.drop_in:
            self._try(self._refuse, "uses the old tables [registries.search|insecure|block], which drop-ins must not")
        if _speaks_v2(self.table):
            self._try(
                self._refuse,
                "mixes the old tables [registries.*] with the new keys; containers/image refuses such a file",
            )
        flags: dict[str, dict[str, bool]] = {}
        for kind, flag in (("block", "blocked"), ("insecure", "insecure")):
            for entry in v1[kind] or ():
                flags.setdefault(entry.rstrip("/"), {})[flag] = True
        found = [
            ({"location": entry, **said}, ("registries", "block" if "blocked" in said else "insecure"))
            for entry, said in flags.items()
        ]
        return self._build(v1["search"], self._each(self._registry, found), "", {}, 1)

    def _build(
        self,
        search: list[str] | None,
        registries: list[RegistryTable],
        mode: str,
        aliases: dict[str, str],
        version: int,
    ) -> RegistriesConf:
        self._check_agreement(registries)
        by_prefix: dict[str, RegistryTable] = {}
        for registry in registries:
            by_prefix.setdefault(registry.prefix, registry)  # of two tables for one prefix the first wins
        return RegistriesConf(
            search=None if search is None else tuple(self._each(self._search_entry, search)),
            search_file=self.name,
            registries={prefix: by_prefix[prefix] for prefix in sorted(by_prefix, key=str.encode)},
            short_name_mode=mode,
            aliases=aliases,
            version=version,
            mode_file=self.name,
            alias_files=dict.fromkeys(aliases, self.name),
        )

    def _v1_lists(self) -> dict[str, list[str] | None]:
        tables = _get(self.table, "registries")
        if tables is None:
            return dict.fromkeys(_V1_LISTS)
        if not isinstance(tables, dict):
            self._refuse("'registries' must be tables such as [registries.search]")
        return {kind: self._v1_list(_get(tables, kind)) for kind in _V1_LISTS}

    def _v1_list(self, table: Any) -> list[str] | None:
        if table is not None and not isinstance(table, dict):
            self._refuse("the old form must be tables such as [registries.search]")
        return self._texts(table or {}, "registries")

    def _search(self) -> tuple[list[str] | None, bool]:
        """Return the search list, and whether it goes behind those before."""
        value = _get(self.table, "unqualified-search-registries")
        if not self.appends or not isinstance(value, list) or not value or not isinstance(value[-1], dict):
            return self._texts(self.table, "unqualified-search-registries"), False
        texts = self._texts({"list": value[:-1]}, "list")
        return texts, value[-1].get("append") is True

    def _mode(self) -> str:
        mode = self._text(self.table, "short-name-mode")
        if mode not in ("", *SHORT_NAME_MODES):
            self._refuse(f"invalid short-name-mode {quoted(mode)}")
        return mode

    def _registry(self, item: tuple[Mapping[str, Any], toml_text.Path]) -> RegistryTable:
        """Read a table, and where it was found."""
        table, path = item
        location = self._location(self._text(table, "location"))
        written = self._text(table, "prefix")
        # Only a prefix that is not there stands for the location: "/" becomes one that matches nothing.
        prefix = self._location(written) if written else location
        if not written and not location:
            self._refuse("a [[registry]] has neither location nor prefix")
        if not location and not prefix.startswith("*."):
            self._refuse(
                f"the [[registry]] {quoted(prefix)} has no location, which only a prefix '*.domain' may leave out"
            )
        if prefix.startswith("*.") and any(sign in prefix for sign in "/@:"):
            self._refuse(f"the wildcard prefix {quoted(prefix)} must be '*.domain', without port or path")
        if self._text(table, "pull-from-mirror"):
            self._refuse(f"pull-from-mirror of {quoted(prefix)} belongs to a mirror, not to the registry")
        by_digest = self._flag(table, "mirror-by-digest-only")
        mirrors = self._tables(table, "mirror")
        return RegistryTable(
            prefix=prefix,
            location=location,
            insecure=self._flag(table, "insecure"),
            blocked=self._flag(table, "blocked"),
            mirror_by_digest_only=by_digest,
            mirrors=tuple(self._each(lambda mirror: self._mirror(mirror, prefix, by_digest), mirrors)),
            file=self.name,
            table=table,
            path=path,
        )

    def _mirror(self, table: Mapping[str, Any], prefix: str, by_digest: bool) -> Mirror:
        location = self._location(self._text(table, "location"))
        if not location:
            self._refuse(f"a mirror of {quoted(prefix)} has no location")
        pull = self._text(table, "pull-from-mirror")
        if by_digest and pull:
            self._refuse(
                f"{quoted(prefix)} says mirror-by-digest-only and its mirror {quoted(location)} pull-from-mirror at "
                "once"
            )
        if pull not in _PULL_FROM_MIRROR:
            self._refuse(f"unsupported pull-from-mirror {quoted(pull)} of mirror {quoted(location)}")
        return Mirror(location, self._flag(table, "insecure"), pull)

    def _check_agreement(self, registries: list[RegistryTable]) -> None:
        """Tables with one location must agree on insecure and blocked."""
        first: dict[str, RegistryTable] = {}
        for registry in registries:
            place = registry.location or registry.prefix
            other = first.setdefault(place, registry)
            for flag in ("insecure", "blocked"):
                if getattr(other, flag) != getattr(registry, flag):
                    said = f"registry {quoted(place)} is defined several times with conflicting '{flag}'"
                    self._try(self._refuse, said)

    def _aliases(self) -> dict[str, str]:
        aliases = _get(self.table, "aliases")
        if aliases is None:
            return {}
        if not isinstance(aliases, dict) or not all(isinstance(value, str) for value in aliases.values()):
            self._refuse("[aliases] must map short names to image names")
        return dict(self._each(self._alias, aliases.items()))

    def _alias(self, item: tuple[str, str]) -> tuple[str, str]:
        try:
            return parse_alias(*item)
        except ReferenceProblem as problem:
            self._refuse(f"[aliases]: {problem}")

    def _search_entry(self, entry: str) -> str:
        registry = self._location(entry)
        # The old form was never checked here; upstream checks both after conversion, so we do.
        if not is_domain(registry):
            self._refuse(f"invalid unqualified-search-registries entry {quoted(entry)}")
        return registry

    def _location(self, text: str) -> str:
        trimmed = text.rstrip("/")
        if trimmed.startswith(("http://", "https://")):
            self._refuse(f"{quoted(text)} begins with a scheme, which registries.conf does not take")
        return trimmed

    def _text(self, table: Mapping[str, Any], key: str) -> str:
        value = _get(table, key)
        if value is not None and not isinstance(value, str):
            self._refuse(f"'{key}' must be text")
        return value or ""

    def _flag(self, table: Mapping[str, Any], key: str) -> bool:
        value = _get(table, key)
        if value is not None and not isinstance(value, bool):
            self._refuse(f"'{key}' must be true or false")
        return bool(value)

    def _texts(self, table: Mapping[str, Any], key: str) -> list[str] | None:
        value = _get(table, key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(f"'{key}' must be a list of texts")
        return list(value)

    def _tables(self, table: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        value = _get(table, key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._refuse(f"'{key}' must be tables [[{key}]]")
        return list(value)

    def _refuse(self, reason: str) -> NoReturn:
        raise RegistriesConfProblem(self.name, reason)
