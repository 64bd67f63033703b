# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs from one release of OpenShift 4 to the next: this table, and nothing else, knows release numbers.

Sources: release branches of MCO, function by function, and the CRDs of API; see docs/forecast.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from . import ManifestProblem

Actions = tuple[Mapping[str, Any], ...]

#: Mirror objects are announced in the text of an error; it named the kinds differently over time.
_TWO_KINDS = "imagedigestmirrorsets and/or imagetagmirrorsets"
_THREE_KINDS = "imagedigestmirrorsets, imagetagmirrorsets, or imagecontentsourcepolicies"

_PULL_SECRET = "/var/lib/kubelet/config.json"
_KUBELET_CA = "/etc/kubernetes/kubelet-ca.crt"
_REGISTRIES_CONF = "/etc/containers/registries.conf"
_POLICY_JSON = "/etc/containers/policy.json"
_GPG_KEY = "/etc/machine-config-daemon/no-reboot/containers-gpg.pub"
_ANCHORS = "/etc/pki/ca-trust/source/anchors"
USER_CA = f"{_ANCHORS}/openshift-config-user-ca-bundle.crt"
_UPDATE_CA_TRUST = "coreos-update-ca-trust.service"


def _reload(unit: str) -> Mapping[str, Any]:
    return {"type": "Reload", "reload": {"serviceName": unit}}


def _restart(unit: str) -> Mapping[str, Any]:
    return {"type": "Restart", "restart": {"serviceName": unit}}


_NONE: Actions = ({"type": "None"},)
_SPECIAL: Actions = ({"type": "Special"},)
_RELOAD_CRIO: Actions = (_reload("crio.service"),)

_POLICIES_4_17: Mapping[str, Actions] = {
    _PULL_SECRET: _NONE,
    _GPG_KEY: _RELOAD_CRIO,
    _POLICY_JSON: _RELOAD_CRIO,
    _REGISTRIES_CONF: _SPECIAL,
    "/etc/containers/registries.d": _RELOAD_CRIO,
    "/etc/nmstate/openshift": _NONE,
    USER_CA: (_restart(_UPDATE_CA_TRUST), _restart("crio.service")),
}
_POLICIES_4_22: Mapping[str, Actions] = {
    "/etc/kubernetes/credential-providers": (_restart("kubelet.service"),),
    "/etc/systemd/system/kubelet.service.d/40-kubelet-crio-image-credential-provider.conf": (
        {"type": "DaemonReload"},
        _restart("kubelet.service"),
    ),
    "/etc/iri-registry": (_restart("iri-registry.service"),),
    "/usr/local/bin/load-registry-image.sh": (_restart("iri-registry.service"),),
    f"{_ANCHORS}/iri-root-ca.crt": (_restart(_UPDATE_CA_TRUST),),
}


@dataclass(frozen=True)
class FixedLists:
    """What became of a changed file before node disruption policies; a path ending in "/": files directly in it."""

    none: tuple[str, ...] = (_PULL_SECRET, _KUBELET_CA)
    reload_crio: tuple[str, ...] = (_REGISTRIES_CONF,)
    restart_crio: tuple[str, ...] = ()
    #: Up to 4.15 the last file looked at decided between reload and restart, and files were looked at in no order.
    restart_wins: bool = False


@dataclass(frozen=True)
class Release:
    """One minor release. The defaults are those of 4.8; every later release says below what it changed."""

    name: str = "4.8"

    # registries.conf: MCO updateRegistriesConfig, RU EditRegistriesConfig
    mirror_kinds: tuple[str, ...] = ("ImageContentSourcePolicy",)
    header: tuple[str, ...] = ()
    #: "mirror-by-digest-only" on the registry, or "pull-from-mirror" on each mirror.
    digest_word: str = "mirror-by-digest-only"
    mirrors_reach_nested: bool = False

    # MCO validateRegistriesConfScopes
    mirror_patterns: bool = False
    policy_conflict: str = _TWO_KINDS

    # MCO getValidBlockedAndAllowedRegistries: payload compared by whole registry, a match dropping earlier entries
    payload_by_registry: bool = True

    # policy.json and signatures: MCO updatePolicyJSON, generateSigstoreRegistriesdConfig
    policy_indent: int | None = None
    atomic_depth: bool = False
    signature_kinds: tuple[str, ...] = ()
    sigstore_mirrors: bool = False

    # disruption: MCO pkg/daemon update.go, pkg/apihelpers; None: node disruption policies decide
    fixed: FixedLists | None = FixedLists()
    policies: Mapping[str, Actions] = field(default_factory=dict)
    drain_override: bool = False

    # what the API server serves and refuses by itself: API config/v1
    schema_excludes_both: bool = False
    #: Entries of registrySources have a pattern and a length, and their lists an end.
    registry_patterns: bool = False
    #: Of ClusterImagePolicy and ImagePolicy; v1alpha1 is there with a feature set of previews only.
    signature_version: str = ""
    pki_roots: bool = False
    import_mode: bool = False
    #: The same with a feature set of previews only.
    import_mode_preview: bool = False
    #: ClusterImagePolicy/openshift comes with the release.
    default_signature_policy: bool = False
    #: ICSP beside IDMS or ITMS stopped everything before this build of the release; 0: in none.
    takes_icsp_beside_from: int = 0


