# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/registries.yml and verify.yml: which hosts are touched, what is asked of them, what is said at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import UNREACHABLE, Outcome

DATA = Path(__file__).resolve().parents[2] / "data/playbook"
ROLLOUT = yaml.safe_load((DATA / "rollout.yml").read_text())
HOOKS = yaml.safe_load((DATA / "hooks.yml").read_text())
OPTIONS = yaml.safe_load((DATA / "options.yml").read_text())
POLICY_WORDS = (
    "search", "blocked", "allowed", "insecure", "mirrors", "short_name_mode", "aliases",
    "hosted_registry_insecure", "hosted_registry_network",
)  # fmt: skip
Play = Callable[..., Outcome]
ASKED = {"registry_policy": {"search": ["a.example.com"]}}


def fated(fate: str) -> dict[str, Any]:
    return {**UNREACHABLE, "fate": "same"} if fate == "unreachable" else {"fate": fate}


@pytest.mark.parametrize("case", ROLLOUT, ids=[case["name"] for case in ROLLOUT])
def test_roll_out(play: Play, case: dict[str, Any]) -> None:
    hosts = {host: fated(fate) for host, fate in case["hosts"].items()}
    groups = {name: {"hosts": dict.fromkeys(members)} for name, members in case.get("groups", {}).items()}
    outcome = play("registries", hosts, *case.get("args", []), vars=ASKED | case.get("vars", {}), groups=groups)

    account = outcome.account("Report the outcome")
    touched = [call["host"] for call in outcome.asked("host_policy")]
    # the hosts of one batch are touched side by side
    in_order = sorted if "docker_registries_serial" in case.get("vars", {}) else list
    assert in_order(touched) == case["touched"], outcome.output
    assert (account and sorted(account)) == (case["account"] and sorted(case["account"])), outcome.output
    for host, words in (case["account"] or {}).items():
        assert account[host].startswith(words), account[host]
    assert case.get("says", "") in outcome.output
    assert outcome.rc == case["rc"]
    assert all(call["check"] is ("--check" in case.get("args", [])) for call in outcome.asked("host_policy"))


@pytest.mark.parametrize("playbook", ["registries", "node_storage"])
def test_an_inventory_without_hosts_is_not_called_a_mistake_of_the_playbook(play: Play, playbook: str) -> None:
    """A wrong path behind -i is one; Ansible warns of it."""
    outcome = play(playbook, {})
    assert (outcome.rc, outcome.calls) == (0, []) and "no hosts matched" in outcome.output, outcome.output


def test_roll_out_account_holds_the_plan(play: Play) -> None:
    account = play("registries", {"a": {"fate": "changed"}}, vars=ASKED).account("Report the outcome")
    assert account == {"a": "changed\nPlan p1: 1 change\n  drop-in: add search registry a.example.com"}


