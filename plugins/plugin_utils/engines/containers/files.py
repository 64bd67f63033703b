# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files of a host podman, skopeo, buildah and CRI-O read, by version: registries.conf, its drop-ins, policy.json.

Sources: containers/image docs/containers-registries.conf.d.5.md; podman's design "config file parsing" for version 6
(the order of the UAPI group: one main file, drop-ins of all directories by their names); what CRI-O was seen to do.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ...formats import FormatError, toml_text
from ...host.observed import HostProblem, Observed
from ...host.services import CRIO, CRIO_STATE, CRIO_UNIT, CRIO_VERSION, crio_version
from ...host.units import Unit, Word
from ...host.watch import NotAsked, Tree, Watch
from ...problems import one_line
from ...resolution import registries_conf, signature_policy
from ...resolution.registries_conf import DROP_IN_DIRECTORY, MAIN, RegistriesConf
from .. import docker

#: How each file that is ours begins.
HEADER = "# Managed by dockyard.openshift; change the registry policy in the inventory, not this file.\n"
#: What podman writes down when a person has chosen one of several images; it wins over all aliases of registries.conf.
CHOSEN_ALIASES = "/var/cache/containers/short-name-aliases.conf"

_ROOT, _ETC, _USR = "/root/.config/containers", "/etc/containers", "/usr/share/containers"
ROOTS_OWN = f"{_ROOT}/"


@dataclass(frozen=True)
class Places:
    """Where an engine that runs as root looks.

    mains: of these the first that is there is the only one read. drop_ins: directories, the least important first.
    by_name: whether drop-ins are sorted by name across directories, and replace those of the same name before them;
    else directory after directory is read, and root's own main file hides the system's drop-ins too.
    """

    mains: tuple[str, ...]
    drop_ins: tuple[str, ...]
    policies: tuple[str, ...]
    by_name: bool = False


UP_TO_5 = Places(
    mains=(f"{_ROOT}/registries.conf", MAIN),
    drop_ins=(DROP_IN_DIRECTORY, f"{_ROOT}/registries.conf.d"),
    policies=(f"{_ROOT}/policy.json", signature_policy.PATH),
)
SINCE_6 = Places(
    mains=(*UP_TO_5.mains, f"{_USR}/registries.conf"),
    drop_ins=(
        f"{_USR}/registries.conf.d", f"{_USR}/registries.rootful.conf.d",
        DROP_IN_DIRECTORY, f"{_ETC}/registries.rootful.conf.d", f"{_ROOT}/registries.conf.d",
    ),
    policies=(*UP_TO_5.policies, f"{_USR}/policy.json"),
    by_name=True,
)  # fmt: skip

_PROGRAMS = {"podman": "podman.info", "skopeo": "skopeo.version", "buildah": "buildah.version"}

#: From which version on a program reads drop-ins of registries.conf (containers/image 5.6).
DROP_INS_SINCE = {"podman": (2, 1), "skopeo": (1, 2), "buildah": (1, 17), "crio": (1, 20)}

_CRIO_CONF, CRIO_CONF_D = "/etc/crio/crio.conf", "/etc/crio/crio.conf.d"
_CRIO_DROP_INS_SINCE = (1, 17)
#: It reads every file there, whatever its name, and below it (cri-o 3123).
_CRIO_TREE = Tree(CRIO_CONF_D, pattern="*", depth=3)
CRIO_POLICIES = "/etc/crio/policies"
#: What its command line says in place of crio.conf (internal/criocli), mostly by variables of the files beside it. Each
#: has a variable of its own too, which counts less: CONTAINER_CONFIG_DIR and so on.
_CRIO_FLAGS = {
    "config": "--config", "config_dir": "--config-dir", "global_auth_file": "--global-auth-file",
    "signature_policy": "--signature-policy", "signature_policy_dir": "--signature-policy-dir",
    "insecure_registries": "--insecure-registry", "registries": "--registry",
}  # fmt: skip
_CRIO_SHORT = {"-c": "--config", "-d": "--config-dir"}
_CRIO_ENVIRONMENT = tuple(f"/etc/sysconfig/crio{name}" for name in ("", "-storage", "-network", "-metrics"))

WATCH = Watch(
    files=(*SINCE_6.mains, *SINCE_6.policies, CHOSEN_ALIASES, _CRIO_CONF, "/etc/crio/policy.json", *_CRIO_ENVIRONMENT),
    directories=SINCE_6.drop_ins,
    trees=(_CRIO_TREE,),
    commands=(CRIO_VERSION, CRIO_STATE, CRIO_UNIT),
)
CRIO_WATCH = Watch(files=(_CRIO_CONF, *_CRIO_ENVIRONMENT), trees=(_CRIO_TREE,), commands=(CRIO_UNIT,))


