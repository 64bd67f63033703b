# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry lists as openshift-ansible made them of its variables: each list is the sum of several.

Sources: openshift-ansible 3.6 to 3.11, roles docker and container_runtime (package_docker.yml, defaults), hosts.example
("the enterprise registry is appended if it is not in the list").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from .formats import environment_file
from .policy.lists import ALL, entries
from .policy.word import UNSHOWN, PolicyError, from_json, kind_of
from .resolution.references import is_location

ValueOf = Callable[[str], Any]

#: Word → its variable, and the flag that says the same in the options of docker.
LISTS = {
    "search": ("openshift_docker_additional_registries", "--add-registry"),
    "blocked": ("openshift_docker_blocked_registries", "--block-registry"),
    "insecure": ("openshift_docker_insecure_registries", "--insecure-registry"),
}
#: Logins, to which that of oreg_url adds up.
CREDENTIALS = "openshift_additional_registry_credentials"
OREG_USER, OREG_PASSWORD, OREG_URL = "oreg_auth_user", "oreg_auth_password", "oreg_url"

WORD_OF = {variable: word for word, (variable, _flag) in LISTS.items()} | {CREDENTIALS: "credentials"}
_MIRROR_FLAG = "--registry-mirror"
_FLAGS = (*(flag for _variable, flag in LISTS.values()), _MIRROR_FLAG)
#: What a person may take for one of them: another dash or spelling, or one inside of a word. Its value is not shown.
_NEARLY = re.compile(
    r"(?:(?<!\S)|(?<==))[^\w\s]*((add|block|insecure)[-_]?regist|registry[-_]?mirror)\w*", re.IGNORECASE
)

OPTIONS = "openshift_docker_options"
#: What value_of may call the variable of a word that adds up.
SUMS = (*WORD_OF, OPTIONS, OREG_USER)
_ENTERPRISE_REGISTRY = "openshift_docker_ent_reg"
_DEPLOYMENTS = ("openshift_deployment_type", "deployment_type")
_RELEASES = ("openshift_release", "openshift_image_tag", "openshift_pkg_version", "openshift_version")

#: Variables that are read beside those of the lists, with what is said of them in the documentation.
BESIDE = {
    OPTIONS: "Flags of docker. Those that say a registry count as entries of their list; others are left alone.",
    _ENTERPRISE_REGISTRY: "What is appended to O(openshift_docker_additional_registries) for openshift-enterprise.",
    **dict.fromkeys(_DEPLOYMENTS, "Whether the enterprise registry is appended, which is for V(openshift-enterprise)."),
    **dict.fromkeys(_RELEASES, "The release, which says what the enterprise registry is where nobody names it."),
    OREG_URL: "Since 3.10 the enterprise registry is not appended where this is set and all is blocked. Its host is "
    "where O(oreg_auth_user) logs in.",
    OREG_USER: "The user who logs in to the registry of O(oreg_url), beside the logins of "
    "O(openshift_additional_registry_credentials).",
    OREG_PASSWORD: "The password of O(oreg_auth_user).",
}

#: Keys of an entry of CREDENTIALS, and what the word calls them.
_OF_A_LOGIN = {
    "host": "registry", "user": "username", "password": "password",
    "test_login": "", "test_image": "", "tls_verify": "",
}  # fmt: skip
_CONF_PATH, _CONF_USUAL = "containers_registries_conf_path", "/etc/containers/registries.conf"
_SYSTEM_CONTAINER = "openshift_docker_use_system_container"

#: Names of the years before 3.1, which openshift-ansible itself took no more.
_FORGOTTEN = ("cli_docker_additional_registries", "cli_docker_blocked_registries", "cli_docker_insecure_registries",
              "cli_docker_options")  # fmt: skip


def value_of(variable: str, ask: ValueOf) -> tuple[str, Any] | None:
    """Return the variable and its list with all that is added to it; None when the list is not set.

    variable: one of WORD_OF. ask: the value of any variable, None where there is none. Raises PolicyError.
    """
    if variable == CREDENTIALS:
        return _credentials(ask)
    word = WORD_OF[variable]
    given, flags = ask(variable), _flags(word, ask)
    if given is None and not flags:
        return None
    name = OPTIONS if given is None else variable
    more = flags + (_enterprise(ask) if word == "search" else [])
    if not more:
        return name, given
    listed = entries(variable, given)
    return name, [*listed, *(item for item in dict.fromkeys(more) if item not in listed)]


