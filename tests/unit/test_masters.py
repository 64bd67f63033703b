# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters of OpenShift 3: shapes of options, whole tasks on masters that answer as told, and no secret in a result."""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.dockyard.openshift.plugins.action import master_config, master_config_info
from ansible_collections.dockyard.openshift.plugins.plugin_utils import masters
from ansible_collections.dockyard.openshift.plugins.plugin_utils.formats import decode, yaml_text
from ansible_collections.dockyard.openshift.plugins.plugin_utils.masters.asked import Named
from ansible_collections.dockyard.openshift.plugins.plugin_utils.task.on_host import SNAPSHOT
from cases import cases
from hosts import contents, described, snapshot
from tasks import COMMITTED, asked, opaque, run
from trust.pki import certificate

MASTER = "/etc/origin/master/master-config.yaml"
STATE = "/var/lib/dockyard/state.json"
CERTIFICATE = certificate("of a registry")
AUTHORITIES = "/etc/origin/master/dockyard-import-authorities.pem"
ASKED = (
    "image_policy", "image_policy_config", "allowed_registries_for_import", "import_trust", "plugin_order", "purge",
)  # fmt: skip
OTHERS = ("release", "registry_addresses", "master_config", "timeout")
RUNNING = ("origin-master-api", "origin-master-controllers")
UNITS = [f"{product}-{part}" for product in ("origin", "atomic-openshift")
         for part in ("master", "master-api", "master-controllers")]  # fmt: skip


RULE = {"name": "only-ours", "onResources": [{"resource": "pods"}], "matchRegistries": ["registry.example.com"]}


def answered(text, rc=0, stderr=""):
    return {"state": "done", "rc": rc, "stdout": text, "stderr": stderr}


def states(running):
    return "\n\n".join(
        f"Id={unit}.service\nLoadState={'loaded' if unit in running else 'not-found'}\n"
        f"ActiveState={'active' if unit in running else 'inactive'}"
        for unit in UNITS
    )


def seen(files, running=RUNNING, release="3.9", registry="172.30.1.1:5000", pods="", started="", valid=True, time=100,
         oc=True):  # fmt: skip
    """Return what host_snapshot tells, whatever it is asked. valid: whether the product's command takes the file.

    oc: whether the program is there.
    """
    state = files.get(STATE)
    found = snapshot(
        {path: text for path, text in files.items() if path != STATE and text is not None},
        {"masters.state": states(running), "masters.pods": pods, "masters.started": started},
        time=time, uid=0, user="root", **({"state": described(state)} if state else {}),
    )  # fmt: skip
    found["files"] |= {path: {"state": "absent"} for path, text in files.items() if text is None}
    known = registry is not None and registry[:1].isdigit()
    found["commands"] |= {
        "masters.version": answered(f"openshift v{release}.0+123\nkubernetes v1\n") if release else {"state": "absent"},
        "masters.registry": answered(registry) if known else answered("", 1, registry or "nobody should have asked"),
        "masters.validates": answered("", 0 if valid else 1),
    }
    if not oc:
        found["commands"]["masters.registry"] = {"state": "absent"}
    found["files"].setdefault(AUTHORITIES, {"state": "absent"})
    return found


def options(case):
    return {key: case[key] for key in ASKED if key in case}


def facts(case):
    return {key: case[key] for key in ("release", "registry", "pods", "oc") if key in case}


def files_of(case):
    return {path: CERTIFICATE if text == "CERTIFICATE" else text for path, text in case.get("files", {}).items()}


def of_case(case, **more):
    before = {} if "before" not in case else {MASTER: case["before"]}
    found = seen({**before, **files_of(case)}, case.get("units", RUNNING), **facts(case))
    return run(master_config.ActionModule, options(case), [found] * 4, COMMITTED, diff=True, **more)


def written(done):
    return contents(done.transactions[0]) if done.transactions else {}


def after(files, done):
    """Return the files of a master once the task has run on it."""
    return {**files, **written(done)}


# options