_LISTS_4_10 = FixedLists(reload_crio=(_REGISTRIES_CONF, _GPG_KEY, _POLICY_JSON))
_LISTS_4_14 = replace(
    _LISTS_4_10,
    none=(_PULL_SECRET, _KUBELET_CA, "/etc/mco/internal-registry-pull-secret.json"),
    restart_crio=(USER_CA,),
)
_LISTS_4_16 = replace(
    _LISTS_4_14,
    none=(_PULL_SECRET, _KUBELET_CA, "/etc/nmstate/openshift/"),
    reload_crio=(*_LISTS_4_10.reload_crio, "/etc/containers/registries.d/"),
    restart_wins=True,
)
_SHORT_NAME_MODE = "short-name-mode"
_HELPER = "additional-layer-store-auth-helper"

_CHANGES: Mapping[str, Mapping[str, Any]] = {
    "4.8": {},
    "4.9": {"header": (_SHORT_NAME_MODE,)},
    "4.10": {"fixed": _LISTS_4_10},
    "4.11": {"payload_by_registry": False},
    "4.12": {},
    "4.13": {
        "mirror_kinds": ("ImageDigestMirrorSet", "ImageContentSourcePolicy", "ImageTagMirrorSet"),
        "digest_word": "pull-from-mirror",
        "mirrors_reach_nested": True,
        "takes_icsp_beside_from": 26,
    },
    "4.14": {"atomic_depth": True, "fixed": _LISTS_4_14, "drain_override": True, "takes_icsp_beside_from": 3},
    "4.15": {"policy_conflict": _THREE_KINDS, "takes_icsp_beside_from": 0},
    "4.16": {
        "mirror_patterns": True,
        "signature_kinds": ("ClusterImagePolicy",),
        "signature_version": "v1alpha1",
        "fixed": _LISTS_4_16,
    },
    "4.17": {"policy_indent": 2, "sigstore_mirrors": True, "fixed": None, "policies": _POLICIES_4_17},
    "4.18": {
        "signature_kinds": ("ClusterImagePolicy", "ImagePolicy"),
        "policies": {**_POLICIES_4_17, "/etc/crio/policies": _RELOAD_CRIO},
        "schema_excludes_both": True,
        "import_mode_preview": True,
    },
    "4.19": {"header": (_SHORT_NAME_MODE, _HELPER)},
    "4.20": {"drain_override": False, "signature_version": "v1"},
    "4.21": {"pki_roots": True, "import_mode": True, "default_signature_policy": True},
    "4.22": {"policies": {**_POLICIES_4_17, "/etc/crio/policies": _RELOAD_CRIO, **_POLICIES_4_22}},
    "4.23": {"registry_patterns": True},
}


def _table() -> dict[str, Release]:
    """Make every release from the one before it with its changes."""
    table: dict[str, Release] = {}
    current = Release()
    for name, changes in _CHANGES.items():
        current = table[name] = replace(current, name=name, **changes)
    return table


RELEASES: Mapping[str, Release] = _table()
NEWEST = list(RELEASES)[-1]
_VERSION = re.compile(r"v?(4\.[0-9]{1,3})(?:\.[0-9].{0,200})?")


def takes_icsp_beside(release: Release, version: str) -> bool:
    """Return whether this very build renders the old kind of mirrors beside the new ones.

    version: in full, "4.14.38"; of one that is not known to its last number the earliest build counts. A nightly or
    a candidate of x.y.0 is older than the backports, unless the date in its name says otherwise.
    """
    build = re.match(r"v?4\.[0-9]+\.([0-9]{1,4})(.*)", version)
    dated = re.search(r"-(20[0-9]{2}-[0-9]{2}-[0-9]{2})-", build[2]) if build else None
    if dated:
        return dated[1] > "2023-12-31" or not release.takes_icsp_beside_from
    return (int(build[1]) if build else 0) >= release.takes_icsp_beside_from


def find(name: object) -> Release:
    """Return the release by its name, "4.18" or "4.18.3". Raises ManifestProblem in one sentence."""
    match = _VERSION.fullmatch(str(name)) if isinstance(name, (str, float)) and not isinstance(name, bool) else None
    if match and match[1] in RELEASES:
        return RELEASES[match[1]]
    known = list(RELEASES)
    shown = repr(name) if len(repr(name)) <= 60 else "the release"
    hint = "; quote it, as '4.10', because YAML reads 4.10 as a number" if str(name) in ("4.1", "4.2") else ""
    raise ManifestProblem(f"{shown} is not a release known here; there are {known[0]} to {known[-1]}{hint}")
