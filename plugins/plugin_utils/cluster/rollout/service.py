# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the pools of a cluster, wait until they are done, pause and resume them.

Nothing is remembered between two runs but an annotation on pools that we paused, so a run that was killed is gone on
with by the next one. An API server that is away, because its own node is drained, only costs time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ... import clock
from ...host.watch import NotAsked
from .. import marks, registries
from ..api import ClusterProblem, Manifest, Ref, Resource, at, check_name
from ..client import Client, Moved, NoSuchKind, Rejected
from ..kinds import trusted_cas
from ..kinds.image import IMAGE
from ..openshift4 import machine_configs, releases
from ..pools import BUDGETS, POOLS
from ..registries import MACHINE_CONFIG
from ..seen import Cluster, Contents, read
from . import expected, holding, progress
from .expected import Expected
from .progress import DEGRADED, EMPTY, PAUSED, RENDERING, ROLLING, UPDATED, Clocks, Late, Node, Pool

NODES = Ref(Resource("Node", "", "v1", "nodes"), bare=True)
_WHOLE_NODES = Ref(NODES.resource)
_POD = Resource("Pod", "", "v1", "pods", True)
_CONTROLLER = Ref(
    Resource("ControllerConfig", "machineconfiguration.openshift.io", "v1", "controllerconfigs"),
    "machine-config-controller",
)
_PROGRESS = 30.0  # seconds between two lines that say how far it is, at most
_POLL = 5.0  # seconds between two looks, at most; a twelfth of the time after which a drain is explained, else
#: Seconds that a pool has to stay updated where nobody can say what its nodes shall have: a render waits for five.
_SETTLED = 30.0
_TRIES = 10


def access() -> dict[Ref, tuple[str, ...]]:
    """Return everything that the tasks about pools may ask of the API: what, and the verbs."""
    read_only = (*registries.READ_FOR_NODES, *registries.FURTHER, IMAGE, _CONTROLLER, NODES, BUDGETS, Ref(_POD))
    found = {replace(ref, bare=False): ("get",) if ref.name else ("list",) for ref in read_only}
    found |= {Ref(kind): ("list",) for kind in holding.WEBHOOKS}
    found[Ref(trusted_cas.RESOURCE, namespace=trusted_cas.NAMESPACE)] = ("get",)
    return found | {Ref(MACHINE_CONFIG): ("get", "list"), POOLS: ("get", "list", "patch")}


@dataclass(frozen=True)
class Wanted:
    """What a person asked for; the names are those of the options."""

    pools: tuple[str, ...] | None = None
    release: object = None
    compare: bool = True
    accept_paused: bool = False
    node_timeout: float = 5400.0
    render_timeout: float = 300.0
    explain_after: float = 60.0
    timeout: float | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Wanted:
        """Take from the options of a task what is about pools. Raises ClusterProblem."""
        for name in ("node_timeout", "render_timeout", "explain_after", "timeout"):
            if (1 if options.get(name) is None else options[name]) <= 0:
                raise ClusterProblem(f"{name}: {options[name]} is not a number of seconds above zero")
        found = {name: options[name] for name in cls.__dataclass_fields__ if options.get(name) is not None}
        if "pools" in found and not found["pools"]:
            raise ClusterProblem("pools: [] names no pool; leave it out for all of them")
        for name in found.get("pools", ()):
            check_name("pools", name)
        if "release" in found:
            releases.find(found["release"])
        return cls(**found | ({"pools": tuple(found["pools"])} if "pools" in found else {}))


@dataclass(frozen=True)
class Seen:
    """One look. differences: name of a rendered config → path → what differs from what nodes shall have."""

    pools: tuple[Pool, ...]
    notes: tuple[str, ...]
    expected: Expected
    differences: dict[str, dict[str, str] | None]

    def as_expected(self, pool: Pool, name: str) -> bool | None:
        found = self.differences.get(f"{pool.name} {name}")
        return None if found is None else not found

    def state(self, pool: Pool) -> str:
        return pool.state(self.as_expected(pool, pool.target))

    def result(self) -> list[dict[str, Any]]:
        """Return the pools for the result of a task."""
        return [self._pool(pool) for pool in self.pools]

    def _pool(self, pool: Pool) -> dict[str, Any]:
        nodes = [
            {
                "name": node.name, "phase": node.phase(pool.target), "current": node.current, "desired": node.desired,
                "state": node.state, "reason": node.reason, "as_expected": self.as_expected(pool, node.current),
            }
            for node in pool.nodes
        ]  # fmt: skip
        return {
            "name": pool.name, "state": self.state(pool), "paused": pool.paused, "paused_by_us": pool.ours,
            "config": pool.target, "as_expected": self.as_expected(pool, pool.target),
            "differences": self.differences.get(f"{pool.name} {pool.target}") or {},
            "machines": len(pool.nodes), "done": len(pool.done()), "nodes": nodes,
        }  # fmt: skip