@pytest.mark.parametrize("case", cases("masters/bad.yml"))
def test_bad_options_are_refused_before_any_master_is_looked_at(case, sentences):
    done = run(master_config.ActionModule, {key: case[key] for key in (*ASKED, *OTHERS) if key in case} | (
        {"image_polices": {}} if "does not exist" in case["name"] else {}), [])  # fmt: skip
    assert done.result["failed"] and done.result["msg"].startswith(case["error"]), done.result["msg"]
    assert "\n" not in done.result["msg"] and not done.calls
    sentences(done.result)


@pytest.mark.parametrize("case", cases("masters/shapes.yml"))
def test_shapes_of_variables(case):
    filled = masters.fill(masters.VARIABLES, case["variables"].get)
    given = {option: value for option, (dummy, value) in filled.items()}
    said = masters.read({"purge": False, "master_config": MASTER, "timeout": 180, **given}, None, None, None)
    assert list((said.rules or Named({})).present) == case.get("rules", [])
    assert (said.imports or Named({})).present == case.get("imports", {})
    assert (said.settings or {}) == case.get("settings", {})
    assert list(said.notes) == case.get("notes", [])
    assert (said.release.name if said.release else "") == case.get("release", "")


@pytest.mark.parametrize(
    ("plugins", "older", "says"),
    [
        ({}, [1], "openshift_master_kube_admission_plugin_config: must be a mapping, not a list"),
        (5, {}, "openshift_master_admission_plugin_config: must be a mapping, not a number"),
        ({}, "{", "openshift_master_kube_admission_plugin_config: this is neither JSON nor YAML"),
    ],
)
def test_two_names_of_plug_ins_are_each_called_by_its_own(plugins, older, says):
    variables = {masters.PLUGINS: plugins, masters.OLDER: older}
    done = run(master_config.ActionModule, {"from_variables": True}, [], variables=variables)
    assert done.result["failed"] and done.result["msg"].startswith(says), done.result


def test_a_plan_names_both_variables_of_plug_ins():
    variables = {masters.PLUGINS: {"x/y": {}}, masters.OLDER: {"x/y": {}}}
    assert masters.fill.trail({"image_policy": masters.PLUGINS}, variables.get)["image_policy"] == (
        masters.PLUGINS, masters.OLDER
    )  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        '{"allowedRegistriesForImport": [{"domainName": "b.io"}]}',
        [{"domainName": "b.io"}],
        {"allowedRegistriesForImport": {"domainName": "b.io"}},
    ],
)
def test_three_shapes_give_one_file(given):
    done = of_case({"before": "kind: MasterConfig\n", "image_policy_config": given})
    assert written(done)[MASTER] == (
        "kind: MasterConfig\nimagePolicyConfig:\n  allowedRegistriesForImport:\n    - domainName: b.io\n"
    )


# whole tasks


@pytest.mark.parametrize("case", cases("masters/plan.yml", having="after"))
def test_plan(case, sentences):
    done = of_case(case)
    assert not done.result.get("failed"), done.result["msg"]
    sentences(done.result)
    files = {path: text for path, text in written(done).items() if path != STATE}
    expected = {} if case["after"] == "same" else {MASTER: case["after"]}
    assert files == {**expected, **case.get("after_files", {})}
    for kind in ("warnings", "notes"):
        told = done.result.get(kind, [])
        assert len(told) == len(case.get(kind, [])), told
        for text in case.get(kind, []):
            assert any(each.startswith(text) for each in told), told


@pytest.mark.parametrize("case", cases("masters/plan.yml", having="refused"))
def test_refused(case, sentences):
    done = of_case(case)
    assert done.result["failed"] and case["refused"] in done.result["msg"], done.result["msg"]
    sentences(done.result)
    assert not done.transactions and "topsecret" not in json.dumps(done.result)


def without_ids(result):
    """The result without the ids of its plans, which count what was looked at too."""
    return re.sub(r"\b[0-9a-f]{16}\b", "ID", json.dumps(result))


