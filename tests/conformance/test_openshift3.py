# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated image policies, names and wildcards: our answers equal those of the code of OpenShift 3.11."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3 import image_names
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3.admission import Found, judge
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3.image_policy import (
    KIND,
    Resource,
    decoded,
    of_fields,
    refusals,
)
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3.import_policy import _wildcard
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3.known import Image
from ansible_collections.dockyard.openshift.plugins.plugin_utils.cluster.openshift3.releases import find
from ansible_collections.dockyard.openshift.plugins.plugin_utils.resolution.references import ReferenceProblem
from hypothesis import given, seed
from hypothesis import strategies as st

from .amount import CASES, ENOUGH, SEED
from .conftest import Program
from .strategies import mostly, names, references, some

RELEASE = find("3.11")
REGISTRIES = ("docker.io", "example.com", "example.com:5000", "localhost", "", "*", "*.example.com", "Example.com")
KEYS = ("tier", "vendor", "acme.example/audited", "env")
VALUES = ("web", "", "true", "prod")
ODD_KEYS = ("", "a/b/c", "-a", "A.example/x", "a" * 64, "ä")
ODD_VALUES = ("-a", "a b", "a" * 64, "é")
WORDS = ("RequiredRewrite", "Required", "AttemptRewrite", "Attempt", "DoNotAttempt", "attempt")
SEEN: Counter[str] = Counter()

keys = mostly(st.sampled_from(KEYS), st.sampled_from(ODD_KEYS), 60)
label_values = mostly(st.sampled_from(VALUES), st.sampled_from(ODD_VALUES), 60)
pairs = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=3)
conditions = st.lists(
    st.fixed_dictionaries(
        {"key": st.sampled_from(KEYS)}, optional={"set": st.booleans(), "value": st.sampled_from(VALUES)}
    ),
    max_size=2,
)
with_values = st.fixed_dictionaries(
    {"key": keys, "operator": st.sampled_from(("In", "NotIn")), "values": mostly(
        st.lists(label_values, min_size=1, max_size=2), st.just([]), 40)}
)  # fmt: skip
without_values = st.fixed_dictionaries(
    {"key": keys, "operator": mostly(st.sampled_from(("Exists", "DoesNotExist")), st.sampled_from(("in", "")), 40)},
    optional={"values": mostly(st.just([]), st.just(["x"]), 40)},
)
selectors = st.fixed_dictionaries(
    {},
    optional={
        "matchLabels": st.dictionaries(keys, label_values, max_size=1),
        "matchExpressions": st.lists(with_values | without_values, max_size=2),
    },
)
resources = st.sampled_from([("pods", ""), ("pods", ""), ("builds", ""), ("*", ""), ("deployments", "apps")]).map(
    lambda pair: {"resource": pair[0], "group": pair[1]}
)
rules = st.fixed_dictionaries(
    {"onResources": st.lists(resources, min_size=1, max_size=3)},
    optional={
        **dict.fromkeys(
            ("reject", "invertMatch", "ignoreNamespaceOverride", "skipOnResolutionFailure", "matchIntegratedRegistry"),
            st.booleans(),
        ),
        "matchRegistries": st.lists(st.sampled_from(REGISTRIES), max_size=3),
        "matchDockerImageLabels": conditions,
        "matchImageAnnotations": conditions,
        "matchImageLabels": st.lists(selectors, max_size=2),
    },
)
targets = mostly(resources, st.just({"resource": "", "group": ""}), 40)


@st.composite
def policies(draw: Any) -> dict[str, Any]:
    """Draw a policy with its defaults, because the code that fills them in is not asked."""
    found = draw(some(rules, 3))
    for number, rule in enumerate(found):
        rule["name"] = draw(mostly(st.just(f"rule {number}"), st.just("rule 0"), 6))
    resolution = {"targetResource": targets, "policy": st.sampled_from(WORDS), "localNames": st.booleans()}
    return {
        "resolveImages": draw(mostly(st.sampled_from(WORDS[:4]), st.sampled_from(WORDS), 6)),
        "executionRules": found,
        "resolutionRules": draw(st.lists(st.fixed_dictionaries(resolution), max_size=1)),
    }


images = st.none() | st.fixed_dictionaries(
    {"labels": pairs, "annotations": pairs, "docker_labels": st.none() | pairs}
)
patterns = st.text("ab.*?", max_size=8)
asked = st.fixed_dictionaries(
    {
        "policy": policies(),
        "resource": resources,
        "name": names | references(),
        "image": images,
        "integrated": st.booleans(),
        "ignored": st.lists(st.sampled_from(("rule 0", "rule 1", "other")), max_size=2),
        "pattern": patterns | st.sampled_from(REGISTRIES),
        "text": st.text("ab.", max_size=8) | st.sampled_from(REGISTRIES),
    }
)


def parts(name: str) -> list[str] | None:
    try:
        found = image_names.parse(name)
    except ReferenceProblem:
        return None
    return [found.registry, found.namespace, found.name, found.tag, found.digest, str(found)]


@seed(SEED)
@ENOUGH
@given(asked)
def test_policies(openshift3: Program, case: dict[str, Any]) -> None:
    told = openshift3.ask(case)
    assert parts(case["name"]) == told["parts"], case["name"]
    assert _wildcard(case["pattern"], case["text"]) == told["matches"], case
    fields = decoded({"kind": KIND, "apiVersion": "v1", **case["policy"]}, RELEASE).value
    problems = [finding.path for finding in refusals(fields, RELEASE)]
    assert sorted(problems) == sorted(told["problems"]), case["policy"]
    SEEN["refused" if problems else "taken"] += 1
    if problems:
        return
    resource = Resource(case["resource"]["resource"], case["resource"]["group"])
    about = of_fields(fields).rules_for(resource)
    assert bool(about) == told["covered"], case
    image = case["image"]
    known = image and Image(
        name="x", reference="", labels=image["labels"], annotations=image["annotations"],
        docker_labels=image["docker_labels"],
    )  # fmt: skip
    name = image_names.ImageName() if told["parts"] is None else image_names.parse(case["name"])
    accepted, _why = judge(about, Found(name, known, case["integrated"]), frozenset(case["ignored"]))
    assert accepted == told["accepted"], case
    SEEN["accepted" if accepted else "rejected"] += bool(about)


def test_the_cases_were_worth_asking() -> None:
    """Policies that all accept, or that no master loads, would prove nothing."""
    if not SEEN:
        pytest.skip("no cases were asked for")
    assert all(SEEN[kind] > CASES // 50 for kind in ("refused", "taken", "accepted", "rejected")), SEEN