def trail(word: str, ask: ValueOf) -> tuple[str, ...]:
    """Return the variables that have a part in a word which value_of gives. Raises PolicyError."""
    if word == "credentials":
        parts = {CREDENTIALS: ask(CREDENTIALS) is not None, OREG_USER: bool(_own_credential(ask))}
    else:
        variable = LISTS[word][0]
        parts = {variable: ask(variable) is not None, OPTIONS: bool(_flags(word, ask))}
        if word == "search" and parts[variable] and _enterprise(ask):
            names = (_ENTERPRISE_REGISTRY, *_DEPLOYMENTS)
            parts[next(name for name in names if ask(name) is not None)] = True
    return tuple(name for name, has_part in parts.items() if has_part)


def _credentials(ask: ValueOf) -> tuple[str, Any] | None:
    """Return the logins of both variables, as the word credentials takes them."""
    given, own = ask(CREDENTIALS), _own_credential(ask)
    if given is None:
        return (OREG_USER, own) if own else None
    try:
        more = from_json(given)
    except ValueError:
        more = given
    if not isinstance(more, (list, tuple)) or not all(isinstance(item, Mapping) for item in more):
        return CREDENTIALS, given  # the reader of the word refuses it, under this name
    for number, item in enumerate(more, 1):
        if foreign := sorted(set(map(str, item)) - set(_OF_A_LOGIN)):
            raise PolicyError(CREDENTIALS, UNSHOWN, f"entry {number} has a key other than {', '.join(_OF_A_LOGIN)} "
                              f"(it begins with '{foreign[0][:3]}')")  # fmt: skip
    return CREDENTIALS, [*own, *({"username": "openshift"} | _renamed(item) for item in more)]


def _renamed(item: Mapping[str, Any]) -> dict[str, Any]:
    """Entries of the old variable have host and user; what they say of tests is for another time."""
    return {new: item[old] for old, new in _OF_A_LOGIN.items() if new and item.get(old) is not None}


def _own_credential(ask: ValueOf) -> list[dict[str, Any]]:
    """Return the login for the registry of oreg_url, or that of the release."""
    user, password = ask(OREG_USER), ask(OREG_PASSWORD)
    if not _is_login(ask):
        return []
    for name, value, other in ((OREG_USER, user, OREG_PASSWORD), (OREG_PASSWORD, password, OREG_USER)):
        if value in (None, ""):
            raise PolicyError(name, UNSHOWN, f"it is not set, and {other} is; a login needs both")
    host = _own_registry(ask)
    return [{"registry": host, "username": user, "password": password}] if host else []


def _is_login(ask: ValueOf) -> bool:
    return any(ask(name) not in (None, "") for name in (OREG_USER, OREG_PASSWORD))


def _own_registry(ask: ValueOf) -> str:
    """Return the host of oreg_url as openshift-ansible told it, else the registry of the release; "" for none."""
    url = ask(OREG_URL)
    if url in (None, ""):
        return (_is_enterprise(ask) and _registry_of_release(ask)) or ""
    host = str(url).partition("/")[0]
    return host if "." in host or ":" in host else ""


def remarks(said: Collection[str], taken: Callable[[str], str], ask: ValueOf) -> list[str]:
    """List the values of these variables that are left out, one sentence each.

    said: words that something says. taken: the variable from which a word was taken, "" for none.
    """
    found = [
        f"{OPTIONS}: {flag} {entry} is left out, because {taken(word)} sets the list; add it there to keep it"
        for word, (variable, flag) in LISTS.items()
        if word in said and taken(word) not in (variable, OPTIONS)
        for entry in _flags(word, ask)
    ]
    if "mirrors" not in said:
        found += [
            f"{OPTIONS}: {_MIRROR_FLAG} {url} is left out; write it in registry_policy.mirrors"
            for url in _values(_MIRROR_FLAG, ask)
        ]
    found += [
        f"{OPTIONS}: '{text}' is left out, because it is not a flag of docker with a value; write {flag} NAME"
        for text, flag in _nearly_flags(ask)
    ]
    if taken("search") in (LISTS["search"][0], OPTIONS) and _is_enterprise(ask) and _registry_of_release(ask) is None:
        found.append(
            f"{LISTS['search'][0]}: openshift-ansible appends the enterprise registry for openshift-enterprise; it is "
            f"left out, because its release is not known here; set {_ENTERPRISE_REGISTRY} "
            "(registry.access.redhat.com up to 3.10, registry.redhat.io in 3.11)"
        )
    if "credentials" not in said and _is_login(ask) and not _own_registry(ask):
        found.append(f"{OREG_USER} is left out: {OREG_URL} names no registry, so nobody knows where to log in")
    if ask(_CONF_PATH) not in (None, _CONF_USUAL):
        found.append(f"{_CONF_PATH} is not read: engines find their lists in {_CONF_USUAL}")
    if str(ask(_SYSTEM_CONTAINER)).lower() in ("true", "yes", "1"):
        found.append(f"{_SYSTEM_CONTAINER} is not read: a docker that runs as a system container has files of its own")
    return found + [
        f"{name} is not read; its name is openshift{name.removeprefix('cli')} since OpenShift 3.1"
        for name in _FORGOTTEN
        if ask(name) is not None
    ]


