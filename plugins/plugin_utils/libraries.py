# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place that imports third-party libraries: a missing one says what to install when it is used."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, NoReturn

from .problems import Problem


class MissingLibrary(Problem, ImportError):
    """A Python library that the controller lacks; the message says what to install."""


class _Missing:
    def __init__(self, package: str) -> None:
        self.package = package

    def __getattr__(self, name: str) -> NoReturn:
        raise MissingLibrary(
            f"this needs the Python library {self.package} on the controller: pip install {self.package}"
        )


class _Late:
    """A library that costs too much to be loaded before somebody needs it."""

    def __init__(self, package: str, module: str) -> None:
        self._package, self._module = package, module

    def load(self) -> None:
        """Load it now, for whoever is sure to need it."""
        _library(self._package, self._module)

    def __getattr__(self, name: str) -> Any:
        return getattr(_library(self._package, self._module), name)


def _library(package: str, *modules: str) -> Any:
    """Import the first of the modules that exists; ``package`` provides the last one."""
    for module in modules:
        try:
            return import_module(module)
        except ImportError:
            continue
    return _Missing(package)


def missing() -> list[str]:
    """Name the packages on PyPI that tasks about hosts need and this controller has not."""
    found = (library for library in globals().values() if isinstance(library, _Missing))
    return list(dict.fromkeys(library.package for library in found))


def yaml_faults() -> tuple[type[Exception], ...]:
    """Return what PyYAML raises for a text of which it makes no values; `!!int ""` is an IndexError."""
    return (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


#: A password without quotes may begin as an alias or a tag does.
_REPEATED = re.compile(r"\b(alias|tag|tag handle) ['\"].*", re.DOTALL)


def yaml_reason(error: Any) -> str:
    """Return what PyYAML says is wrong with a text, without the words of the text that it repeats."""
    return _REPEATED.sub(r"\1 (its name is not shown)", str(error.problem or error.context))


tomllib: Any = _library("tomli", "tomllib", "tomli")  # the standard library has it from Python 3.11
tomlkit: Any = _library("tomlkit", "tomlkit")
yaml: Any = _library("PyYAML", "yaml")
jmespath: Any = _library("jmespath", "jmespath")
x509: Any = _library("cryptography", "cryptography.x509")
serialization: Any = _library("cryptography", "cryptography.hazmat.primitives.serialization")
#: 0.3 s: only tasks about clusters load them.
urllib3: Any = _Late("urllib3", "urllib3")
kube_client: Any = _Late("kubernetes", "kubernetes.client")
kube_config: Any = _Late("kubernetes", "kubernetes.config.kube_config")
websocket: Any = _Late("websocket-client", "websocket")  # kubernetes needs it
incluster_config: Any = _Late("kubernetes", "kubernetes.config.incluster_config")