def podman_version(host: Observed) -> tuple[int, int]:
    """Return the first two numbers of podman's version, (0, 0) where there is none."""
    return _version_in(host.answer("podman.info").stdout)


@lru_cache(maxsize=8)  # every look at a place asks for it, and the answer is long
def _version_in(text: str) -> tuple[int, int]:
    try:
        said = json.loads(text)["version"]["Version"]
        found = re.match(r"v?(\d+)\.(\d+)", said)
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    return (int(found[1]), int(found[2])) if found else (0, 0)


def places_of(host: Observed) -> Places:
    """Return the places where the programs of this host look."""
    return SINCE_6 if podman_version(host) >= (6, 0) else UP_TO_5


def main_of(host: Observed, *, roots_own: bool = True) -> str:
    """Return the main file that counts; the system's own where there is none. roots_own: whether root's home counts."""
    mains = [path for path in places_of(host).mains if roots_own or not path.startswith(ROOTS_OWN)]
    return next((path for path in mains if host.exists(path)), MAIN)


def drop_ins_of(host: Observed, *, roots_own: bool = True) -> list[str]:
    """Return the drop-ins that count, in the order in which they are read."""
    places = places_of(host)
    directories = [path for path in places.drop_ins if roots_own or not path.startswith(ROOTS_OWN)]
    if not places.by_name:
        if roots_own and host.exists(places.mains[0]):
            directories = directories[1:]
        return [path for directory in directories for path in host.entries(directory)]
    named = {path.rpartition("/")[2]: path for directory in directories for path in host.entries(directory)}
    return [named[name] for name in sorted(named, key=str.encode)]


def conf_of(host: Observed, *, roots_own: bool = True) -> RegistriesConf:
    """Read registries.conf as root's programs do, or without the files in root's home. Raises Problem."""
    main = main_of(host, roots_own=roots_own)
    drop_ins = [(path, host.text(path) or "") for path in drop_ins_of(host, roots_own=roots_own)]
    drop_ins += [(path, host.text(path) or "") for path in (CHOSEN_ALIASES,) if host.exists(path)]
    return registries_conf.load(host.text(main), drop_ins, main, appends=places_of(host).by_name)


def policy_of(host: Observed) -> str:
    """Return the policy.json that root's podman reads."""
    return next((path for path in places_of(host).policies if host.exists(path)), signature_policy.PATH)


def programs_of(host: Observed) -> list[str]:
    """Name the programs of this host that read these files at every command."""
    return [name for name, question in _PROGRAMS.items() if host.answer(question).there]


def are_read(host: Observed) -> bool:
    """Return whether anything on this host reads them. Raises HostProblem when systemd did not answer."""
    return bool(programs_of(host)) or has_crio(host)


# CRI-O


@dataclass(frozen=True)
class CrioSetting:
    """A value of the table [crio.image], and the file and line that says it."""

    value: Any
    origin: str


def crio_settings(host: Observed) -> dict[str, CrioSetting]:
    """Return the table [crio.image] as crio.conf, its drop-ins and flags say it; the last one counts.

    Raises NotAsked, and HostProblem.
    """
    found: dict[str, CrioSetting] = {}
    for path in _crio_files(host):
        text = host.text(path)
        if text is None:
            continue
        try:
            document = toml_text.parse(text)
        except FormatError as error:
            raise HostProblem(f"{path}: {error}") from None
        crio = document.get(outer := registries_conf.key_of(document, "crio"))
        image = crio.get(inner := registries_conf.key_of(crio, "image")) if isinstance(crio, dict) else None
        for key, value in (image if isinstance(image, dict) else {}).items():
            line = toml_text.line_of_path(text, (outer, inner, key))
            found[key.lower()] = CrioSetting(value, f"{path} line {line}" if line else path)
    return found | _crio_flags(host)


def _crio_files(host: Observed) -> list[str]:
    """Return its main file and its drop-ins, the last one the most important."""
    main = _path(_crio_flags(host).get("config"), "file", _CRIO_CONF)
    if main and main != _CRIO_CONF and not host.knows(main):
        raise NotAsked(Watch(files=(main,)))
    mains = [main] if main else []
    directory = _crio_directory(host)
    if not directory or not _knows_crio_drop_ins(host):
        return mains
    if directory != CRIO_CONF_D and directory not in host.directories:
        raise NotAsked(Watch(trees=(replace(_CRIO_TREE, path=directory),)))
    return mains + host.entries(directory)


def _crio_directory(host: Observed) -> str:
    return _path(_crio_flags(host).get("config_dir"), "directory", CRIO_CONF_D)


