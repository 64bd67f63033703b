# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every task does: options in, its own work, a result out in which nothing secret is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, ClassVar, Protocol

from ansible.errors import AnsibleError  # type: ignore[import-untyped]
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator  # type: ignore[import-untyped]
from ansible.module_utils.errors import UnsupportedError  # type: ignore[import-untyped]
from ansible.module_utils.parsing.convert_bool import boolean  # type: ignore[import-untyped]
from ansible.plugins.action import ActionBase  # type: ignore[import-untyped]
from ansible.utils.display import Display  # type: ignore[import-untyped]

from ..libraries import jmespath
from ..problems import Problem, one_line
from ..shapes import can_be_written
from .secrets import Secrets

Spec = dict[str, dict[str, Any]]

ValueOf = Callable[[str], Any]

_LONGEST_PROBLEM = 500  # signs of a sentence of Ansible, which shows a value whole
_SPLIT = ("str", "path", "raw")  # elements of lists for which one text may stand
_EMPTY = "nothing stands where a value is needed"
_LARGEST = 2**63  # of a whole number; for what is larger Ansible or Python has an exception and no sentence


#: Which variables of the inventory fill options: (options, value of a variable or None) → option: (variable, value).
class Fill(Protocol):
    def __call__(self, options: Iterable[str], value_of: ValueOf, /) -> dict[str, tuple[str, Any]]: ...

    def remarks(self, origins: Mapping[str, str], value_of: ValueOf, /) -> list[str]:
        """List the values of the variables that are left out, one sentence each. origins: option → variable or ""."""

    def trail(self, origins: Mapping[str, str], value_of: ValueOf, /) -> dict[str, tuple[str, ...]]:
        """Return, for each of these options that add up from several variables, all of them. origins: as above."""


#: What steers a terminal, or cannot be seen: control characters but for tab and line feed, other ends of lines, marks
#: that turn the direction of writing or join letters, tags, halves of surrogate pairs.
_STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


class TaskProblem(Problem):
    """Something about how a task was called, or about the controller."""


