# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real API server answers to the registry's specification and to what is made of it: the filter says the same.

The registry operator itself cannot be had; whatever it passes on unseen (pods, routes) is judged here by who judges
it in a cluster. Specifications are put together from the schema and tests/data/image_registry/odd_values.yml.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.api import Ref
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.client import Rejected
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.image_registry import problems, validation
from api_server import KINDS
from cases import DATA

CONFIG = Ref(KINDS["Config"], "case")
DEPLOYMENT = Ref(KINDS["Deployment"], "image-registry", "default")
#: The release whose Kubernetes (1.34) the lab has.
RELEASE = "4.21"
SCHEMA = validation.schema_of(21)
ODD = yaml.safe_load((DATA / "image_registry/odd_values.yml").read_text(encoding="utf-8"))
#: Fields that the operator passes on to pods as they are.
OF_PODS = ("nodeSelector", "tolerations", "affinity", "topologySpreadConstraints")
OTHER_TYPES = (None, "x", 7, True, [], {}, 0.5)
AMOUNTS = ("limits", "requests")


class Invented:
    """Specifications, always the same ones for a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def spec(self) -> dict[str, Any]:
        fields = self.chance.sample(sorted(SCHEMA["properties"]), self.chance.randint(1, 2))
        found = {name: self.value(SCHEMA["properties"][name], name) for name in fields}
        return {"managementState": "Managed", "replicas": 1, "storage": {"emptyDir": {}}, **found}

    def value(self, schema: Mapping[str, Any], name: str) -> Any:
        if self.one_of(150):
            return self.chance.choice(OTHER_TYPES)
        if schema.get("x-kubernetes-int-or-string"):
            return self.word("quantity")
        if "properties" in schema:
            fields = {key: one for key, one in schema["properties"].items() if self.is_there(key, schema)}
            return {key: self.value(one, key) for key, one in fields.items()}
        if "additionalProperties" in schema:
            keys = [self.word("amounts" if name in AMOUNTS else "labels") for _ in range(self.chance.randint(0, 2))]
            return {key: self.value(schema["additionalProperties"], "value") for key in keys}
        if "items" in schema:
            return [self.value(schema["items"], name) for _ in range(self.chance.randint(0, 2))]
        return self.leaf(schema, name)

    def leaf(self, schema: Mapping[str, Any], name: str) -> Any:
        if name in ODD:
            return self.word(name)
        if "enum" in schema:
            return self.chance.choice([*schema["enum"], "other"])
        return {"integer": 5, "boolean": True, "object": {}}.get(schema["type"], "text")

    def word(self, name: str) -> Any:
        found = self.chance.choice(ODD[name]["odd" if self.one_of(8) else "right"])
        is_length = isinstance(found, int) and isinstance(ODD[name]["right"][0], str)
        return "a" * found if is_length else found

    def is_there(self, name: str, schema: Mapping[str, Any]) -> bool:
        return not self.one_of(50) if name in schema.get("required", ()) else self.one_of(3)

    def one_of(self, many: int) -> bool:
        return self.chance.randrange(many) == 0


def answer(client: Any, spec: Mapping[str, Any]) -> tuple[str | None, Any]:
    """Return the reason for which the server refuses, as the filter names it, and what it stores or says."""
    try:
        stored = client.create(CONFIG, {**CONFIG.manifest(), "spec": spec}, rehearse=True)["spec"]
    except Rejected as problem:
        return "api", str(problem)
    try:
        for ref, manifest in written(stored):
            client.create(ref, {**ref.manifest(), "spec": manifest}, rehearse=True)
    except Rejected as problem:
        return "Error", str(problem)
    return None, stored


def written(spec: Mapping[str, Any]) -> Iterator[tuple[Ref, dict[str, Any]]]:
    """Yield what the operator would write, as far as the server judges the words of a person in it."""
    replicas, rolling = spec["replicas"], {"maxUnavailable": max(spec["replicas"] - 1, 0)}
    is_rolling = spec.get("rolloutStrategy", "RollingUpdate") == "RollingUpdate"
    labels = {"docker-registry": "default"}
    container = {"name": "registry", "image": "registry.example.com/registry:1", "resources": spec.get("resources", {})}
    pod = {"containers": [container], **{name: spec[name] for name in OF_PODS if name in spec}}
    yield DEPLOYMENT, {
        "replicas": replicas,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling} if is_rolling else {"type": "Recreate"},
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    for route in spec.get("routes", ()):
        host = {"host": route["hostname"]} if route.get("hostname") else {}
        to = {"kind": "Service", "name": "image-registry"}
        yield Ref(KINDS["Route"], route["name"], "default"), {**host, "to": to}


@pytest.mark.parametrize("seed", range(4))
def test_the_filter_answers_as_the_server(lab, seed):
    invented, wrong, tally = Invented(seed), [], dict.fromkeys((None, "api", "Error"), 0)
    for _ in range(400):
        spec = invented.spec()
        found = [one for one in problems.of(spec, release=RELEASE) if one["effect"] == "refuse"]
        if found and found[0]["reason"] not in tally or is_judged_by_the_operator(found):
            continue  # numbers and durations that only Go cannot read, and checks of its own
        ours = found[0]["reason"] if found else None
        reason, stored = answer(lab.client, spec)
        tally[reason] += 1
        if reason != ours:
            wrong.append(f"{spec}\n  server: {reason} {stored}\n  filter: {found[:1]}")
        elif reason is None and stored != validation.stored(spec, SCHEMA)[0]:
            wrong.append(f"{spec}\n  server stores {stored}\n  filter: {validation.stored(spec, SCHEMA)[0]}")
    assert min(tally.values()) > 20, tally
    assert not wrong, f"{len(wrong)} of {tally}\n" + "\n".join(wrong[:5])


def is_judged_by_the_operator(found: list[dict[str, Any]]) -> bool:
    own = ("storage", "requests", "unsupportedConfigOverrides")
    return bool(found) and found[0]["reason"] == "Error" and (
        found[0]["path"].startswith(own) or found[0]["path"] == "replicas"
    )  # fmt: skip
