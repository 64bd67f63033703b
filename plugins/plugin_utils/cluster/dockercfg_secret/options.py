# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the tasks about secrets of projects, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from secrets import token_bytes
from typing import Any

from ...credentials.login import Login
from ...plan.plan import mark_of
from ...policy import VOCABULARY, options_of, read_options
from ...policy.word import UNSHOWN, PolicyError, Reading, kind_of, shown
from ...resolution.references import Reference, ReferenceProblem, parse_normalized
from ...variables import POLICY, Fill, behind
from ..connection import OPTIONS as CONNECTION
from ..labels import Selector, SelectorProblem, is_label, is_subdomain
from ..labels import parse as parse_selector
from ..pull_secrets import NEW, OLD, sources
from ..pull_secrets.entries import Logins, Mark

PREFIX = "registry_access_"
_LISTS = {"pull": ("imagePullSecrets",), "mount": ("secrets",), "both": ("imagePullSecrets", "secrets")}
_STATES = ("present", "absent")
#: What a BuildConfig may name a secret for.
PLACES = ("pull_secret", "push_secret", "source_images")
_STATE_OF = {
    "pull_secret": "Whether the build names it for the image that it builds on (C(pullSecret) of the strategy).",
    "push_secret": "Whether the build names it for the image that it pushes (C(output.pushSecret)).",
    "source_images": "Whether every image of C(source.images) names it.",
}

MODE_OPTIONS: dict[str, dict[str, Any]] = {
    "from_file": {
        "type": "path",
        "description": [
            "A file on the controller with logins, a C(.dockercfg), C(config.json) or C(auth.json), which may be "
            "encrypted with ansible-vault.",
            "One with a broken entry, or that leaves its logins to a program, is refused.",
        ],
    },
    "mode": {
        "type": "str",
        "choices": ["exact", "merge"],
        "default": "merge",
        "description": [
            "V(merge) keeps all other entries, their order and their bytes. V(exact) takes all others away, if "
            "O(lose) names them.",
        ],
    },
    "lose": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": ["The registries whose entries may go with O(mode=exact)."],
    },
}

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True, "description": ["The name of the secret."]},
    "namespaces": {
        "type": "list",
        "elements": "str",
        "aliases": ["namespace"],
        "description": ["The projects that the secret is for."],
    },
    "namespace_selector": {
        "type": "str",
        "description": [
            "A label selector, as V(team=a,env in (test,dev)), of further projects. Those that are being deleted are "
            "left out.",
        ],
    },
    **options_of("credentials"),
    **MODE_OPTIONS,
    "type": {
        "type": "str",
        "choices": [NEW, OLD],
        "description": ["The type of the secret. Unless given, it stays, and a new one is V(" + NEW + ")."],
    },
    "from_service_account": {
        "type": "dict",
        "description": [
            "A service account whose token is the password: of this cluster, or of the one that C(cluster) says, whose "
            "registry is used.",
            "The token is read in every run, so that a new one reaches the secrets. It is never part of a result.",
        ],
        "options": {
            "service_account": {
                "type": "str",
                "required": True,
                "description": ["The service account, as V(PROJECT/NAME)."],
            },
            "registries": {
                "type": "list",
                "elements": "str",
                "required": True,
                "description": ["The names under which the registry is used in names of images."],
            },
            "username": {
                "type": "str",
                "default": "serviceaccount",
                "description": ["The user, for which the registry of OpenShift does not care."],
            },
            "cluster": {
                "type": "dict",
                "description": [
                    "How to log in to the other cluster: a mapping of the options of this task that begin with "
                    "O(kubeconfig) and end with O(impersonate_groups).",
                ],
            },
        },
    },
    "link": {
        "type": "list",
        "elements": "dict",
        "description": [
            "Service accounts that the secret is linked to. Other entries of their lists, and their order, stay."
        ],
        "options": {
            "service_account": {"type": "str", "required": True, "description": ["The name of the service account."]},
            "for": {
                "type": "str",
                "choices": list(_LISTS),
                "default": "pull",
                "description": [
                    "V(pull) is for pods (C(imagePullSecrets)). V(mount) is for builds, which take it to pull and to "
                    "push (C(secrets)), usually with the service account C(builder).",
                ],
            },
            "state": {
                "type": "str",
                "choices": list(_STATES),
                "default": "present",
                "description": ["Whether it is linked."],
            },
        },
    },
    "build_configs": {
        "type": "list",
        "elements": "dict",
        "description": [
            "BuildConfigs that name the secret themselves. V(absent) takes the field away where it names this secret; "
            "without an option it stays as it is.",
        ],
        "options": {
            "name": {"type": "str", "required": True, "description": ["The name of the BuildConfig."]},
            **{
                place: {"type": "str", "choices": list(_STATES), "description": [text]}
                for place, text in _STATE_OF.items()
            },
        },
    },
    "create_namespaces": {
        "type": "bool",
        "default": False,
        "description": ["Whether projects of O(namespaces) that are not there are made."],
    },
    "replace": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether a secret of this name that cannot be changed (it is immutable, or of another type) is deleted and "
            "made anew, with the entries that it had; and whether with O(state=absent) one goes that this task did not "
            "make. What a controller made stays in any case.",
        ],
    },
    "state": {
        "type": "str",
        "choices": list(_STATES),
        "default": "present",
        "description": [
            "V(absent) unlinks the secret from every service account of these projects and deletes it. It is taken "
            "from BuildConfigs that O(build_configs) names.",
        ],
    },
    "from_variables": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether to take options that are not given from variables C(" + PREFIX + "...) of their names, and "
            "O(credentials) else from C(registry_policy) and the variables of openshift-ansible.",
        ],
    },
}
CHANGE_OPTIONS: dict[str, dict[str, Any]] = {}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {
    "images": {
        "type": "list",
        "elements": "str",
        "default": [],
        "description": ["Images for which to say which login serves them, in pods and in builds."],
    },
}