def test_a_master_that_does_not_tell_what_it_is_asked_is_not_asked_without_end():
    before = "admissionConfig: {pluginConfig: {openshift.io/ImagePolicy: {location: p.yaml}}}\n"
    done = run(master_config.ActionModule, {"image_policy": {"executionRules": [RULE]}}, [seen({MASTER: before})] * 30)
    assert done.result["msg"] == "the plan still asks for more after 30 looks at the host" and len(done.calls) == 30


class Taciturn:
    """A master that tells what it is asked, and nothing else, as real ones do."""

    def __init__(self, whole):
        self.whole, self.looks, self.sent = whole, 0, []

    def module(self, module_name, module_args, task_vars):
        if module_name != SNAPSHOT:
            self.sent.append(module_args)
            return COMMITTED
        self.looks += 1
        wanted, absent = asked(module_args), {"state": "absent"}
        files = {each["path"]: self.whole["files"].get(each["path"], absent) for each in wanted["files"]}
        answers = {each["name"]: self.whole["commands"].get(each["name"], absent) for each in wanted["commands"]}
        return {"snapshot": opaque({**self.whole, "files": files, "commands": answers})}


@pytest.mark.parametrize("case", cases("masters/plan.yml"))
def test_a_master_is_asked_for_all_that_counts(case):
    found = seen({MASTER: case.get("before"), **files_of(case)}, case.get("units", RUNNING), **facts(case))
    master = Taciturn(found)
    result = run(master_config.ActionModule, options(case), [], module=master.module, diff=True).result
    assert without_ids(result) == without_ids(of_case(case).result)
    assert len(master.sent) == (not result.get("failed") and result["changed"])
    assert master.looks <= 4
    if not master.sent:
        return
    files = {MASTER: case["before"], **files_of(case), **contents(master.sent[0])}
    then = seen(files, case.get("units", RUNNING), **facts(case))
    back = Taciturn(then)
    result = run(master_config.ActionModule, {"state": "absent"}, [], module=back.module).result
    at_once = run(master_config.ActionModule, {"state": "absent"}, [then] * 4, COMMITTED)
    assert without_ids(result) == without_ids(at_once.result)


@pytest.mark.parametrize("case", cases("masters/plan.yml", having="after"))
def test_a_second_run_does_nothing_and_absent_puts_every_byte_back(case):
    before = {MASTER: case["before"], **files_of(case)}
    done = of_case(case)
    then = after(before, done)
    again = run(master_config.ActionModule, options(case), [seen(then, **facts(case))] * 3)
    assert not again.result.get("failed"), again.result["msg"]
    assert not again.result["changed"] and not again.transactions
    back = run(master_config.ActionModule, {"state": "absent"}, [seen(then)] * 3, COMMITTED)
    assert not back.result.get("failed"), back.result["msg"]
    gone = {path: text for path, text in after(then, back).items() if path != STATE}
    if not any("absent" in str(case.get(option)) for option in ASKED) and not case.get("purge"):
        assert gone == before


@pytest.mark.parametrize("rule", [RULE, {"name": "no-hub", "reject": True, "matchRegistries": ["docker.io"]}])
def test_a_policy_that_stands_takes_one_look(rule):
    """The address of the registry is asked for where it matters, and then the file names it."""
    args, files = {"image_policy": {"executionRules": [rule]}}, {MASTER: "kind: MasterConfig\n"}
    then = after(files, run(master_config.ActionModule, args, [seen(files)] * 3, COMMITTED))
    again = run(master_config.ActionModule, args, [seen(then, registry=None)] * 3)
    assert not again.result["changed"] and len(again.calls) == 1


def test_a_master_of_which_nothing_is_asked_is_not_called_unchanged():
    args = {"from_variables": True}
    done = run(master_config.ActionModule, args, [seen({MASTER: "kind: MasterConfig\n"})], variables={}).result
    says = "nothing is asked for: neither image_policy_rules nor image_policy_imports nor openshift-ansible's variables"
    assert done["failed"] and done["msg"].startswith(says)