@dataclass
class Rollout:
    """The pools of one cluster. say: is told how far it is."""

    client: Client
    wanted: Wanted = Wanted()
    say: Callable[[str], None] = lambda line: None
    #: Rendered configs that were compared, by what they were compared with: they never change.
    compared: dict[str, tuple[Any, dict[str, str] | None]] = field(default_factory=dict)
    phases: dict[str, str] = field(default_factory=dict)
    #: Why the API server was away when it was last said, and when that was.
    away_said: tuple[str, float] = ("", 0.0)

    # --- one look ---

    def look(self, more: Iterable[str] = ()) -> Seen:
        """Read pools and nodes, and compare what their configs hold. more: also those that nodes carry now.

        Raises ClusterProblem.
        """
        try:
            manifests, nodes = self.client.read_all(POOLS), self.client.read_all(NODES)
        except NoSuchKind:
            raise ClusterProblem(
                "this API has no MachineConfigPools: nodes of OpenShift 3, of a hosted cluster or of plain Kubernetes "
                "get their files otherwise"
            ) from None
        found, notes = progress.read(manifests, nodes)
        chosen = self._chosen(found)
        wanted = Expected(unknown="compare is false")
        if self.wanted.compare:
            wanted = self.answered(lambda cluster: expected.of(cluster, self.wanted.release))
        differences = {}
        for pool in chosen:
            for name in {pool.target, *(node.current for node in pool.nodes if more)} - {""}:
                differences[f"{pool.name} {name}"] = self._compared(wanted, pool, name)
        return Seen(tuple(chosen), tuple(notes), wanted, differences)

    def _chosen(self, found: list[Pool]) -> list[Pool]:
        names = [pool.name for pool in found]
        for name in self.wanted.pools or ():
            if name not in names:
                raise ClusterProblem(f"pools: there is no MachineConfigPool {name}; there are {', '.join(names)}")
        return [pool for pool in found if self.wanted.pools is None or pool.name in self.wanted.pools]

    def _compared(self, wanted: Expected, pool: Pool, name: str) -> dict[str, str] | None:
        key, basis = f"{pool.name} {name}", (wanted, pool.selector)
        if key not in self.compared or self.compared[key][0] != basis:
            config = self.client.read(Ref(MACHINE_CONFIG, name))
            self.compared[key] = basis, None if config is None else wanted.differences(pool.selector, config)
        return self.compared[key][1]

    def answered(self, ask: Callable[[Cluster], Any]) -> Any:
        """Read what an answer turns out to need, until there is one."""
        known: dict[Ref, Contents] = {}
        while True:
            try:
                return ask(Cluster(known))
            except NotAsked as missing:
                known = read(self.client, missing.more, known)

    # --- waiting ---

    def wait(self, *, check: bool = False) -> dict[str, Any]:
        """Wait until every pool is done, or none will be. Raises ClusterProblem for what a wait cannot mend."""
        start = self.client.clock()
        clocks = Clocks(self.wanted.node_timeout, self.wanted.render_timeout)
        seen = self.look()
        before = {pool.name for pool in seen.pools if pool.broken()}
        notes = [*seen.notes, *_beforehand(seen)]
        for line in notes:
            self.say(line)
        if seen.expected.unknown:
            notes.append(f"what nodes shall have is not compared: {seen.expected.unknown}")
        end_of_time = None if self.wanted.timeout is None else start + self.wanted.timeout
        failure = self._until_done(seen, clocks, before, end_of_time, check)
        end = self.seen
        paused = [pool for pool in end.pools if end.state(pool) == PAUSED]
        for pool in paused:
            notes.append(_of_paused(pool))
        if not failure and paused and not self.wanted.accept_paused:
            failure = f"{'; '.join(map(_of_paused, paused))} (accept_paused: true ends well nevertheless)"
        result: dict[str, Any] = {
            "changed": False, "pools": end.result(), "notes": list(dict.fromkeys(notes)),
            "verified": not failure and not paused and all(end.as_expected(pool, pool.target) for pool in end.pools
                                                           if pool.nodes),
            "waited": round(self.client.clock() - start, 1),
            "account": [_of_pool(end, pool) for pool in end.pools],
        }  # fmt: skip
        return result | ({"failed": True, "msg": failure} if failure else {})

    def _until_done(self, seen: Seen, clocks: Clocks, before: set[str], end: float | None, check: bool) -> str:
        """Look again and again; why it ended before all pools were done, "" when they are."""
        self.seen = seen
        spoken = explained = since = self.client.clock()
        updated = None
        while True:
            now = self.client.clock()
            self._tell_phases(seen)
            if failure := _failure(seen, before):
                return failure
            waiting = [pool for pool in seen.pools if seen.state(pool) in (ROLLING, RENDERING)]
            if not waiting:
                updated = now if updated is None else updated
                if not seen.expected.unknown or now - updated >= self._settled or check:
                    return ""
            else:
                updated = None
            if check and waiting:
                return ""
            for pool in seen.pools:
                if late := clocks.late(pool, seen.state(pool), now):
                    return self._of_late(seen, late)
            if end is not None and now >= end:
                return f"{'; '.join(_of_pool(seen, pool) for pool in waiting)}; the timeout is over"
            patience = self.wanted.explain_after
            held = [node for pool in waiting for node in pool.nodes if clocks.held(node, now) >= patience]
            rolling = [pool for pool in waiting if seen.state(pool) == ROLLING]
            still = [pool for pool in rolling if clocks.stood(pool, now) >= patience]
            if (held or still) and now - explained >= patience:
                explained = now
                self._explain(held)
                for pool in still:
                    self._tell_away(pool)
            if now - spoken >= self._often:
                spoken = now
                for pool in waiting:
                    self.say(_of_pool(seen, pool))
            self.client.sleep(self._poll)
            seen, since = self._look_patiently(since, seen)

    @property
    def _poll(self) -> float:
        return min(_POLL, self.wanted.explain_after / 12)

    @property
    def _often(self) -> float:
        """Seconds between two lines that say the same."""
        return min(_PROGRESS, self.wanted.explain_after / 2)

    @property
    def _settled(self) -> float:
        return min(_SETTLED, self.wanted.explain_after / 2)

    def _look_patiently(self, since: float, last: Seen) -> tuple[Seen, float]:
        """Look, and go on with what was seen last while the API server is away: the clocks of nodes run."""
        try:
            self.seen = self.look()
            return self.seen, self.client.clock()
        except Rejected as problem:
            if problem.status not in (401, 429) and problem.status < 500:
                raise
            away: ClusterProblem = problem
        except ClusterProblem as problem:
            away = problem
        now = self.client.clock()
        if now - since >= self.wanted.node_timeout:
            raise ClusterProblem(f"the API server has been away for {now - since:.0f} s: {away}")
        if self.away_said[0] != str(away) or now - self.away_said[1] >= self._often:
            self.away_said = str(away), now
            self.say(f"{away}; goes on waiting, since a node of the API server may be rolling")
        return last, since

    def _tell_phases(self, seen: Seen) -> None:
        """Say what has become of each node since the last look; nothing of nodes that were done from the start."""
        for pool in seen.pools:
            if seen.state(pool) == RENDERING:
                continue  # where nodes stand counts once there is something to have
            for node in pool.nodes:
                phase = node.phase(pool.target)
                before = self.phases.get(node.name)
                self.phases[node.name] = phase
                if phase != before and not (before is None and phase in ("done", "waits for its turn")):
                    self.say(f"pool {pool.name}: {node.name} {_PHASES.get(phase, phase)} ({pool.count()})")

    def _tell_away(self, pool: Pool) -> None:
        if why := self._away(pool):
            self.say(f"pool {pool.name}: {why}")

    def _away(self, pool: Pool) -> str:
        """Say which nodes keep the others of a pool from their turn, "" where none does or nobody can tell."""
        names = {node.name for node in pool.nodes}
        try:
            nodes = [one for one in self.client.read_all(_WHOLE_NODES) if at(one, "metadata", "name") in names]
        except ClusterProblem:
            return ""
        found = holding.away(nodes)
        return f"no node begins while others are away: {'; '.join(found)}" if found else ""

    def _explain(self, held: list[Node]) -> None:
        """Say of each node that drains for long what holds it."""
        if not held:
            return
        try:
            hooks = [one for kind in holding.WEBHOOKS for one in self._all(Ref(kind))]
            budgets = self._all(BUDGETS)
            for node in held:
                pods = self.client.read_all(Ref(_POD), fieldSelector=f"spec.nodeName={node.name}")
                why = holding.reasons(pods, budgets, hooks) or ["none of its pods is left to be evicted"]
                self.say(f"{node.name} is not empty yet: {'; '.join(why)}")
        except ClusterProblem as problem:
            self.say(f"what holds the drain is not known: {problem}")

    def _all(self, ref: Ref) -> tuple[Manifest, ...]:
        """Read all objects of a kind; none where they may not be read or do not exist."""
        try:
            return self.client.read_all(ref)
        except (Rejected, NoSuchKind):
            return ()

    def _of_late(self, seen: Seen, late: Late) -> str:
        """Say whose time is over, what it lacks, and what holds it if it drains."""
        pool, node = late.pool, late.node
        if node is not None:
            lines: list[str] = []
            if node.draining:
                teller = Rollout(self.client, self.wanted, lines.append)
                teller._explain([node])
            more = f"; {'; '.join(lines)}" if lines else ""
            return (
                f"pool {pool.name}: node {node.name} has not finished in {late.seconds:.0f} s: {node.line()}; "
                f"{pool.count()}{more}"
            )
        if seen.state(pool) == RENDERING:
            paths = ", ".join(seen.differences.get(f"{pool.name} {pool.target}") or {})
            return (
                f"pool {pool.name}: {pool.target or 'no config'} does not hold what follows from the objects of the "
                f"cluster after {late.seconds:.0f} s ({paths or 'it cannot be read'}); the operator says why only in "
                "the log of machine-config-controller"
            )
        names = ", ".join(node.name for node in pool.left()[:5])
        why = f"; {away}" if (away := self._away(pool)) else ""
        return (
            f"pool {pool.name}: no node has moved for {late.seconds:.0f} s, and {pool.count()}; {names} still wait for "
            f"{pool.target}{why}"
        )

    # --- pausing ---

    def pause(self, *, check: bool = False) -> dict[str, Any]:
        """Pause the pools that have nodes. Raises ClusterProblem."""
        stamp = clock.stamp(clock.now())
        fields = {"metadata": {"annotations": {marks.PAUSED: stamp}}, "spec": {"paused": True}}
        return self._switch(fields, lambda pool: bool(pool.nodes) and not pool.paused, check)

    def resume(self, *, check: bool = False) -> dict[str, Any]:
        """Resume the pools that we have paused. Raises ClusterProblem."""
        fields = {"metadata": {"annotations": {marks.PAUSED: None}}, "spec": {"paused": False}}
        return self._switch(fields, lambda pool: pool.ours, check)

    def _switch(self, fields: Manifest, applies: Callable[[Pool], bool], check: bool) -> dict[str, Any]:
        found, _notes = progress.read(self._pools(), self.client.read_all(NODES))
        chosen = self._chosen(found)
        touched = [pool for pool in chosen if applies(pool)]
        for pool in touched if not check else ():
            self._patch(Ref(POOLS.resource, pool.name), fields)
        notes = [
            f"pool {pool.name} was paused by somebody else, and stays paused"
            for pool in chosen
            if pool.paused and not pool.ours
        ]
        return {"changed": bool(touched), "switched": [pool.name for pool in touched], "notes": notes}

    def _pools(self) -> tuple[Manifest, ...]:
        try:
            return self.client.read_all(POOLS)
        except NoSuchKind:
            raise ClusterProblem("this API has no MachineConfigPools to pause") from None

    def _patch(self, ref: Ref, fields: Manifest) -> None:
        """Change a pool, whose status controllers write all the time."""
        for _try in range(_TRIES):
            version = str(at(self.client.read(ref), "metadata", "resourceVersion") or "")
            try:
                self.client.patch(ref, fields, version)
                return
            except Moved:
                continue
        raise ClusterProblem(f"{ref} changes faster than it can be written")

    # --- a report ---

    def report(self) -> dict[str, Any]:
        """Say what every node has, and how it differs from what follows from the objects. Raises ClusterProblem."""
        seen = self.look(more=("current",))
        problems = [*seen.notes, *_not_as_expected(seen), *self._edits(seen), *self._authorities()]
        standing = [pool for pool in seen.pools if seen.state(pool) == ROLLING and pool.stands]
        problems += [f"pool {pool.name}: {why}" for pool in standing if (why := self._away(pool))]
        if seen.expected.problem:
            problems.append(f"the operator writes nothing: {seen.expected.problem}")
        notes = [f"what nodes shall have is not compared: {seen.expected.unknown}"] if seen.expected.unknown else []
        drift = bool(problems or notes)
        notes += _without_ours(seen)
        return {
            "pools": seen.result(), "problems": problems, "drift": drift, "notes": notes,
            "account": list(dict.fromkeys([*(_of_pool(seen, pool) for pool in seen.pools), *problems, *notes])),
        }  # fmt: skip

    def _edits(self, seen: Seen) -> list[str]:
        """Name what somebody wrote into the operator's own MachineConfigs (C7)."""
        found = []
        for name in machine_configs.BUILT_IN:
            ref = Ref(MACHINE_CONFIG, machine_configs.generated_for(name))
            for text in expected.edits(seen.expected, self.client.read(ref)):
                found.append(f"{ref} holds what no object of the cluster says, and the operator will revert it: {text}")
        return found

    def _authorities(self) -> list[str]:
        """Name authorities that the cluster trusts and that no node has been given."""

        def ask(cluster: Cluster) -> list[str]:
            cluster.need(IMAGE, _CONTROLLER)
            image = cluster.one(IMAGE)
            name = str(at(image, "spec", "additionalTrustedCA", "name") or "")
            controller = cluster.try_one(_CONTROLLER)
            if not name or not isinstance(controller, dict):
                return []
            config_map = cluster.one(Ref(trusted_cas.RESOURCE, name, trusted_cas.NAMESPACE))
            return expected.authorities_missing(image, config_map, controller)

        missing = self.answered(ask)
        return [f"ControllerConfig/{_CONTROLLER.name} has no authority for {', '.join(missing)}"] if missing else []