class Task(ActionBase):  # type: ignore[misc]
    """Base of every task: validates options, turns problems into one sentence, hides secrets in whatever it returns."""

    _supports_check_mode = True
    _supports_async = False
    spec: ClassVar[Spec]
    fills: ClassVar[tuple[Fill, ...]] = ()
    #: options of which at least one must be said; without any, `nothing_asked` is the sentence
    asking: ClassVar[tuple[str, ...]] = ()
    nothing_asked: ClassVar[str] = "nothing is asked for: {options} are all missing"
    #: the sentence about a variable whose name is nearly one that is read, "" when there is none
    misspelt: ClassVar[Callable[[Iterable[str]], str]] = staticmethod(lambda names: "")

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.variables = task_vars or {}
        self.secrets = Secrets()
        self.origins: dict[str, str] = {}
        self.named: dict[str, tuple[str, ...]] = {}
        self.remarks: list[str] = []
        try:
            result.update(self.perform(self._options()))
        except Problem as problem:
            result.update(failed=True, msg=self._sentence(problem))
        except RecursionError:
            result.update(failed=True, msg="what is asked for, or what the host says, is nested too deeply")
        return self.finish(result)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do the task's work and return its result. Raises Problem."""
        raise NotImplementedError

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """Remove registered secrets and control characters from every text of a result; names of keys stay."""
        if self.remarks and not result.get("failed"):
            result["warnings"] = list(dict.fromkeys([*self.remarks, *result.get("warnings", [])]))
        hidden: dict[str, Any] = cleaned(self.secrets.hidden_in(result))
        return hidden

    def given(self) -> dict[str, Any]:
        """Return the options of the task; with from_variables also those that variables of the inventory fill.

        `origins` remembers the variables, for sentences that speak of them, and `named` all of those that an option
        adds up from. Raises Problem.
        """
        given: dict[str, Any] = plain(self._task.args)
        if not boolean(given.get("from_variables", False), strict=False):
            return given
        if problem := type(self).misspelt(self.variables):
            raise TaskProblem(problem)
        variable = cache(self._variable)  # several fills ask for the same one, and a template costs
        missing = [option for option in self.spec if option not in given]
        filled: dict[str, tuple[str, Any]] = {}
        for fill in self.fills:
            filled |= fill(missing, variable)
        self.origins = {option: name for option, (name, _value) in filled.items()}
        origins = dict.fromkeys(given, "the task") | self.origins
        self.remarks = [text for fill in self.fills for text in fill.remarks(origins, variable)]
        self.named = {option: (name,) for option, name in self.origins.items()}
        for fill in self.fills:
            self.named |= fill.trail(self.origins, variable)
        return {option: value for option, (_name, value) in filled.items()} | given

    def must_ask(self, options: Mapping[str, Any]) -> None:
        """Refuse a call that asks for nothing: it would say "unchanged" of a host that nobody looked at."""
        if self.asking and not any(self._is_asked(option, options.get(option)) for option in self.asking):
            host, words = self.variables.get("inventory_hostname"), ", ".join(self.asking)
            from_variables = bool(options.get("from_variables"))
            text = self.nothing_asked if from_variables else Task.nothing_asked
            raise TaskProblem(text.format(host=host, options=words))

    def _is_asked(self, option: str, value: Any) -> bool:
        """Say whether a value asks for something: 0 and false do, unless false is what the option is without a word."""
        return value is not None and not (value is False and self.spec[option].get("default") is False)

    def _sentence(self, problem: Problem) -> str:
        text = str(problem)
        return self.origins.get(problem.word, problem.word) + text[len(problem.word) :]

    def _variable(self, name: str) -> Any:
        """Return the value of a variable; None when it is absent, null or omitted. Raises TaskProblem."""
        value = self.variables.get(name)
        if value is None:
            return None
        try:
            value = plain(self._templar.template(value))
        except AnsibleError as error:
            if type(error).__name__ == "AnsibleValueOmittedError":  # core 2.16 has none, and gives a placeholder
                return None
            raise TaskProblem(f"{name}: {str(error).splitlines()[0]}") from None
        omitted = self.variables.get("omit")
        return None if value == omitted else _without(omitted, value) if omitted else value

    def _options(self) -> dict[str, Any]:
        given = {option: _listed(value, self.spec.get(option, {})) for option, value in self.given().items()}
        self._refuse_wrong_shapes(given)
        validated = ArgumentSpecValidator(self.spec).validate(given)
        if not validated.error_messages:
            return dict(validated.validated_parameters)
        for option, name in self.origins.items():
            wrong = ArgumentSpecValidator({option: self.spec[option]}).validate({option: given[option]}).error_messages
            if wrong:
                raise TaskProblem(f"{name}: {wrong[0]}")
        raise TaskProblem("; ".join(map(self._option_problem, validated.errors)))

    def _refuse_wrong_shapes(self, given: Mapping[str, Any]) -> None:
        """Refuse shapes for which Ansible has no sentence, or which it makes a text of without a word."""
        for option in _left_empty(given, self.spec):
            raise TaskProblem(f"{option}: {_EMPTY}")
        for option, about in self.spec.items():
            for mistake in _wrong_shapes(self.origins.get(option, option), given.get(option), about):
                raise TaskProblem(mistake)
            if about.get("type") == "int" and not _is_bounded(given.get(option)):
                name, value = self.origins.get(option, option), str(given[option])[:40]
                raise TaskProblem(f"{name}: {value} is too large a number")
            if not all(map(can_be_written, _texts(given.get(option)))):
                name = self.origins.get(option, option)
                raise TaskProblem(f"{name}: holds half of a surrogate pair, which no file can hold")

    def _option_problem(self, error: Any) -> str:
        if not isinstance(error, UnsupportedError):
            text = one_line(str(error.msg))
            return text if len(text) <= _LONGEST_PROBLEM else f"{text[:_LONGEST_PROBLEM]}…"
        first = str(error.msg).partition(". ")[0].partition(", ")[0]
        *within, name = first.split(".")
        known = self.spec
        for option in within:
            known = known.get(option, {}).get("options", {})
        near = get_close_matches(name, known, 1)
        where = f"{self.origins.get(within[0], within[0])}: there is no key" if within else "there is no option"
        return f"{where} {name}" + (f"; is {near[0]} meant?" if near else "")