def test_every_change_says_which_variable_asked_for_it():
    variables = {
        "openshift_master_image_policy_config": {"maxImagesBulkImportedPerRepository": 5},
        "image_policy_allowed_registries_for_import": ["b.io"],
        "image_policy_plugin_order": ["A"],
    }
    before = "kind: MasterConfig\nimagePolicyConfig:\n  maxImagesBulkImportedPerRepository: 5\n"
    done = run(master_config.ActionModule, {"from_variables": True}, [seen({MASTER: before})] * 3, COMMITTED,
               variables=variables)  # fmt: skip
    assert done.result["asked_by"] == {
        "image_policy_config": ["openshift_master_image_policy_config"],
        "allowed_registries_for_import": ["image_policy_allowed_registries_for_import"],
        "plugin_order": ["image_policy_plugin_order"],
    }
    changed = ["image_policy_allowed_registries_for_import", "image_policy_plugin_order"]
    assert [change["asked_by"] for change in done.result["plan"]["changes"]] == [changed] * 4


def test_check_mode_has_the_same_plan():
    case = {"before": "kind: MasterConfig\n", "plugin_order": ["A"]}
    checked = of_case(case, check=True)
    assert checked.result["plan"]["id"] == of_case(case).result["plan"]["id"] and not checked.transactions


def test_a_file_as_asked_for_takes_one_look():
    before = "kind: MasterConfig\nadmissionConfig: {pluginOrderOverride: [A]}\n"
    done = of_case({"before": before, "plugin_order": ["A"]})
    assert len(done.calls) == 1 and not done.result["changed"]


@pytest.mark.parametrize("case", cases("masters/services.yml"))
def test_what_is_there_is_restarted_and_healthz_awaited(case):
    more = {"units": case.get("units", []), "release": case["release"], "pods": case.get("pods", "")}
    before = "kind: MasterConfig\nservingInfo: {bindAddress: 0.0.0.0:443}\n"
    done = of_case({"before": before, "plugin_order": ["A"], **more})
    assert not done.result.get("failed"), done.result["msg"]
    sent = done.transactions[0]
    assert [each["name"] for each in sent["actions"]] == case["restarts"]
    assert all(each["undo"] == each["argv"] for each in sent["actions"])
    if "argv" in case:
        assert [each["argv"] for each in sent["actions"]] == case["argv"]
    check = sent["checks"][-1]
    assert check["argv"][-1] == "https://127.0.0.1:443/healthz" and check["attempts"] * check["delay"] == 180
    assert check["argv"][check["argv"].index("--noproxy") + 1] == "*", "a proxy of the host's environment is not asked"
    assert done.result["master"]["release"] == case["release"]


def test_the_command_of_the_product_sees_the_file_where_it_takes_the_old_one():
    files = {MASTER: "kind: MasterConfig\n"}
    command = ["openshift", "ex", "validate", "master-config", f"{{staged:{MASTER}}}"]
    for valid, expected in ((True, [command]), (False, [])):
        done = run(master_config.ActionModule, {"plugin_order": ["A"]}, [seen(files, valid=valid)] * 2, COMMITTED)
        assert [each["argv"] for each in done.transactions[0].get("validate", ())] == expected


@pytest.mark.parametrize("case", cases("masters/releases.yml"))
def test_the_release_is_found(case):
    files = {MASTER: "kind: MasterConfig\n", **files_of(case)}
    master = seen(files, release=None)
    if "version" in case:
        master["commands"]["masters.version"] = answered(case["version"])
    args = {"plugin_order": ["A"], "release": case.get("said")}
    done = run(master_config.ActionModule, args, [master] * 2, COMMITTED)
    if "refused" in case:
        assert case["refused"] in done.result["msg"] and not done.transactions
    else:
        assert done.result["master"]["release"] == case["release"], done.result