def _flags(word: str, ask: ValueOf) -> list[str]:
    return [item for value in _values(LISTS[word][1], ask) for item in entries(OPTIONS, value)]


def _values(flag: str, ask: ValueOf) -> list[str]:
    """Return the values of a flag in the options of docker. Raises PolicyError for options that are not text."""
    words, found = iter(_options(ask)), []
    for word in words:
        if word == flag:
            found += [value for value in [next(words, None)] if value is not None]
        elif word.startswith(flag + "="):
            found.append(word.partition("=")[2])
    return found


def _nearly_flags(ask: ValueOf) -> Iterator[tuple[str, str]]:
    """Yield what looks like a flag of a list and is none, or has no value, and the flag that is meant."""
    words = iter(_options(ask))
    for word in words:
        flag, equals, _value = word.partition("=")
        is_whole = flag in _FLAGS and (equals or next(words, None) is not None)
        if not is_whole and (found := _NEARLY.search(word)):
            yield found[0], f"--{found[2].lower()}-registry" if found[2] else _MIRROR_FLAG


def _options(ask: ValueOf) -> list[str]:
    """Return the words of the options of docker. Raises PolicyError for options that are not text."""
    options = ask(OPTIONS)
    if options in (None, False, ""):
        return []
    if not isinstance(options, str):
        raise PolicyError(OPTIONS, options, f"is {kind_of(options)}; the options of docker are a text")
    return environment_file.words(options)


def _enterprise(ask: ValueOf) -> list[str]:
    """Return the registry that is appended for openshift-enterprise, where it is known."""
    registry = _registry_of_release(ask) if _is_enterprise(ask) else None
    return [registry] if registry else []


def _is_enterprise(ask: ValueOf) -> bool:
    kind = next((value for value in map(ask, _DEPLOYMENTS) if value is not None), None)
    return kind == "openshift-enterprise" and not _left_out(ask)


def _left_out(ask: ValueOf) -> bool:
    """Since 3.10 (3.11.112) nothing is appended where all is blocked and images have a registry of their own."""
    release = _release(ask)
    if not ask("oreg_url") or (release is not None and release < (3, 10)):
        return False
    blocked = value_of(LISTS["blocked"][0], ask)
    return blocked is not None and ALL in entries(*blocked)


def _registry_of_release(ask: ValueOf) -> str | None:
    """Return the registry to append: the given one, else that of the release; "" for none, None when unknown."""
    said = ask(_ENTERPRISE_REGISTRY)
    if said is not None:
        if said is False or said == "":
            return ""
        if not isinstance(said, str) or not is_location(said):
            raise PolicyError(_ENTERPRISE_REGISTRY, said, "is not host[:port]")
        return said
    release = _release(ask)
    if release is None:
        return None
    return "registry.redhat.io" if release >= (3, 11) else "registry.access.redhat.com"


def _release(ask: ValueOf) -> tuple[int, int] | None:
    """Return the release of the first variable that gives one."""
    return next(filter(None, map(release_in, map(ask, _RELEASES))), None)


def release_in(value: Any) -> tuple[int, int] | None:
    """Read the release in v3.11, 3.9.33, -3.7.119 and the like; None where there is none, as in latest."""
    found = re.match(r"[v=-]*(\d+)\.(\d+)(?!\d)", str(value or "").strip())
    return (int(found[1]), int(found[2])) if found else None