def _without(omitted: Any, value: Any) -> Any:
    """Leave out what a template omits within a value, as core 2.19 does by itself."""
    if isinstance(value, Mapping):
        return {key: _without(omitted, item) for key, item in value.items() if item != omitted}
    if isinstance(value, list):
        return [_without(omitted, item) for item in value if item != omitted]
    return value


def _listed(value: Any, about: Mapping[str, Any]) -> Any:
    """Split a text where a list of texts is needed, as Ansible does, but for blanks and empty items."""
    if not isinstance(value, str) or about.get("type") != "list" or about.get("elements") not in _SPLIT:
        return value
    return [item.strip() for item in value.split(",") if item.strip()] or [value]


def _is_bounded(value: Any) -> bool:
    """Say whether a value can be a whole number of an option; other values are judged by Ansible."""
    try:
        return not abs(float(value)) >= _LARGEST  # NaN is judged by Ansible too
    except OverflowError:
        return False
    except (TypeError, ValueError):
        return True


def _left_empty(given: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options that are written with nothing behind them, though that is none of their values."""
    for name, about in options.items():
        if name in given and given[name] is None and (about.get("required") or about.get("default") is not None):
            yield name


def _wrong_shapes(name: str, value: Any, about: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the shape of a value; values are not shown where they may be secrets."""
    is_list = about.get("type") == "list"
    wanted = about.get("elements") if is_list else about.get("type")
    for one in value if is_list and isinstance(value, list) else [value]:
        if one is None:
            if one is not value:
                yield f"{name}: nothing stands where an entry is needed"
            continue
        if wanted == "str" and isinstance(one, (Mapping, list)) and not (is_list and one is value):
            yield f"{name}: {'a mapping' if isinstance(one, Mapping) else 'a list'} stands where one text is needed"
        if "options" not in about:
            continue
        if isinstance(one, str) and not one.lstrip().startswith("{") and "=" not in one:
            yield f"{name}: a text stands where a mapping is needed"
        elif not isinstance(one, (Mapping, str)):
            yield f"{name}: {one!r} is not a mapping"
        elif isinstance(one, Mapping):
            yield from (f"{name}: the key {key!r} is not a text" for key in one if not isinstance(key, str))
            yield from (f"{name}: {key}: {_EMPTY}" for key in _left_empty(one, about["options"]))
            for key, inner in about["options"].items():
                yield from _wrong_shapes(f"{name}: {key}", one.get(key), inner)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text within a value, names of keys among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for pair in value.items() for one in pair for text in _texts(one))
    elif isinstance(value, list):
        yield from (text for one in value for text in _texts(one))


def show(lines: Iterable[str]) -> None:
    """Print lines as they are, without the quotes of a result."""
    display = Display()
    for line in lines:
        display.display(str(cleaned(line)))


def cleaned(value: Any) -> Any:
    """Remove characters that steer a terminal from the texts of a value; lines stay lines."""
    if isinstance(value, str):
        return value if value.isprintable() else _STEERS.sub("", value)
    if isinstance(value, Mapping):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """Return built-in types only: Ansible's tagged texts break libraries."""
    if getattr(value, "__ENCRYPTED__", False):  # `!vault` of core 2.16; this decrypts it
        return str(value)
    if isinstance(value, str):
        return "".join(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, Iterator)):  # the last is what from_yaml_all gives in core 2.16
        return [plain(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value + 0  # of a tagged number, a plain one
    return value


def select(query: str | None, value: Any) -> Any:
    """Apply a JMESPath query to a value; without a query return None. Raises TaskProblem for an invalid query."""
    if query is None:
        return None
    try:
        return jmespath.search(query, value)
    except jmespath.exceptions.JMESPathError as error:
        raise TaskProblem(f"query: '{query}' is not a JMESPath query: {str(error).splitlines()[0]}") from None