def test_the_last_plan_is_taken_back():
    files = {MASTER: "kind: MasterConfig\n"}
    done = run(master_config.ActionModule, {"plugin_order": ["A"]}, [seen(files)], COMMITTED)
    (sent,), then = done.transactions, after(files, done)
    file = {"path": MASTER, "present": "new", "new": described(then[MASTER])["sha256"], "shown": ["", ""]}
    last = {
        "id": "cafe", "plan_id": "p1", "time": 90, "started": 2, "directories": [], "actions": sent["actions"],
        "files": [file], "old": {MASTER: described(files[MASTER]) | {"uid": 0, "gid": 0}},
    }  # fmt: skip
    back = run(master_config.ActionModule, {"undo": ["p1"]}, [seen(then) | {"last": last}], COMMITTED)
    assert not back.result.get("failed"), back.result
    assert after(then, back)[MASTER] == files[MASTER]
    assert [each["name"] for each in back.transactions[0]["actions"]] == [f"restart {unit}.service" for unit in RUNNING]
    other = run(master_config.ActionModule, {"undo": ["p2"]}, [seen(then) | {"last": last}])
    assert other.result["failed"] and not other.transactions


def test_a_deferred_restart_is_told_until_it_is_done():
    args, files = {"plugin_order": ["A"], "activation": "defer"}, {MASTER: "kind: MasterConfig\n"}
    told, old = "started {}\nlatest {}\nbtime 100\nticks 1\n", (50, 60)
    done = run(master_config.ActionModule, args, [seen(files, started=told.format(*old))] * 2, COMMITTED)
    assert not done.transactions[0].get("actions")
    assert done.result["pending"][0].startswith("the master: restart origin-master-api.service is needed before")
    then = after(files, done)
    for starts in (old, (60, 900)):  # the second: one of the two was restarted
        again = run(master_config.ActionModule, args, [seen(then, started=told.format(*starts))])
        assert again.result["pending"] and not again.result["changed"]
    now = run(master_config.ActionModule, {"plugin_order": ["A"]}, [seen(then, started=told.format(*old))], COMMITTED)
    assert [each["name"] for each in now.transactions[0]["actions"]] == [f"restart {unit}.service" for unit in RUNNING]
    new = run(master_config.ActionModule, args, [seen(then, started=told.format(900, 910))])
    assert not new.result["pending"] and not new.result["changed"]


def test_a_plan_is_the_same_at_any_time():
    args, files = {"plugin_order": ["A"], "activation": "defer"}, {MASTER: "kind: MasterConfig\n"}
    plans = [run(master_config.ActionModule, args, [seen(files, time=time)] * 2, check=True) for time in (1, 2000)]
    assert len({done.result["plan"]["id"] for done in plans}) == 1


def test_rules_of_earlier_runs_go_when_they_are_not_named_any_more():
    rule = {"name": "no-a", "reject": True, "matchRegistries": ["a.io"]}
    files = {MASTER: "kind: MasterConfig\n"}
    first = run(master_config.ActionModule, {"image_policy": {"executionRules": [rule]}}, [seen(files)] * 3, COMMITTED)
    then = after(files, first)
    other = {"executionRules": [{**rule, "name": "no-b", "matchRegistries": ["b.io"]}]}
    second = run(master_config.ActionModule, {"image_policy": other}, [seen(then)] * 3, COMMITTED)
    text = after(then, second)[MASTER]
    assert "no-b" in text and "no-a" not in text and "execution-denied" in text


def test_an_empty_list_that_is_asked_for_is_there_when_the_rules_go():
    policy = "{kind: ImagePolicyConfig, apiVersion: v1, executionRules: [ ]}"
    plugin = f"{{openshift.io/ImagePolicy: {{configuration: {policy}}}}}"
    files = {MASTER: f"kind: MasterConfig\nadmissionConfig:\n  pluginConfig: {plugin}\n"}
    first = run(master_config.ActionModule, {"image_policy": {"executionRules": [RULE]}}, [seen(files)] * 3, COMMITTED)
    then, args = after(files, first), {"image_policy": {"resolutionRules": []}}
    second = after(then, run(master_config.ActionModule, args, [seen(then)] * 3, COMMITTED))
    assert "executionRules: [ ], resolutionRules: []" in second[MASTER]
    assert not run(master_config.ActionModule, args, [seen(second)] * 3).result["changed"]
    back = run(master_config.ActionModule, {"state": "absent"}, [seen(second)] * 3, COMMITTED)
    assert after(second, back)[MASTER] == files[MASTER]


