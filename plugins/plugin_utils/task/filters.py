# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What filters share: plain values in, and one sentence for everything that makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError  # type: ignore[import-untyped]
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator  # type: ignore[import-untyped]

from ..problems import Problem
from ..resolution.references import quoted
from ..shapes import can_be_written
from .base import plain


def filtered(function: Callable[..., Any], *values: Any, called: str = "", **options: Any) -> Any:
    """Call the function with plain values, for a filter. Raises AnsibleFilterError with one sentence.

    called: the name of the filter, where the sentence does not say by itself what was asked.
    """
    try:
        return function(*map(plain, values), **plain(options))
    except Problem as problem:
        raise AnsibleFilterError(f"{called}: {problem}" if called else str(problem)) from None
    except UnicodeError:
        raise AnsibleFilterError("the values hold half of a surrogate pair, which no file can hold") from None
    except RecursionError:
        raise AnsibleFilterError("the values are nested too deeply") from None


class ArgumentProblem(Problem):
    """What is wrong with an argument of a filter; the sentence names it."""


def text(value: Any, what: str) -> str:
    """Return any text; raise ArgumentProblem for other values."""
    if not isinstance(value, str):
        raise ArgumentProblem(f"{what} must be text, not {_shown(value)}")
    if not can_be_written(value):
        raise ArgumentProblem(f"{what} holds half of a surrogate pair, which no file can hold")
    return "".join(value)


def optional_text(value: Any, what: str) -> str | None:
    """Return a text, or None for a file that does not exist."""
    return None if value is None else text(value, what)


def text_or_mapping(value: Any, what: str, or_none: bool = False) -> Any:
    """Return a document as a text or as what it means; raises ArgumentProblem for anything else."""
    if isinstance(value, str):
        return text(value, what)
    if isinstance(value, (Mapping, list)) or (or_none and value is None):
        return value  # a list is what a document can be, though no policy is one: its reader says so
    raise ArgumentProblem(f"{what} must be text or a mapping, not {_shown(value)}")


def drop_ins(value: Any) -> list[tuple[str, str]]:
    """Read [{name, content}…] as containers/image reads a directory: (name, content) of ``*.conf``, in byte order."""
    if not isinstance(value, (list, tuple)):
        raise ArgumentProblem("drop_ins must be a list of name and content")
    files = [_drop_in(item) for item in value]
    return sorted((file for file in files if file[0].endswith(".conf")), key=_name_in_bytes)


def _drop_in(item: Any) -> tuple[str, str]:
    if not isinstance(item, Mapping) or set(item) != {"name", "content"}:
        raise ArgumentProblem(f"an item of drop_ins must have name and content and nothing else, not {_shown(item)}")
    name = text(item["name"], "the name of a drop-in")
    return name, text(item["content"], f"the content of {quoted(name)}")


def validated(
    spec: Mapping[str, Any], given: Mapping[str, Any], named: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, Any]:
    """Return the options of a task, defaults filled in. Raises ArgumentProblem for what the task would not take.

    named: option → what it is called where it was taken from.
    """
    found = ArgumentSpecValidator(spec).validate(given)
    if found.error_messages:
        for option, names in (named or {}).items():
            alone = {option: given[option]} if option in given and option in spec else {}
            if alone and (wrong := ArgumentSpecValidator({option: spec[option]}).validate(alone).error_messages):
                raise ArgumentProblem(f"{names[0]}: {wrong[0]}")
        raise ArgumentProblem("; ".join(found.error_messages))
    return dict(found.validated_parameters)


def _shown(value: Any) -> str:
    try:
        return quoted(str(value))
    except RecursionError:
        return "something that is nested too deeply"


def _name_in_bytes(file: tuple[str, str]) -> bytes:
    return file[0].encode(errors="surrogatepass")