_PHASES = {"done": "is done", "degraded": "is degraded", "unreconcilable": "cannot be reconciled"}


def _of_pool(seen: Seen, pool: Pool) -> str:
    """Describe a pool in one line."""
    state = seen.state(pool)
    if state == EMPTY:
        return f"pool {pool.name}: no nodes"
    if state == PAUSED:
        return _of_paused(pool)
    away = [f"{node.name} {node.phase(pool.target)}" for node in pool.left() if node.moves]
    more = f"; {', '.join(away)}" if away and state == ROLLING else ""
    paused = ", paused with nothing to do" if pool.paused else ""
    return f"pool {pool.name}: {state}{paused}, {pool.count()}{more}"


def _of_paused(pool: Pool) -> str:
    by_us = " by an earlier run of node_pools (state: resumed lifts it)" if pool.ours else ""
    left = len(pool.left()) or len(pool.nodes)
    return f"pool {pool.name} is paused{by_us}: {left} of its nodes keep old files, and nodes that join get those too"


def _without_ours(seen: Seen) -> Iterator[str]:
    """Name the pools whose nodes have nothing of what a policy says."""
    for pool in seen.pools:
        if pool.nodes and not machine_configs.generated_in(pool.selector):
            yield (
                f"pool {pool.name}: its machineConfigSelector selects none of the operator's MachineConfigs for"
                f" registries ({machine_configs.generated_for('worker')}), so no policy reaches its nodes"
            )