def test_what_somebody_else_changed_since_stays():
    files = {MASTER: "kind: MasterConfig\nimagePolicyConfig:\n  maxImagesBulkImportedPerRepository: 5\n"}
    args = {"image_policy_config": {"maxImagesBulkImportedPerRepository": 10}}
    then = after(files, run(master_config.ActionModule, args, [seen(files)] * 2, COMMITTED))
    theirs = {**then, MASTER: then[MASTER].replace("10", "20")}
    back = run(master_config.ActionModule, {"state": "absent"}, [seen(theirs)] * 2, COMMITTED)
    assert "20" in after(theirs, back)[MASTER]


SECRETS = """\
kind: MasterConfig
oauthConfig:
  identityProviders:
  - provider: {kind: LDAPPasswordIdentityProvider, bindPassword: topsecret-1, url: "ldap://u:topsecret-2@h/"}
  - provider: {kind: GitHubIdentityProvider, clientSecret: topsecret-3}
admissionConfig:
  pluginConfig:
    BuildDefaults: {configuration: {gitHTTPProxy: "http://u:topsecret-4@proxy"}}
"""


@pytest.mark.parametrize("action", [master_config, master_config_info])
@pytest.mark.parametrize("args", [{"plugin_order": ["A"]}, {"image_policy": {"executionRules": [{"name": "a"}]}}])
def test_secrets_of_the_file_are_never_shown(action, args):
    done = run(action.ActionModule, args, [seen({MASTER: SECRETS})] * 3, COMMITTED, diff=True)
    assert not done.result.get("failed") and done.result["diff"]
    told = json.dumps(done.result)
    assert "topsecret" not in told and "topsecret" not in json.dumps(done.calls)
    assert all(secret in written(done).get(MASTER, SECRETS) for secret in ("topsecret-1", "topsecret-4"))
    checksum = described(SECRETS)["sha256"]
    assert checksum not in told


def test_info_tells_what_is_wrong_with_a_file():
    text = "imagePolicyConfig: {allowedRegistriesForImport: [{domainName: 'b.io:5*'}], imagePolicyConfig: {}}\n"
    done = run(master_config_info.ActionModule, {}, [seen({MASTER: text})])
    port = "'5*' is not a port; a port must be a number, without wildcards"
    wrapped = (
        "the settings are wrapped in imagePolicyConfig a second time, where nobody reads them: there is no list, and "
        "everything may be imported"
    )
    place = "imagePolicyConfig.imagePolicyConfig has no effect; its place is imagePolicyConfig"
    assert done.result["master"] == {
        "path": MASTER,
        "release": "3.9",
        "services": [f"{unit}.service" for unit in RUNNING],
        "image_policy_file": MASTER,
        "image_policy": None,
        "image_policy_config": {"allowedRegistriesForImport": [{"domainName": "b.io:5*"}], "imagePolicyConfig": {}},
        "plugin_order": None,
        "findings": [
            {
                "effect": "refuse",
                "path": "imagePolicyConfig: allowedRegistriesForImport[0].domainName",
                "sentence": port,
            },
            {"effect": "warn", "path": "imagePolicyConfig: imagePolicyConfig", "sentence": wrapped},
            {"effect": "warn", "path": "", "sentence": f"{MASTER}: {place}"},
        ],
    }
    assert not done.result["drift"]


def test_mode_owner_and_label_stay():
    done = of_case({"before": "kind: MasterConfig\n", "plugin_order": ["A"]})
    sent = next(each for each in done.transactions[0]["files"] if each["path"] == MASTER)
    assert not {key for key in ("mode", "uid", "gid", "label") if sent.get(key) is not None}


# the files of strangers

