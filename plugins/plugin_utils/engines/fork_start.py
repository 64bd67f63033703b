# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether docker 1.13.1 of RHEL starts with a command line and a daemon.json, else the sentence that it ends with.

Source: the real program was run (projectatomic/docker, branch docker-1.13.1-rhel, build 7d71120). Flags and keys of
which nothing is known here are taken for good ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

#: The flags that say lists of registries → their keys in daemon.json.
_NAMES = ("add-registry", "block-registry", "insecure-registry")
_MIRROR = "registry-mirror"
_KEYS = {"insecure-registry": "insecure-registries", _MIRROR: "registry-mirrors"}
#: Other flags whose keys have another name.
_PLURAL = {name: f"{name}s" for name in ("log-opt", "storage-opt", "exec-opt", "label", "host")}
#: Flags that take no word behind them.
_SWITCHES = frozenset((
    "debug", "disable-legacy-registry", "enable-secrets", "experimental", "icc", "init", "ip-forward", "ip-masq",
    "iptables", "ipv6", "live-restore", "raw-logs", "selinux-enabled", "signature-verification", "tls", "tlsverify",
    "userland-proxy",
))  # fmt: skip

#: What other dockers know, and older ones of RHEL knew.
_NO_SUCH = ("confirm-def-push", "data-root")
#: Nearly the keys and flags of registries; the singular keys of the two others are taken, and mean nothing.
_NEARLY = re.compile(
    r"(?:add|block)[-_]?regist(?:ry|ries)|(?:insecure|registry)[-_]?(?:registries|mirrors)", re.IGNORECASE
)
_SHORTHAND = re.compile(r"-(?P<sign>[abir])(?:dd|lock|nsecure|egistry)-[a-z]")


def refusal(words: Iterable[str], text: str | None) -> str | None:
    """Return the sentence with which docker does not start, None when it does.

    words: its command line, the program first. text: of its daemon.json, None where there is none.
    """
    flags: dict[str, list[str]] = {}
    try:
        for name, value in _flags(words):
            flags.setdefault(name, []).append(value)
        document = {} if text is None else _document(text)
    except ValueError as problem:
        return str(problem)
    both = sorted(key for key in (_key(name) for name in flags) if key in document)
    if both:
        named = {_key(name): name for name in flags}
        told = ", ".join(
            f"{key}: (from flag: {_go(flags[named[key]], key)}, from file: {_go(document[key], key)})" for key in both
        )
        return f"the following directives are specified both as a flag and in the configuration file: {told}"
    return None


def _key(flag: str) -> str:
    return _KEYS.get(flag) or _PLURAL.get(flag) or flag


def _flags(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each flag that is known here, and its value; the next word is the value whatever it looks like.

    A word that can be no value of the flag before it is an argument, and docker takes none (cli.NoArgs).
    """
    program, *more = words
    rest, whole, itself = iter(more), False, program.rpartition("/")[2].startswith("dockerd")  # else a shell's words
    for word in rest:
        if whole and itself and not word.startswith("-"):
            raise ValueError(f'"dockerd" accepts no argument(s), and "{word}" is one')
        whole = word.startswith("--") and ("=" in word or word[2:] in (*_NAMES, _MIRROR, *_SWITCHES))
        if found := _SHORTHAND.match(word):
            raise ValueError(f"unknown shorthand flag: '{found['sign']}' in {word}")
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        if name in (*_NAMES, _MIRROR):
            if not equals:
                if (following := next(rest, None)) is None:
                    raise ValueError(f"flag needs an argument: --{name}")
                value = following
            reason = _bad_mirror(value) if name == _MIRROR else _bad_name(value)
            if reason:
                raise ValueError(f'invalid argument "{value}" for --{name}{"=" + value if equals else ""}: {reason}')
        elif name in _NO_SUCH or _NEARLY.fullmatch(name) or re.search(r"[#\s]", name):  # behind a value, or with one
            raise ValueError(f"unknown flag: --{name}")
        yield name, value if equals or name in (*_NAMES, _MIRROR) else "true"


def _bad_name(name: str) -> str:
    """Source: ValidateIndexName."""
    hyphen = name.startswith("-") or name.endswith("-")
    return f"Invalid index name ({name}). Cannot begin or end with a hyphen." if hyphen else ""


def _bad_mirror(url: str) -> str:
    """Source: ValidateMirror, on what Go's url.Parse makes of the text."""
    scheme, colon, rest = url.partition(":")
    is_scheme = bool(colon) and re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*", scheme) is not None
    if re.search(r"%(?![0-9a-fA-F]{2})", url) or url != url.strip() or (colon and not is_scheme and "/" not in scheme):
        return f"{url} is not a valid URI"
    if not is_scheme or scheme.lower() not in ("http", "https"):
        return f"Unsupported scheme {scheme if is_scheme else ''}".rstrip()
    authority = rest.removeprefix("//")
    if re.search(r"[/?#]", authority) or authority == rest:
        return "Unsupported path/query/fragment at end of the URI"
    host = authority.rpartition("@")[2]
    return f"{url} is not a valid URI" if b" " in unquote_to_bytes(host) else ""


def _document(text: str) -> Mapping[str, Any]:
    """Return the first value of the text, as Go reads it: text behind it is ignored, of two keys the last counts."""
    if not text.strip():
        raise ValueError("EOF")
    try:
        value, _end = json.JSONDecoder(parse_constant=_refuse).raw_decode(text.lstrip())
    except RecursionError:
        raise ValueError("exceeded max depth") from None
    except ValueError as problem:
        raise ValueError(f"invalid character in it: {problem}") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = {list: "array", str: "string", bool: "bool"}.get(type(value), "number")
        raise ValueError(f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
    usual = {_key(name) for name in (*_NAMES, _MIRROR)}
    unknown = [key for key in value if key in _NO_SUCH or _is_nearly(key, usual)]
    if unknown:
        raise ValueError(f"the following directives don't match any configuration option: {', '.join(unknown)}")
    return value


def _is_nearly(key: str, usual: set[str]) -> bool:
    """Return whether it is one of our keys but for its spelling; any other key may be one that is not known here."""
    return key not in usual and (key.lower() in usual or (key not in _KEYS and bool(_NEARLY.fullmatch(key))))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _go(value: Any, key: str) -> str:
    """Return a value as Go prints it."""
    if isinstance(value, list):
        listed = key in (*_NAMES, *_KEYS.values(), *_PLURAL.values())
        return f"[{' '.join(map(str, value))}]" if listed or len(value) != 1 else _go(value[0], key)
    return str(value).lower() if isinstance(value, bool) else "[]" if value is None else str(value)
