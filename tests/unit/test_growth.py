# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan costs grows with the number of its entries, never with their square. Calls are counted, not seconds.

Of a cost of a + bn, the costs of n, 2n and 3n entries are equally far apart, whatever a and b are; of one that has n²
in it they are not, and each function is looked at by itself. So a few entries show what a thousand would cost.
"""

from __future__ import annotations

import cProfile
import functools
import gc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.filter.registries_plan import registries_plan
from test_absent import given
from trust.pki import certificate

STEP = 12
HERE = [f"r{number}.example.com" for number in range(20_000)]
THERE = [f"m{number}.example.net" for number in range(20_000)]
WORDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "search": lambda n: {"search": HERE[:n]},
    "blocked": lambda n: {"blocked": HERE[:n]},
    "blocked namespaces": lambda n: {"blocked": [f"{name}/team" for name in HERE[:n]]},
    "blocked domains": lambda n: {"blocked": [f"*.{name}" for name in HERE[:n]]},
    "one domain": lambda n: {"insecure": ["*.example.com", *HERE[:n]]},
    "insecure": lambda n: {"insecure": HERE[:n]},
    "blocked inside insecure": lambda n: {"insecure": HERE[:n], "blocked": [f"{name}/team" for name in HERE[:n]]},
    "ranges": lambda n: {"insecure": [f"10.0.{number}.0/24" for number in range(n)]},
    "allowed": lambda n: {"allowed": HERE[:n], "search": HERE[:n], "insecure": HERE[:n], "blocked": "all"},
    "mirrors": lambda n: {"mirrors": mirrors(n)},
    "mirrors of one": lambda n: {"mirrors": [{"source": "docker.io", "mirrors": THERE[:n]}]},
    "mirrors only": lambda n: {
        "mirrors": [{**each, "contact_source": False} for each in mirrors(n)],
        "insecure": THERE[:n],
    },
    "trust": lambda n: {"trust": [{"registry": name, "ca": certificate("one", days=40_000)} for name in HERE[:n]]},
    "trust of many": lambda n: {
        "trust": [{"registry": name, "ca": certificate(f"one of {n}", by=name, days=40_000)} for name in HERE[:n]]
    },
    "aliases": lambda n: {"aliases": aliases(n)},
    "every word": lambda n: {
        "search": HERE[:n], "insecure": HERE[:n], "blocked": [f"{name}/team" for name in HERE[:n]],
        "mirrors": mirrors(n), "aliases": aliases(n),
    },
}
HOSTS: dict[str, dict[str, Any]] = {
    "podman": {"podman": {}},
    "podman of version 1": {"podman": {"version": "1.6.4"}},
    "crio": {"crio": {}},
    "moby": {"moby": {}},
    "fork": {"fork": {}},
}
THEIRS = "/etc/containers/registries.conf.d/99-theirs.conf"


def mirrors(n: int) -> list[dict[str, Any]]:
    return [{"source": source, "mirrors": [mirror]} for source, mirror in zip(HERE[:n], THERE[:n], strict=True)]


def aliases(n: int) -> dict[str, str]:
    return {f"app{number}": f"{name}/team/app" for number, name in enumerate(HERE[:n])}


def fresh(host: dict[str, Any], words: Callable[[int], Any], n: int) -> tuple[dict[str, Any], Any]:
    return host, words(n)


def as_asked(host: dict[str, Any], words: Callable[[int], Any], n: int) -> tuple[dict[str, Any], Any]:
    return given(host, words(n), "merge"), words(n)


def one_is_gone(host: dict[str, Any], words: Callable[[int], Any], n: int) -> tuple[dict[str, Any], Any]:
    return as_asked(host, words, n)[0], words(n - 1)


def others_say_no(host: dict[str, Any], words: Callable[[int], Any], n: int) -> tuple[dict[str, Any], Any]:
    tables = (f"[[registry]]\nlocation = '{name}'\ninsecure = false\nblocked = false\n" for name in HERE[:n])
    return {**host, "files": {THEIRS: "".join(tables)}}, words(n)


STATES = {"fresh": fresh, "as asked": as_asked, "one is gone": one_is_gone, "others say no": others_say_no}


@functools.cache
def caches() -> list[Any]:
    """Return what the collection remembers from one plan to the next."""
    kept = (each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper))
    return [each for each in kept if each.__module__.startswith("ansible_collections.dockyard.")]


def calls(host: dict[str, Any], policy: dict[str, Any], mode: str) -> Counter[str]:
    """Count the calls of each function, Python's own included, of a plan that is the first of its process."""
    for each in caches():
        each.cache_clear()
    with cProfile.Profile() as profile:
        registries_plan(host, policy=policy, mode=mode, unenforceable="warn", foreign_scopes="keep")
    return Counter({name_of(entry.code): entry.callcount for entry in profile.getstats()})


def name_of(code: Any) -> str:
    """Name a function; of Python's own ones the profile has nothing but the name."""
    return code if isinstance(code, str) else f"{code.co_filename.rpartition('/')[2]}: {code.co_qualname}"


def too_fast(counts: list[Counter[str]]) -> list[str]:
    """Name the functions whose calls grow with the square. counts: of one, two and three times as many entries."""
    one, two, three = counts
    return [
        f"{name}: {one[name]}, {two[name]}, {calls}"
        for name, calls in three.items()
        if calls - 2 * two[name] + one[name] > STEP * STEP / 2
    ]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["merge", "exact"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("engine", HOSTS)
def test_a_plan_costs_what_its_entries_are(engine: str, words: str, state: str, mode: str) -> None:
    asked = [STATES[state](HOSTS[engine], WORDS[words], STEP * times) for times in (1, 2, 3)]
    # what is loaded, and learnt of classes, by the first of all is not counted
    counts = [calls(host, policy, mode) for host, policy in (asked[0], *asked)][1:]
    assert "\n".join(too_fast(counts)) == ""