def test_options_of_the_role(play: Play) -> None:
    """Each case is a host: what its variables make of the options of the three tasks."""
    hosts = {f"case{number}": case["vars"] for number, case in enumerate(OPTIONS)}
    changing = play("registries", hosts, "-e", "docker_registries_serial=100%")
    asking = play("verify", hosts)
    info_words = (*POLICY_WORDS, "trust", "warn_days", "scope", "purge", "mode", "unenforceable", "foreign_scopes")

    for number, case in enumerate(OPTIONS):
        args = case["args"]
        expected = {
            "host_policy": args,
            "registry_policy": {name: args[name] for name in args if name in (*POLICY_WORDS, "trust", "warn_days")},
            "host_policy_info": {name: args[name] for name in args if name in info_words},
        }
        for task, args in expected.items():
            (call,) = [c for c in (*changing.calls, *asking.calls) if (c["task"], c["host"]) == (task, f"case{number}")]
            given = {name: value for name, value in call["args"].items() if name not in ("query", "from_variables")}
            assert given == args, f"{case['name']}: {task}"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"registry_policy": {"serach": ["a.example.com"]}}, "registry_policy.serach: is not a word of a policy"),
        ({"registry_policy": "a.example.com"}, "registry_policy: a mapping of words"),
        ({"docker_registries_mode": "both"}, "value of docker_registries_mode must be one of: exact, merge, got: both"),
        ({"docker_registries_aliases": "a"}, "docker_registries_aliases"),
        (
            {"docker_registries_serach": ["b.example.com"]},
            "docker_registries_serach: is not a variable of the role; did you mean",
        ),
        (
            {"registry_policy": None},
            "no policy: none of registry_policy, docker_registries_* and openshift_docker_*_regis",
        ),
        (
            {"registry_policy": {}, "docker_registries_mode": "exact"},
            "says what b should get, so nothing was looked at",
        ),
    ],
)
def test_refused_by_the_role_before_any_host_is_touched(play: Play, variables: dict[str, Any], says: str) -> None:
    outcome = play("registries", {"a": {}, "b": variables}, vars=ASKED)
    assert says in outcome.output
    assert outcome.asked("host_policy") == []
    assert outcome.rc == 2


def test_nobody_is_touched_and_one_report_is_made_whatever_strategy_is_the_usual_one(
    play: Play, tmp_path: Path
) -> None:
    (tmp_path / "ansible.cfg").write_text("[defaults]\nstrategy = free\n")
    wrong = {"docker_registries_mode": "both"}
    assert play("registries", {"a": {}, "b": wrong}, vars=ASKED).asked("host_policy") == []
    outcome = play("registries", {"a": {"fate": "failed"}, "b": {}, "c": {}, "d": {}}, vars=ASKED)
    assert [call["host"] for call in outcome.asked("host_policy")] == ["a"]
    assert outcome.output.count("3 were not started") == 1, outcome.output
    assert (play("verify", {"a": {}, "b": {}}, vars=ASKED).output.count("2 as asked")) == 1


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"docker_registries_mode": "both"}, "docker_registries_mode: value of mode must be one of"),
        ({"docker_registries_blocked": "{{ nowhere }}"}, "docker_registries_blocked: 'nowhere' is undefined"),
        ({"openshift_docker_hosted_registry_insecure": "maybe"}, "openshift_docker_hosted_registry_insecure: argument"),
        ({"docker_registries_blokced": ["a.example.com"]}, "docker_registries_blokced: is not a variable of the role"),
        ({"registry_policy": None}, "no policy: none of registry_policy"),
    ],
)
def test_refused_by_the_role_alone(play: Play, tmp_path: Path, variables: dict[str, Any], says: str) -> None:
    """Without the playbook that asks for the check of all hosts first."""
    path = tmp_path / "play.yml"
    role = {"hosts": "all", "gather_facts": False, "roles": ["dockyard.openshift.docker_registries"]}
    path.write_text(yaml.safe_dump([role]))
    outcome = play(str(path), {"a": variables}, vars=ASKED)
    assert says in outcome.output and outcome.asked("host_policy") == []


@pytest.mark.parametrize("variables", [{}, {"registry_policy": None}, {"docker_registries_serach": ["a.example.com"]}])
def test_verify_is_not_green_where_nothing_is_asked(play: Play, variables: dict[str, Any]) -> None:
    outcome = play("verify", {"a": variables})
    assert outcome.rc == 2 and "as the policy says" not in outcome.output
    assert "no policy" in outcome.output or "docker_registries_serach: is not a variable" in outcome.output


def test_verify_account(play: Play) -> None:
    outcome = play("verify", {"a": {}, "b": {"drift": True}}, vars=ASKED)
    engine = (
        "podman: 4.3.1\n  search:   a.example.com, b.example.com\n  blocked:  \n  insecure: b.example.com\n"
        "  files:    /etc/containers/registries.conf\n  problem:  a later drop-in names b.example.com too"
    )
    assert outcome.account("Ask every host for its registries") == {
        "a": f"as the policy says\n{engine}",
        "b": f"differs from the policy:\n{engine}",
    }
    assert outcome.rc == 0