CHANGES = {
    "rule": {"image_policy": {"executionRules": [RULE]}},
    "import": {"allowed_registries_for_import": [{"domainName": "registry.example.com:5000", "insecure": True}]},
    "key": {"image_policy_config": {"maxImagesBulkImportedPerRepository": 17}},
    "order": {"plugin_order": ["NamespaceLifecycle", "openshift.io/ImagePolicy"]},
}
CHANGES["all"] = {key: value for change in list(CHANGES.values()) for key, value in change.items()}
UNREADABLE = {
    "007.yaml": "line 180: the key admissionConfig is there twice",
    "011.yaml": "line 75: found a tab in the indentation",
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_files_of_strangers_keep_every_byte(shared_dir, change):
    for path in sorted((shared_dir / "corpus/master-config").iterdir()):
        files = {MASTER: decode(path.read_bytes())}
        done = run(master_config.ActionModule, CHANGES[change], [seen(files)] * 3, COMMITTED)
        if path.name in UNREADABLE:
            assert done.result["msg"].startswith(f"{MASTER}: {UNREADABLE[path.name]}")
            continue
        assert not done.result.get("failed"), (path.name, done.result["msg"])
        then = after(files, done)
        old = [line.rstrip() for line in files[MASTER].splitlines()]
        new = iter(line.rstrip() for line in then[MASTER].splitlines())
        changed = {line for line in old if line.endswith((" null", "maxImagesBulkImportedPerRepository: 5", ": 50"))}
        assert all(line in new for line in old if line not in changed), path.name
        section = "admissionConfig" if change in ("rule", "order") else "imagePolicyConfig"
        assert yaml_text.parse(then[MASTER], go=True)[section]
        again = run(master_config.ActionModule, CHANGES[change], [seen(then)] * 3)
        assert not again.result["changed"], path.name
        back = run(master_config.ActionModule, {"state": "absent"}, [seen(then)] * 3, COMMITTED)
        assert after(then, back)[MASTER] == files[MASTER], path.name


#: What is put in, and how it is taken out again.
IN_AND_OUT = {
    "a rule, by its name": (
        {"image_policy": {"executionRules": [RULE]}},
        {"image_policy": {"executionRules": [{"name": RULE["name"], "state": "absent"}]}},
    ),
    "a rule, by an empty list": (
        {"image_policy": {"executionRules": [RULE]}}, {"image_policy": {"executionRules": []}},
    ),
    "a field": ({"image_policy": {"resolveImages": "Attempt"}}, {"image_policy": {"resolveImages": None}}),
    "an import, by its name": (
        {"allowed_registries_for_import": ["registry.example.com:5000"]},
        {"allowed_registries_for_import": [{"domainName": "registry.example.com:5000", "state": "absent"}]},
    ),
    "an import, by an empty list": (
        {"allowed_registries_for_import": ["registry.example.com:5000"]}, {"allowed_registries_for_import": []},
    ),
    "a key": (
        {"image_policy_config": {"externalRegistryHostname": "registry.example.com"}},
        {"image_policy_config": {"externalRegistryHostname": None}},
    ),
    "the order": ({"plugin_order": ["A", "B"]}, {"plugin_order": []}),
}  # fmt: skip
LAYOUTS = {
    "as it is": lambda text: text,
    "Windows": lambda text: text.replace("\n", "\r\n"),
    "a byte order mark": lambda text: f"\ufeff{text}",
    "no end of line": lambda text: text.rstrip("\n"),
    "empty lines at the end": lambda text: f"{text}\n\n",
    "marks around it": lambda text: "# head\n---\n{}\n...\n".format(text.removesuffix("\n")),
    "a comment at the end": lambda text: f"{text}# the end",
    "tabs behind everything": lambda text: re.sub(r"(?m)(?<=[^\s-])$", "\t", text),
    "tabs behind colons": lambda text: re.sub(r"(?<=\w): (?=[\w{[])", ":\t", text),
    "tabs before comments": lambda text: re.sub(r"(?m)(?<=[]}'\"\w])$", "\t# x", text),
    "an empty document behind it": lambda text: f"{text}---\n# nothing\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("way", IN_AND_OUT)
def test_in_and_out_again_leaves_every_byte(way, layout):
    for case in cases("masters/layouts.yml"):
        (row,) = case.values
        _in_and_out(row["name"], LAYOUTS[layout](row["file"]), way)


@pytest.mark.slow
@pytest.mark.parametrize("way", IN_AND_OUT)
def test_in_and_out_again_leaves_every_byte_of_strangers(shared_dir, way):
    for path in sorted((shared_dir / "corpus/master-config").iterdir()):
        if path.name not in UNREADABLE:
            _in_and_out(path.name, decode(path.read_bytes()), way)


def _in_and_out(name, text, way):
    there, back = IN_AND_OUT[way]
    done = run(master_config.ActionModule, there, [seen({MASTER: text})] * 3, COMMITTED)
    assert not done.result.get("failed"), (name, done.result["msg"])
    then = after({MASTER: text}, done)
    assert then[MASTER] != text, name
    gone = run(master_config.ActionModule, back, [seen(then)] * 3, COMMITTED)
    assert not gone.result.get("failed"), (name, gone.result["msg"])
    assert after(then, gone)[MASTER] == text, name


def test_a_record_of_another_shape_is_refused():
    state = json.dumps({"version": 1, "masters": {"files": {MASTER: {"before": [{"keys": 5}]}}}})
    files = {MASTER: "kind: MasterConfig\n", STATE: state}
    done = run(master_config.ActionModule, {"plugin_order": ["A"]}, [seen(files)] * 3)
    assert "this record of what belongs to us is damaged" in done.result["msg"]


# authorities of imports


def trusting(*names):
    return {"import_trust": [{"registry": f"{name}.example.com", "ca": certificate(name)} for name in names]}


def test_imports_of_3_11_trust_a_file_of_ours_which_comes_and_goes():
    before = "kind: MasterConfig\n# theirs\nimagePolicyConfig: {disableScheduledImport: true}\n"
    files = {MASTER: before}
    done = run(master_config.ActionModule, trusting("one"), [seen(files, release="3.11")] * 3, COMMITTED)
    assert not done.result.get("failed"), done.result["msg"]
    assert "additionalTrustedCA: " + AUTHORITIES in written(done)[MASTER] and "# theirs" in written(done)[MASTER]
    assert written(done)[AUTHORITIES] == certificate("one")
    assert any("additionalTrustedCA" in text for text in done.result["notes"])
    assert [each["name"] for each in done.transactions[0]["actions"]], "the master reads the file when it starts"
    files = after(files, done)
    assert not run(master_config.ActionModule, trusting("one"), [seen(files, release="3.11")] * 3).result["changed"]
    more = run(master_config.ActionModule, trusting("one", "two"), [seen(files, release="3.11")] * 3, COMMITTED)
    assert list(written(more))[:1] == [AUTHORITIES] and more.transactions[0]["actions"]
    for given in ({"import_trust": []}, {"state": "absent"}):
        gone = run(master_config.ActionModule, given, [seen(files, release="3.11")] * 3, COMMITTED)
        assert not gone.result.get("failed"), gone.result["msg"]
        assert written(gone)[MASTER] == before and AUTHORITIES not in written(gone)
        left = {file["path"]: file["state"] for file in gone.transactions[0]["files"]}
        assert left[AUTHORITIES] == "absent"


def test_a_file_that_somebody_else_named_is_not_replaced():
    files = {MASTER: "kind: MasterConfig\nimagePolicyConfig: {additionalTrustedCA: /etc/theirs.pem}\n"}
    done = run(master_config.ActionModule, trusting("one"), [seen(files, release="3.11")] * 3)
    assert done.result["failed"] and "/etc/theirs.pem, which is somebody else's" in done.result["msg"]


@pytest.mark.parametrize("release", ["3.6", "3.9", "3.10"])
def test_masters_before_are_told_to_read_the_trust_store(release):
    done = run(master_config.ActionModule, trusting("one"), [seen({MASTER: "kind: MasterConfig\n"}, release=release)])
    assert not done.result["changed"] and "registry_trust brings" in done.result["notes"][0], done.result
