# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masters of OpenShift 3 as a feature of tasks about hosts: what they admit, and what people may import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from ..host.observed import Observed
from ..host.services import MASTER_CONFIG, MASTERS_RUN
from ..host.watch import Watch
from ..plan.proposal import Drafter, Proposal, start_of
from ..policy.word import Reading
from ..variables import behind
from . import asked
from . import drafts as drafting
from . import report as reporting
from .asked import Said
from .variables import OLDER, PLUGINS, TAG, MastersFill

WATCH = Watch(files=(MASTER_CONFIG,), commands=MASTERS_RUN)

WORD_OPTIONS: dict[str, dict[str, Any]] = {
    "image_policy": {
        "type": "raw",
        "description": [
            "The policy of the plug-in C(openshift.io/ImagePolicy): a mapping with C(executionRules), "
            "C(resolutionRules) and C(resolveImages), or a JSON or YAML text of one; with or without the keys around "
            "it.",
            "Rules are merged by C(name). A rule with C(state) V(absent) goes. Rules of others stay.",
            "A master without a policy keeps what it does by default (C(execution-denied)). Where a rule allows "
            "something, whatever no rule allows is rejected; so the rules C(platform-images) and C(platform-streams) "
            "are added, which keep the platform's own images admitted. Name them with C(state) V(absent) to do "
            "without.",
            "A key that no master reads, or a rule that never applies, is refused.",
        ],
    },
    "image_policy_config": {
        "type": "raw",
        "description": [
            "Keys of C(imagePolicyConfig): a mapping or a JSON or YAML text of one, with or without the key "
            "C(imagePolicyConfig) around it. A key that is null is taken away, keys that are not named stay.",
            "Its C(allowedRegistriesForImport) is a list of mappings with C(domainName) and C(insecure).",
        ],
    },
    "allowed_registries_for_import": {
        "type": "raw",
        "description": [
            "The registries that people may import from, in place of the list in O(image_policy_config): texts "
            "C(host[:port]), or mappings with C(domainName), C(insecure) and C(state). Merged by C(domainName).",
        ],
    },
    "import_trust": {
        "type": "raw",
        "description": [
            "Registries whose authorities imports trust. A list of mappings with C(registry) and C(ca) or C(ca_file), "
            "or a JSON text of one; an empty list takes away what earlier runs put there.",
            "On 3.11 they go into a file of their own, which C(additionalTrustedCA) names. Masters before read the "
            "trust store of the host: the role brings them there with M(dockyard.openshift.registry_trust), which "
            "restarts the master.",
        ],
    },
    "plugin_order": {
        "type": "raw",
        "description": [
            "All admission plug-ins in their order, for C(admissionConfig.pluginOrderOverride). An empty list takes "
            "it away.",
        ],
    },
}

OPTIONS = WORD_OPTIONS | {
    "purge": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether rules, and registries for imports, of others go as well when they are not named here. Those that "
            "earlier runs put there go in any case.",
        ],
    },
    "release": {
        "type": "raw",
        "description": [
            "The release of the masters, such as V(3.11) (in quotes for 3.10). Unless given, it is looked up on the "
            "host.",
        ],
    },
    "registry_addresses": {
        "type": "raw",
        "description": [
            "Addresses C(IP:port) of the service of the integrated registry, which images of the platform may have in "
            "their names. Unless given, those in the rules count, else the API is asked with the master's own "
            "C(admin.kubeconfig).",
        ],
    },
    "master_config": {
        "type": "str",
        "default": MASTER_CONFIG,
        "description": ["The configuration file of the master."],
    },
    "timeout": {
        "type": "int",
        "default": 180,
        "description": [
            "How many seconds C(/healthz) of a restarted master may take to answer before the old file and the "
            "services are put back.",
        ],
    },
}

CHANGE_OPTIONS: dict[str, dict[str, Any]] = {}
SURVEY_OPTIONS: dict[str, dict[str, Any]] = {}

#: Options that say what is wanted.
ASKING = tuple(WORD_OPTIONS)
PREFIX = "image_policy_"
VARIABLES = {
    **behind(PREFIX, ("purge", "registry_addresses", "master_config", "timeout", "query")),
    **behind(PREFIX, ("activation", "expect_plan", "undo", "state")),
    "image_policy": ("image_policy_rules", PLUGINS, OLDER),
    "image_policy_config": ("image_policy_imports", "openshift_master_image_policy_config"),
    "allowed_registries_for_import": (
        "image_policy_allowed_registries_for_import",
        "openshift_master_image_policy_allowed_registries_for_import",
    ),
    "import_trust": ("image_policy_import_trust",),
    "plugin_order": ("image_policy_plugin_order",),
    "release": ("image_policy_release", "openshift_release", TAG),
}
fill = MastersFill(VARIABLES)
#: Variables that are not only read where a nearer one is missing, with what is said of them in the documentation.
BESIDE = {OLDER: f"Its plug-ins are added to those of O({PLUGINS}), and win over them."}


def read(
    options: Mapping[str, Any], now: datetime, read_file: Callable[[str], bytes], hide: Callable[[str], None]
) -> Said:
    return asked.read(options, Reading(read_file, hide, now) if now else Reading())


def watch(said: Said) -> Watch:
    return WATCH + drafting.watch(said)


def drafts(host: Observed, said: Said) -> Iterable[Drafter]:
    return drafting.drafts(said)


def withdraw(host: Observed) -> Iterable[Drafter]:
    return drafting.drafts(Said(withdrawn=True, path=MASTER_CONFIG))


def confirm(host: Observed) -> Iterable[Drafter]:
    return [partial(drafting.confirmation, MASTER_CONFIG)]


def report(proposal: Proposal, said: Said, report: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"master": reporting.written(proposal, said)}


def survey(host: Observed, said: Said, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"master": reporting.as_it_is(start_of(host), said)}