def _beforehand(seen: Seen) -> list[str]:
    """Say what a person has to know before a wait: pools that are paused, and an API that will be away."""
    found = [_of_paused(pool) for pool in seen.pools if seen.state(pool) == PAUSED]
    found += _without_ours(seen)
    for pool in seen.pools:
        if pool.name == "master" and len(pool.nodes) == 1 and seen.state(pool) in (ROLLING, RENDERING):
            found.append("there is one master: the API server will be away while it rolls")
    return found


def _failure(seen: Seen, before: set[str]) -> str:
    """Say why no wait can help: a node or a pool is broken, or the operator writes nothing; "" when one can."""
    if seen.expected.problem and any(pool.nodes for pool in seen.pools):
        return f"the operator writes no files for these objects, so nothing will roll: {seen.expected.problem}"
    for pool in seen.pools:
        if seen.state(pool) != DEGRADED:
            continue
        if broken := pool.broken():
            node = broken[0]
            old = ", as it was before this wait" if pool.name in before else ""
            return f"pool {pool.name}: node {node.name} is {node.state}{old}: {node.line()}; {pool.count()}"
        return f"pool {pool.name}: its config cannot be rendered: {pool.render_problem}"
    return ""


def _not_as_expected(seen: Seen) -> list[str]:
    """Name the nodes whose current files are not those that they shall have, and the pools that are not done."""
    found = []
    for pool in seen.pools:
        old = [node.name for node in pool.nodes if seen.as_expected(pool, node.current) is False]
        if old:
            paths = sorted({path for node in pool.nodes
                            for path in seen.differences.get(f"{pool.name} {node.current}") or ()})  # fmt: skip
            where = ", ".join(paths)
            found.append(f"pool {pool.name}: {', '.join(old)} differ from the objects of the cluster in {where}")
        elif seen.state(pool) not in (UPDATED, EMPTY):
            found.append(_of_pool(seen, pool))
        found += [f"node {node.name}: {node.line()}" for node in pool.broken()]
    return found