def word_variables(prefix: str) -> tuple[str, ...]:
    """Return the variables behind the word credentials for a task whose variables have this prefix, nearest first."""
    return (f"{prefix}credentials", f"{POLICY}.credentials", VOCABULARY["credentials"].variable)


VARIABLES: dict[str, tuple[str, ...]] = {
    **behind(PREFIX, (name for name in OPTIONS if name not in ("from_variables", "credentials"))),
    "credentials": word_variables(PREFIX),
}
fill = Fill(VARIABLES)


@dataclass(frozen=True)
class Link:
    """One service account, and whether the secret shall be among those of one of its lists."""

    account: str
    among: str
    present: bool


@dataclass(frozen=True)
class Build:
    """A BuildConfig: place → whether it names the secret; places that nobody speaks of are not in it."""

    name: str
    places: Mapping[str, bool]


@dataclass(frozen=True)
class Token:
    """The service account whose token is a password. connection: of another cluster, None for this one."""

    project: str
    account: str
    registries: tuple[str, ...]
    username: str
    connection: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Asked:
    """What a task was asked for. mark: tells secrets apart within one run. hide: takes what nobody may be shown."""

    name: str
    namespaces: tuple[str, ...]
    selector: str
    kind: str | None
    logins: Logins
    token: Token | None
    links: tuple[Link, ...]
    builds: tuple[Build, ...]
    create_namespaces: bool
    replace: bool
    present: bool
    images: tuple[tuple[str, Reference], ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    mark: Mark = field(compare=False)
    hide: Callable[[str], None] = field(compare=False)

    @property
    def logs_in(self) -> bool:
        """Whether anything is asked of the entries of the secret."""
        return self.logins.anything or self.token is not None

    @property
    def anything(self) -> bool:
        """Whether anything is asked for; a question for what is there asks for nothing."""
        return not self.present or self.logs_in or bool(self.links or self.builds)


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Asked:
    """Read what the options say. Raises Problem before anything is sent."""
    present = options["state"] == "present"
    token = _token(options["from_service_account"])
    logins, notes = read_logins(options, now, read_file, hide, more=token is not None) if present else (Logins(), [])
    if not is_subdomain(options["name"]):
        raise PolicyError("name", options["name"], "cannot be the name of a secret")
    namespaces = tuple(dict.fromkeys(options["namespaces"] or ()))
    for name in namespaces:
        if not is_label(name):
            raise PolicyError("namespaces", name, "cannot be the name of a project")
    selector = _selector(options["namespace_selector"])
    if not namespaces and not selector:
        raise PolicyError("namespaces", UNSHOWN, "no project is named; give namespaces or namespace_selector")
    if token and present:
        for registry in token.registries:
            if registry in logins.present or registry in logins.absent:
                raise PolicyError("from_service_account", registry, "has another login in credentials or from_file")
    links, builds = _links(options["link"] or ()), _builds(options["build_configs"] or ())
    asked = Asked(
        options["name"], namespaces, selector, options["type"], logins, token if present else None, links, builds,
        options["create_namespaces"], options["replace"], present, images(options.get("images") or ()), tuple(notes),
        tuple(sources.personal(logins, now)), partial(_mark, token_bytes(16)), hide,
    )  # fmt: skip
    if "manifests_to" in options and not asked.anything:
        raise PolicyError("credentials", UNSHOWN, "nothing is asked for: give credentials, from_file, "
                          "from_service_account, link or build_configs")  # fmt: skip
    if options.get("manifests_to") and (logins.present or asked.token):
        raise PolicyError("manifests_to", options["manifests_to"], "would hold logins in plain text")
    return asked


def read_logins(
    options: Mapping[str, Any],
    now: datetime,
    read_file: Callable[[str], bytes],
    hide: Callable[[str], None],
    *,
    more: bool,
) -> tuple[Logins, list[str]]:
    """Read credentials, from_file, mode and lose, with notes on them. more: whether other logins join.

    Raises Problem.
    """
    policy = read_options(options, Reading(read_file, hide, now), "credentials")
    of_file: Mapping[str, Login] = {}
    notes: list[str] = []
    if options["from_file"] is not None:
        of_file, notes = sources.of_file(options["from_file"], read_file, hide)
    logins = sources.logins_of(policy.credentials or (), of_file, mode=options["mode"], lose=options["lose"])
    if logins.exact and not (logins.present or more):
        raise PolicyError("mode", "exact", "without a login would leave the secret empty")
    return logins, [*policy.notes, *notes]


def with_token(asked: Asked, token: str | None, why: str) -> Asked:
    """Return what was asked for with the token as a password. token: None where it is not there yet, which why says."""
    about = asked.token
    if about is None:
        return asked
    login = Login(about.username, token or "(not there yet)")
    present = {**asked.logins.present, **dict.fromkeys(about.registries, login)}
    notes = asked.notes if token else (*asked.notes, f"from_service_account: {why}; a real run waits for it")
    return replace(asked, logins=replace(asked.logins, present=present), notes=notes)


def _mark(key: bytes, secret: bytes) -> str:
    return mark_of(secret, key)


def _selector(text: str | None) -> str:
    if text is None:
        return ""
    try:
        found: Selector = parse_selector(text)
    except SelectorProblem as problem:
        raise PolicyError("namespace_selector", UNSHOWN, str(problem)) from None
    if not found.requirements:
        raise PolicyError("namespace_selector", text, "selects every project; say kubernetes.io/metadata.name for that")
    return text.strip()


def service_account(word: str, text: str) -> tuple[str, str]:
    """Read PROJECT/NAME. Raises PolicyError."""
    project, _slash, name = text.partition("/")
    if not (is_subdomain(project) and is_subdomain(name)):
        raise PolicyError(word, text, "is not a service account as PROJECT/NAME")
    return project, name


def _token(given: Mapping[str, Any] | None) -> Token | None:
    if given is None:
        return None
    word = "from_service_account"
    project, name = service_account(word, given["service_account"])
    if not given["username"] or ":" in given["username"] or not given["username"].isprintable():
        raise PolicyError(word, given["username"], "cannot be the user of a login")
    registries = sources.registries(word, given["registries"])
    return Token(project, name, registries, given["username"], _connection(word, given["cluster"]))


def _connection(word: str, given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Read the login to another cluster, None for this one. No sentence shows a value, which may be a secret."""
    if given is None:
        return None
    names = {alias: name for name, about in CONNECTION.items() for alias in (name, *about.get("aliases", ()))}
    shapes: dict[str, tuple[type, ...]] = {"bool": (bool,), "list": (list,), "raw": (str, dict)}
    for name, value in given.items():
        if name not in names:
            raise PolicyError(word, UNSHOWN, f"cluster has {shown(str(name))}, which is not an option of a connection")
        if value is not None and not isinstance(value, shapes.get(str(CONNECTION[names[name]]["type"]), (str,))):
            raise PolicyError(word, UNSHOWN, f"cluster has {name}, which is {kind_of(value)}")
    found = {names[name]: value for name, value in given.items() if value is not None}
    if not found:
        raise PolicyError(word, UNSHOWN, "cluster says no cluster; leave it out for this one")
    return dict.fromkeys(CONNECTION) | found


def _links(given: Iterable[Mapping[str, Any]]) -> tuple[Link, ...]:
    found: dict[tuple[str, str], Link] = {}
    for one in given:
        if not is_subdomain(one["service_account"]):
            raise PolicyError("link", one["service_account"], "cannot be the name of a service account")
        for name in _LISTS[one["for"]]:
            link = Link(one["service_account"], name, one["state"] == "present")
            if found.setdefault((link.account, name), link) != link:
                raise PolicyError("link", link.account, f"is both to be linked and not ({name})")
    return tuple(found.values())


def _builds(given: Iterable[Mapping[str, Any]]) -> tuple[Build, ...]:
    found: dict[str, Build] = {}
    for one in given:
        if not is_subdomain(one["name"]):
            raise PolicyError("build_configs", one["name"], "cannot be the name of a BuildConfig")
        places = {place: one[place] == "present" for place in PLACES if one.get(place) is not None}
        if not places:
            raise PolicyError("build_configs", one["name"], f"says none of {', '.join(PLACES)}")
        if one["name"] in found:
            raise PolicyError("build_configs", one["name"], "is named twice")
        found[one["name"]] = Build(one["name"], places)
    return tuple(found.values())


def images(given: Iterable[str]) -> tuple[tuple[str, Reference], ...]:
    """Read names of images. Raises PolicyError."""
    found = []
    for text in given:
        try:
            found.append((text, parse_normalized(text)))
        except ReferenceProblem as problem:
            raise PolicyError("images", UNSHOWN, str(problem)) from None
    return tuple(found)
