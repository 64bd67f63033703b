# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards: what an admin should hear before a policy reaches a cluster. Each is a name, a sentence and a source.

One that is overridden by name is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...problems import one_line
from . import ManifestProblem, node_files, objects, releases, scenario, schema
from . import change_checks as change
from . import guard_checks as checks
from .guard_checks import Situation
from .mirrors import DIGEST_KINDS, TAG_KINDS

Check = Callable[[Situation], Iterator[str]]


@dataclass(frozen=True)
class Guard:
    """effect: stops (the operator renders nothing any more), breaks (pulls fail) or surprises."""

    name: str
    effect: str
    sentence: str
    source: str
    check: Check


def lint(manifests: Any, release: object, overridden: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Findings as {guard, effect, found, sentence, source, already}, in the order of GUARDS.

    The manifests are what somebody would apply to an empty cluster: what the API server refuses is left out.
    Raises ManifestProblem for malformed manifests, and for a name in ``overridden`` that is not a guard.
    """
    found = releases.find(release)
    whole = list(objects.each_manifest(manifests))
    previews = scenario.feature_set(whole) in scenario.PREVIEWS
    refusals = [list(schema.refusals(one, found, previews=previews)) for one in whole]
    taken = [one for one, refused in zip(whole, refusals, strict=True) if not refused]
    seen = objects.read(taken, found)
    refused = [text for texts in refusals for text in texts]
    situation = Situation(seen, found, node_files.of_objects(seen, found), taken, version=str(release), refused=refused)
    return findings(situation, overridden)


def findings(situation: Situation, overridden: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return what the guards say, for manifests that are read and rendered already.

    already: whether it was so before the change. overridden: names of guards, or "GUARD: FOUND" for one finding.
    """
    silent = set(overridden)
    unknown = sorted(name for name in silent if name.partition(":")[0] not in {guard.name for guard in GUARDS})
    if unknown:
        raise ManifestProblem(f"there is no guard '{objects.cited(unknown[0])}' to override")
    exact = {f"{guard}:{found.strip()}" for guard, colon, found in (name.partition(":") for name in silent) if colon}
    before = set(_speak(situation.before)) if situation.before else set()
    return [
        {
            "guard": guard.name,
            "effect": guard.effect,
            "found": one_line(what),
            "sentence": guard.sentence,
            "source": guard.source,
            "already": (guard, what) in before,
        }
        for guard, what in _speak(situation)
        if guard.name not in silent and f"{guard.name}:{one_line(what)}" not in exact
    ]


def _speak(situation: Situation) -> list[tuple[Guard, str]]:
    """Return every guard with each thing it found. That the operator stops is left to the guard that knows why."""
    said = [(guard, what) for guard in GUARDS for what in dict.fromkeys(guard.check(situation))]
    explained = any(guard.effect == "stops" and guard.name not in _NO_STOP_OF_OPERATOR for guard, _what in said)
    return [(guard, what) for guard, what in said if not (explained and guard.name == "operator-stops")]


#: Effect "stops", though the operator itself does not: somebody else keeps the change from it. And the word for all.
_NO_STOP_OF_OPERATOR = ("operator-stops", "schema-refuses", "unknown-kind", "hosted-control-plane")
_LISTS = "MCO getValidBlockedAndAllowedRegistries"
_RULES = "MCO validateRegistriesConfScopes"
_EDIT = "RU EditRegistriesConfig"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "operator-stops",
        "stops",
        "The operator renders nothing any more, and only its log says so.",
        "MCO syncImageConfig",
        checks.stops,
    ),
    Guard(
        "allowed-and-blocked",
        "stops",
        "An allow-list and a block-list exclude each other.",
        "MCO updatePolicyJSON; API types_image.go",
        checks.both_lists,
    ),
    Guard(
        "allow-list-without-payload",
        "breaks",
        "The cluster could not pull what it is made of; policy.json is asked for"
        " the name as it is written, not for its mirror.",
        "MCO updatePolicyJSON",
        lambda now: checks.not_allowed(now, now.payload),
    ),
    Guard(
        "allow-list-without-internal-registry",
        "breaks",
        "Nothing built or imported in the cluster could be run.",
        "MCO updatePolicyJSON",
        lambda now: checks.not_allowed(now, [now.seen.internal_registry]),
    ),
    Guard(
        "allow-list-without-redhat-registry",
        "breaks",
        "Operators of the catalogs come from there.",
        "product guide, image configuration",
        checks.allow_without_redhat,
    ),
    Guard(
        "allow-list-without-mirror-source",
        "breaks",
        "What the list does not hold of a source is rejected, whichever mirror would serve it.",
        "CI containers-policy.json.5",
        lambda now: checks.not_allowed(now, dict.fromkeys(s.source for s in now.all_sets)),
    ),
    Guard(
        "allow-list-without-insecure-registry",
        "breaks",
        "A registry that is insecure is meant to be pulled from.",
        "MCO updatePolicyJSON",
        lambda now: checks.nothing_allowed(now, now.sources.insecure or ()),
    ),
    Guard(
        "allow-list-without-search-registry",
        "breaks",
        "What is found there for a short name is rejected.",
        "MCO updatePolicyJSON",
        lambda now: checks.nothing_allowed(now, now.sources.search or ()),
    ),
    Guard(
        "allow-list-with-unknown-components",
        "breaks",
        "Their repository cannot be known from the release image; without it in the list the cluster cannot pull"
        " what it is made of.",
        "MCO updatePolicyJSON",
        change.unknown_components,
    ),
    Guard(
        "image-in-use-rejected",
        "breaks",
        "policy.json rejects the image by the name it has in this object.",
        "CI containers-policy.json.5",
        change.images_rejected,
    ),
    Guard(
        "short-name-partly-rejected",
        "surprises",
        "A short name is looked for in each registry of the search list, and policy.json rejects it in this one.",
        "CI pkg/shortnames",
        change.short_names_rejected,
    ),
    Guard(
        "allow-list-without-next-release",
        "breaks",
        "An update that is offered, asked for or under way comes from there; its release image would be rejected.",
        "MCO updatePolicyJSON",
        change.next_releases_not_allowed,
    ),
    Guard(
        "blocked-source-with-mirrors",
        "breaks",
        "policy.json rejects a blocked name even where a mirror would serve it; NeverContactSource keeps pulls from"
        " the source alone.",
        "MCO updatePolicyJSON",
        change.blocked_sources,
    ),
    Guard(
        "search-registry-is-blocked",
        "breaks",
        "What is found there for a short name is rejected.",
        "MCO updatePolicyJSON",
        change.blocked_search,
    ),
    Guard(
        "blocked-payload-without-mirror",
        "breaks",
        "A repository of the payload is blocked and has no digest mirror that is not; up to 4.10 mirrors do not help.",
        _LISTS,
        checks.payload_unmirrored,
    ),
    Guard(
        "blocked-payload-components",
        "breaks",
        "policy.json rejects the images of the release although they are mirrored:"
        " only the release image itself is rescued.",
        _LISTS,
        checks.components_rejected,
    ),
    Guard(
        "blocked-payload-twice",
        "stops",
        "Several entries cover the mirrored payload, and the rescue allows for one.",
        "MCO updatePolicyJSON",
        checks.payload_covered_twice,
    ),
    Guard(
        "blocked-payload-exactly",
        "breaks",
        "Blocking the mirrored release repository and nothing else leaves an"
        " allow-list with it alone: every other image is rejected.",
        _LISTS,
        checks.payload_covered_exactly,
    ),
    Guard(
        "blocked-lists-vanish",
        "surprises",
        "The operator stumbles while it protects the payload and drops both lists.",
        _LISTS,
        checks.lists_vanish,
    ),
    Guard(
        "blocked-entries-dropped",
        "surprises",
        "Entries before the payload's registry are dropped with it up to 4.10.",
        _LISTS,
        checks.earlier_dropped,
    ),
    Guard(
        "entry-with-tag-or-digest",
        "surprises",
        "registries.conf compares names without tag and digest, so the entry matches nothing there; of a blocked one"
        " policy.json rejects exactly this name, and the same image under another name passes.",
        "CI docker_image_src.go",
        checks.tagged,
    ),
    Guard(
        "allowed-entry-with-tag",
        "surprises",
        "policy.json takes exactly this tag; a pull by another tag, or of the same image by its digest, is rejected.",
        "CI docker/policyconfiguration naming.go",
        checks.allowed_tags,
    ),
    Guard(
        "entry-of-no-image",
        "surprises",
        "No image has a name that begins like this, so the entry matches nothing.",
        "CI docker/reference regexp.go",
        checks.entries_of_no_image,
    ),
    Guard(
        "invalid-entry",
        "stops",
        "The operator takes no empty entry, and an asterisk only as a leading '*.'.",
        _RULES,
        checks.bad_entries,
    ),
    Guard(
        "empty-insecure-list",
        "surprises",
        "An empty list rewrites the file on every node; leave the key out.",
        "MCO registriesConfigIgnition",
        checks.empty_insecure,
    ),
    Guard(
        "search-reboots-nodes",
        "surprises",
        "Every node is rebooted, unless a node disruption policy covers registries.conf.d (from 4.17 on).",
        "MCO pkg/daemon/update.go",
        checks.search_reboots,
    ),
    Guard(
        "never-contact-without-tag-mirrors",
        "breaks",
        "Pulls by tag have neither the source nor a mirror.",
        _EDIT,
        lambda now: checks.never_kills(now, DIGEST_KINDS, TAG_KINDS),
    ),
    Guard(
        "never-contact-without-digest-mirrors",
        "breaks",
        "Pulls by digest have neither the source nor a mirror.",
        _EDIT,
        lambda now: checks.never_kills(now, TAG_KINDS, DIGEST_KINDS),
    ),
    Guard(
        "never-contact-not-inherited",
        "surprises",
        "An entry below a source that is never contacted is contacted.",
        _EDIT,
        checks.never_not_inherited,
    ),
    Guard(
        "never-contact-own-mirror",
        "stops",
        "A source that is never contacted cannot be its own mirror.",
        _RULES,
        checks.own_mirror,
    ),
    Guard(
        "nested-source-shadows",
        "surprises",
        "Only the closest source counts, so its missing kind of mirrors is missing.",
        _EDIT,
        checks.nested_shadows,
    ),
    Guard(
        "nested-entry-takes-shorter-source",
        "surprises",
        "An entry below two sources takes the mirrors of the shorter one.",
        _EDIT,
        checks.shorter_source,
    ),
    Guard(
        "conflicting-source-policies",
        "stops",
        "One source must have one mirrorSourcePolicy in all objects.",
        _RULES,
        checks.conflicts,
    ),
    Guard(
        "wildcard-source-with-nested-entry",
        "stops",
        "The operator cannot pass the mirrors of a wildcard on.",
        _EDIT,
        checks.wildcard_holds,
    ),
    Guard(
        "wildcard-source-too-early",
        "stops",
        "Wildcard sources work from 4.16 on, though the API takes them before.",
        _RULES,
        checks.wildcard_too_early,
    ),
    Guard(
        "invalid-mirror-name",
        "stops",
        "The operator checks names that the API let pass; up to 4.15 they end up in the file as they are.",
        _RULES,
        checks.bad_names,
    ),
    Guard(
        "mirror-is-a-bare-host",
        "breaks",
        "For the image that is named as the source the mirror has no repository, which fails the pull as a whole.",
        "CI sysregistriesv2 rewriteReference",
        checks.bare_host,
    ),
    Guard(
        "wildcard-source-with-port",
        "breaks",
        "The mirror takes the place of the host alone, and a port behind a repository names no image, which fails the"
        " pull as a whole.",
        "CI sysregistriesv2 rewriteReference",
        change.ports_under_wildcards,
    ),
    Guard(
        "mirror-is-blocked",
        "breaks",
        "A mirror inside what is blocked is not contacted.",
        "CI docker_client.go",
        checks.mirror_blocked,
    ),
    Guard(
        "old-kind-beside-new",
        "stops",
        "Early builds of 4.13 and 4.14 refuse the kinds beside each other.",
        "MCO c80f2a281",
        checks.beside_old_kind,
    ),
    Guard(
        "unreadable-release-image",
        "stops",
        "The operator cannot tell what the payload is.",
        _LISTS,
        checks.unparsable_release,
    ),
    Guard(
        "signed-scope-against-lists",
        "stops",
        "A scope that must be signed has to be allowed and must not be blocked.",
        "MCO validateClusterImagePolicyWithAllowedBlockedRegistries",
        checks.signed_against_lists,
    ),
    Guard(
        "signed-scope-without-names",
        "stops",
        "Signatures are looked for at every mirror of the scope, and one of them has no valid name for it.",
        "MCO generateSigstoreRegistriesdConfig",
        checks.no_names_for_signed,
    ),
    Guard(
        "signed-scope-overridden",
        "surprises",
        "The policy of the cluster takes the place of the one of the namespace.",
        "MCO getValidScopePolicies",
        checks.signed_twice,
    ),
    Guard(
        "ca-key-ambiguous",
        "surprises",
        "The image registry operator replaces the last '..' by ':', the machine-config-operator all of them.",
        "CIRO nodeca.go; MCO certificate_writer.go",
        checks.ca_keys,
    ),
    Guard(
        "ca-value-not-pem",
        "breaks",
        "It holds no certificate in PEM form; nodes alone decode base64, and the registry gets the text as it is.",
        "MCO pkg/operator/sync.go",
        checks.ca_values,
    ),
    Guard(
        "node-file-does-not-load",
        "breaks",
        "CRI-O refuses such a file as a whole, so no image is pulled any more.",
        "CI sysregistriesv2 postProcessRegistries; CI signature policy_config.go",
        checks.unloadable,
    ),
    Guard(
        "ca-key-of-no-registry",
        "surprises",
        "A key is host or host..port; under any other name a registry is trusted that nobody has.",
        "MCO pkg/daemon/certificate_writer.go",
        change.ca_keys_of_nobody,
    ),
    Guard(
        "ca-in-another-namespace",
        "breaks",
        "Only openshift-config is looked in for additionalTrustedCA: nodes trust nothing of it, and the registry"
        " operator is degraded.",
        "MCO pkg/operator/sync.go",
        change.ca_elsewhere,
    ),
    Guard(
        "trust-lost",
        "breaks",
        "Nodes, the registry, builds and imports no longer trust what it is signed by.",
        "MCO pkg/daemon/certificate_writer.go",
        change.trust_lost,
    ),
    Guard(
        "payload-mirror-lost",
        "breaks",
        "Nodes pull the release from its source from then on; one that cannot reach it takes no update.",
        _EDIT,
        change.payload_mirror_lost,
    ),
    Guard(
        "source-mirror-lost",
        "surprises",
        "The last mirror of a source goes, so nodes contact the source itself.",
        _EDIT,
        change.source_mirror_lost,
    ),
    Guard(
        "insecure-entry-misses",
        "surprises",
        "A host does not contain host:port, so the other one is reached with verified TLS only.",
        "RU ScopeIsNestedInsideScope",
        change.insecure_misses,
    ),
    Guard(
        "blocked-entry-misses",
        "surprises",
        "A host does not contain host:port, so the other one is not blocked.",
        "RU ScopeIsNestedInsideScope",
        change.blocked_misses,
    ),
    Guard(
        "allowed-entry-misses",
        "surprises",
        "A host does not contain host:port, so what names the mirror itself is rejected.",
        "RU ScopeIsNestedInsideScope",
        change.allowed_misses,
    ),
    Guard(
        "file-of-a-machine-config",
        "surprises",
        "A MachineConfig with a later name writes the file, so what the operator writes does not reach nodes.",
        "MCO MergeMachineConfigs",
        change.files_overridden,
    ),
    Guard(
        "hosted-control-plane",
        "stops",
        "No machine-config-operator runs in a hosted cluster; set this in HostedCluster"
        " (spec.configuration.image, spec.imageContentSources), and nodes take it from their NodePool.",
        "API types_infrastructure.go",
        change.hosted,
    ),
    Guard(
        "schema-refuses",
        "stops",
        "The API server refuses the object, so it changes nothing; other objects are applied all the same.",
        "API config/v1, operator/v1, operator/v1alpha1",
        change.refused,
    ),
    Guard(
        "unknown-kind",
        "stops",
        "The API server does not know the kind in this version, so nothing is created.",
        "API config/v1, operator/v1, operator/v1alpha1",
        change.unknown_kinds,
    ),
    Guard("left-out", "surprises", "The operator does not see this object.", "MCO syncImageConfig", checks.left_out),
)
