# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Labels as Kubernetes reads them: what can be a key or a value, and selectors: ``app=x,tier in (a, b),!old``.

Source: k8s.io/apimachinery pkg/labels selector.go (Lexer, Parser, NewRequirement, Requirement.Matches), the same from
Kubernetes 1.11 to 1.34, and pkg/util/validation (IsQualifiedName, IsValidLabelValue).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..problems import Problem
from ..resolution.references import quoted

_TOKEN = re.compile(r"==|!=|[=!(),<>]|[^=!(),<> \t\r\n]+")
_SIGNS = frozenset(("==", "!=", "=", "!", "(", ")", ",", "<", ">"))
_OPERATORS = ("in", "notin", "=", "==", "!=", ">", "<")
_NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME = 63
_LONGEST_SUBDOMAIN = 253
_INTEGER = re.compile(r"[-+]?[0-9]+")
_LARGEST = 2**63


def is_subdomain(text: str) -> bool:
    """Say whether a text can be the name of most objects: lower case, digits, '-' and '.'."""
    return len(text) <= _LONGEST_SUBDOMAIN and bool(SUBDOMAIN.fullmatch(text))


def is_label(text: str) -> bool:
    """Say whether a text can be the name of a namespace or a service: as a subdomain, without '.', and shorter."""
    return len(text) <= _LONGEST_NAME and "." not in text and is_subdomain(text)


def is_key(text: str) -> bool:
    """Say whether a text can be the key of a label, an annotation or a resource: name, or prefix/name."""
    prefix, slash, name = text.rpartition("/")
    good_name = len(name) <= _LONGEST_NAME and bool(_NAME.fullmatch(name))
    return good_name and (not slash or is_subdomain(prefix))


def is_value(text: str) -> bool:
    """Say whether a text can be the value of a label."""
    return not text or (len(text) <= _LONGEST_NAME and bool(_NAME.fullmatch(text)))


class SelectorProblem(Problem):
    """A text that is not a label selector; the message says where it stops making sense."""


@dataclass(frozen=True)
class Requirement:
    """One part of a selector. operator is one of _OPERATORS, "exists" or "!"; values are those it compares with."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether an object with these labels is selected."""
        value = labels.get(self.key)
        if self.operator in ("!", "exists"):
            return (value is not None) == (self.operator == "exists")
        if self.operator in ("notin", "!="):
            return value not in self.values
        if self.operator in (">", "<"):
            return value is not None and _compares(value, self.operator, *self.values)
        return value in self.values


@dataclass(frozen=True)
class Selector:
    """All its requirements must hold; without any, everything is selected."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether an object with these labels is selected."""
        return all(requirement.matches(labels) for requirement in self.requirements)


def parse(text: str) -> Selector:
    """Read a selector. Raises SelectorProblem in one sentence."""
    return Selector(tuple(_Parser(text).requirements()))


#: Operators of a LabelSelector → those of a requirement.
_OF_OBJECTS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def selects(selector: Any, carried: Mapping[str, str]) -> bool:
    """Match a LabelSelector of an object; one that is empty selects everything, and null nothing.

    An operator that no server stores leaves nothing out.
    """
    if not isinstance(selector, Mapping):
        return False
    wanted = selector.get("matchLabels") or {}
    if any(carried.get(str(key)) != str(value) for key, value in wanted.items()):
        return False
    return all(_meets(one, carried) for one in selector.get("matchExpressions") or () if isinstance(one, Mapping))


def is_empty(selector: Any) -> bool:
    """Say whether a LabelSelector asks for nothing; some controllers select nothing by it."""
    return not any(isinstance(selector, Mapping) and selector.get(key) for key in ("matchLabels", "matchExpressions"))


def _meets(expression: Mapping[str, Any], carried: Mapping[str, str]) -> bool:
    sign = _OF_OBJECTS.get(str(expression.get("operator")))
    values = frozenset(map(str, expression.get("values") or ()))
    return sign is None or Requirement(str(expression.get("key")), sign, values).matches(carried)


class _Parser:
    """Takes the words of a selector one after the other; "" stands for its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = _TOKEN.findall(text)
        self._words.reverse()

    def requirements(self) -> list[Requirement]:
        found: list[Requirement] = []
        while self._next():
            found.append(self._requirement())
            sign = self._take()
            if sign not in ("", ","):
                self._refuse(sign, "',' or its end")
            if sign and (not self._next() or (self._next() in _SIGNS and self._next() != "!")):
                self._refuse(self._next(), "a key after ','")
        return found

    def _requirement(self) -> Requirement:
        absent = self._next() == "!"
        if absent:
            self._take()
        key = self._take()
        if not key or key in _SIGNS:
            self._refuse(key, "a key")
        self._check_key(key)
        if absent:
            return Requirement(key, "!")
        if self._next() in ("", ","):
            return Requirement(key, "exists")
        operator = self._take()
        if operator not in _OPERATORS:
            self._refuse(operator, f"one of {', '.join(_OPERATORS)}")
        values = self._list() if operator in ("in", "notin") else frozenset([self._value()])
        for value in values:
            self._check_value(value, operator)
        return Requirement(key, operator, values)

    def _value(self) -> str:
        if self._next() in ("", ","):
            return ""
        value = self._take()
        if value in _SIGNS:
            self._refuse(value, "a value")
        return value

    def _list(self) -> frozenset[str]:
        """Read ``(a, b)``; before and behind a comma nothing may stand, which is the empty value."""
        if (sign := self._take()) != "(":
            self._refuse(sign, "'('")
        values = {""} if self._next() == ")" else set()
        while (word := self._take()) != ")" or not values:
            if word == ",":
                values |= {""} if not values or self._next() in (",", ")") else set()
                if self._next() == ",":
                    self._take()
                    self._refuse_end_of_list()
            elif word and word not in _SIGNS:
                values.add(word)
                if self._next() not in (",", ")"):
                    self._refuse(self._next(), "',' or ')'")
            else:
                self._refuse(word, "',' or a value")
        return frozenset(values)

    def _refuse_end_of_list(self) -> None:
        """Refuse ``(a,,)``, as Go does, though it reads ``(a,,b)`` and ``(a,)``."""
        if self._next() == ")":
            self._refuse(")", "',' or a value")

    def _check_key(self, key: str) -> None:
        if not is_key(key):
            raise SelectorProblem(f"{quoted(key)} in {quoted(self._text)} cannot be the key of a label")

    def _check_value(self, value: str, operator: str) -> None:
        if operator in (">", "<") and _number(value) is None:
            raise SelectorProblem(f"{quoted(value)} in {quoted(self._text)} is not a whole number")
        if not is_value(value):
            raise SelectorProblem(f"{quoted(value)} in {quoted(self._text)} cannot be the value of a label")

    def _next(self) -> str:
        return self._words[-1] if self._words else ""

    def _take(self) -> str:
        return self._words.pop() if self._words else ""

    def _refuse(self, found: str, expected: str) -> None:
        what = quoted(found) if found else "its end"
        raise SelectorProblem(f"{quoted(self._text)} is not a selector: {what} stands where {expected} belongs")


def _compares(value: str, operator: str, wanted: str) -> bool:
    ours, theirs = _number(value), _number(wanted)
    if ours is None or theirs is None:
        return False
    return ours > theirs if operator == ">" else ours < theirs


def _number(text: str) -> int | None:
    """Read a whole number of 64 bits, as Go does."""
    if len(text) > _LONGEST_NAME or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -_LARGEST <= number < _LARGEST else None