def test_verify_fails_on_drift_when_asked(play: Play) -> None:
    outcome = play("verify", {"a": {}, "b": {"drift": True}}, "-e", "verify_fail_on_drift=true", vars=ASKED)
    account = outcome.account("Ask every host for its registries") or {}
    assert account["b"].startswith("differs from the policy")
    assert account["a"].startswith("as the policy says")
    assert outcome.rc == 2 and '"msg": "b: differs from the policy"' in outcome.output


@pytest.mark.parametrize("case", HOOKS, ids=[case["name"] for case in HOOKS])
def test_hooks_around_a_restart(play: Play, tmp_path: Path, case: dict[str, Any]) -> None:
    log = tmp_path / "hooks"
    log.touch()
    hooks = {f"docker_registries_{name}_restart": f"{DATA}/hooks/{name}.yml" for name in ("before", "after")}
    wanted = {key: path for key, path in hooks.items() if key.split("_")[2] in case.get("hooks", ["before", "after"])}
    host = {"hook_log": str(log), **wanted, **case.get("host", {})}
    outcome = play("registries", {"a": host}, *case.get("args", []), vars=ASKED)
    assert log.read_text().splitlines() == case["called"], outcome.output
    checks = [call["check"] for call in outcome.asked("host_policy")]
    assert {"foreseen": checks.count(True), "applied": checks.count(False)} == case["runs"]
    account = outcome.account("Report the outcome") or {}
    assert account["a"].startswith(case["account"]), account["a"]


def test_the_role_ends_early_for_hosts_without_hooks_alone(play: Play, tmp_path: Path) -> None:
    hooks = {"hook_log": str(tmp_path / "hooks"), "docker_registries_before_restart": f"{DATA}/hooks/before.yml"}
    outcome = play("registries", {"a": hooks, "b": {}, "c": {}}, "-e", "docker_registries_serial=3", vars=ASKED)
    calls = sorted((call["host"], call["check"]) for call in outcome.asked("host_policy"))
    assert calls == [("a", False), ("a", True), ("b", False), ("c", False)], outcome.output
    assert set(outcome.account("Report the outcome") or {}) == {"a", "b", "c"}
    assert outcome.rc == 0 and "WARNING" not in outcome.output, outcome.output


@pytest.mark.parametrize("plans", ["p1", "p1,p2"])
def test_undo_asks_each_host_for_its_last_plan(play: Play, plans: str) -> None:
    """A host without any policy too."""
    outcome = play("undo", {"a": {}, "b": ASKED}, "-e", f"undo_plan={plans}")
    calls = outcome.asked("host_policy")
    assert outcome.rc == 0 and [call["host"] for call in calls] == ["a", "b"], outcome.output
    assert [call["args"]["undo"] for call in calls] == [plans] * 2
    assert outcome.asked("registry_policy") == [] and set(outcome.account("Report the outcome")) == {"a", "b"}


def test_what_is_ours_goes_without_any_policy(play: Play) -> None:
    """Whoever uninstalls may have taken the variables out of the inventory before."""
    outcome = play("registries", {"a": {}, "b": ASKED}, "-e", "docker_registries_state=absent")
    calls = outcome.asked("host_policy")
    assert outcome.rc == 0 and [call["host"] for call in calls] == ["a", "b"], outcome.output
    assert outcome.asked("registry_policy") == []


@pytest.mark.parametrize("said", [[], ["-e", "undo_plan="], ["-e", '{"undo_plan": []}']])
def test_undo_says_which_variable_is_missing(play: Play, said: list[str]) -> None:
    outcome = play("undo", {"a": {}}, *said, vars=ASKED)
    assert outcome.rc == 2 and "undo_plan is missing" in outcome.output and outcome.asked("host_policy") == []