def _path(setting: CrioSetting | None, what: str, usual: str) -> str:
    """Return the path that a setting names in place of the usual one, "" for none at all.

    Raises HostProblem for one that does not begin with a slash, or leads up.
    """
    if setting is None or not setting.value:
        return usual if setting is None else ""
    path = str(setting.value)
    if not path.startswith("/") or posixpath.normpath(path) != path.rstrip("/"):
        raise HostProblem(one_line(f"{setting.origin} names the {what} '{path}'; write its full path there"))
    return path.rstrip("/")


def _crio_flags(host: Observed) -> dict[str, CrioSetting]:
    """Return what the command line of CRI-O says, else its variables; of a list all values, also between commas."""
    unit = Unit("crio.service", host.answer(CRIO_UNIT.name).stdout)
    words = [_long_flag(word) for word in unit.command_line(host, _CRIO_ENVIRONMENT)]
    variables = unit.environment(host, _CRIO_ENVIRONMENT)
    found: dict[str, CrioSetting] = {}
    for key, flag in _CRIO_FLAGS.items():
        name, said = flag, docker.listed(words, flag)
        if not said:
            name = f"CONTAINER_{flag[2:].replace('-', '_').upper()}"
            said = [variables[name]] if name in variables else []
        if said:
            items = [item for word in said for item in word.text.split(",")]
            value = items if key.endswith("registries") else said[-1].text
            found[key] = CrioSetting(value, f"{said[-1].origin} ({name})")
    return found


def _long_flag(word: Word) -> Word:
    """Return a flag with two dashes: one does as well (Go's flag package), and two flags have a short name."""
    name, equals, value = word.text.partition("=")
    name = _CRIO_SHORT.get(name, re.sub(r"^-(?=[a-z]{2})", "--", name))
    return replace(word, text=f"{name}{equals}{value}")


def crio_policy_of(host: Observed, *, its_text: bool = True) -> str:
    """Return the policy.json that CRI-O reads: the one that its settings name, else the one that root's podman reads.

    its_text: whether more than its name is wanted; then NotAsked is raised for one that was not looked at, and
    HostProblem for a name that does not begin with a slash, or leads up.
    """
    setting = crio_settings(host).get("signature_policy")
    if setting is None or not isinstance(setting.value, str) or not setting.value:
        return policy_of(host)
    if not its_text:
        return setting.value
    path = _path(setting, "policy file", "")
    if not host.knows(path) and path not in WATCH.files:
        raise NotAsked(Watch(files=(path,)))
    return path


def has_crio(host: Observed) -> bool:
    """Return whether there is a CRI-O, running or not. Raises HostProblem when systemd did not answer."""
    return CRIO.running(host) or "LoadState=loaded" in host.answer(CRIO_STATE.name).stdout


def reads_crio_drop_ins(host: Observed) -> bool:
    """Return whether the CRI-O of this host reads drop-ins of crio.conf in their usual directory. Raises NotAsked."""
    return _knows_crio_drop_ins(host) and _crio_directory(host) == CRIO_CONF_D


def _knows_crio_drop_ins(host: Observed) -> bool:
    """Return whether its version reads drop-ins of crio.conf; nothing is said of an unknown one."""
    version = crio_version(host)
    return version >= _CRIO_DROP_INS_SINCE or not any(version)


def crio_policies_of(host: Observed) -> tuple[str, ...]:
    """Return the files of requirements for pods of one namespace. Raises NotAsked."""
    setting = crio_settings(host).get("signature_policy_dir")
    place = setting.value if setting and isinstance(setting.value, str) and setting.value else CRIO_POLICIES
    if place not in host.directories and place != CRIO_POLICIES:
        raise NotAsked(Watch(trees=(Tree(place, pattern="*.json"),)))
    return host.listing(place).files


def crio_conf_of(host: Observed) -> RegistriesConf:
    """registries.conf as the CRI-O of this host reads it, whatever its version. Raises Problem.

    Before 1.15 it knows the old form only, and of that no blocked list; before 1.20 it reads no drop-ins.
    """
    version = crio_version(host)
    if version >= DROP_INS_SINCE["crio"] or not any(version):
        return conf_of(host)  # of one whose version nobody knows nothing is said
    main = main_of(host)
    conf = registries_conf.load(host.text(main), (), main)
    if version >= (1, 15):
        return conf
    if conf.version != 1:
        return RegistriesConf()
    insecure = {
        prefix: registries_conf.RegistryTable(prefix, table.location, insecure=True, file=table.file)
        for prefix, table in conf.registries.items()
        if table.insecure
    }
    return RegistriesConf(conf.search, conf.search_file, insecure, version=1)
