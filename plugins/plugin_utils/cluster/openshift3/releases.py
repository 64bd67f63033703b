# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs from one release of OpenShift 3 to the next: this table, and nothing else, knows release numbers.

Source: ORIGIN, the branches side by side, and what the real plug-in and the real import check answered on each of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ...resolution.references import quoted
from . import PolicyProblem


@dataclass(frozen=True)
class Release:
    """One minor release. The defaults are those of 3.6; every later release says below what it changed."""

    name: str = "3.6"

    #: The decoder is go-codec, which takes a list for a mapping, field by field, and a mapping for a list.
    decodes_loosely: bool = True

    # The ImagePolicy plug-in
    #: A digest that is looked up for the first time counts as one of the integrated registry if its name says so.
    digests_know_their_registry: bool = False
    #: After the mutating look comes a second, validating one, which may change nothing.
    looks_twice: bool = False
    #: A resolution rule without a policy gets the one of resolveImages; before, the master refuses it.
    completes_resolution_rules: bool = False

    #: Pods get plug-ins of their own, configured under kubernetesMasterConfig, where anything there asks for it.
    has_two_chains: bool = True

    #: Source builds may have a second image, sourceStrategy.runtimeImage.
    has_runtime_images: bool = True

    # Imports
    #: spec.tags of an ImageStream and an ImageStreamTag are checked, not only what ImageStreamImport asks for.
    checks_streams: bool = False
    #: An entry docker.io stands for the names of Docker Hub's servers too.
    knows_docker_hub: bool = False

    # Image/cluster of OpenShift 4 in place of imagePolicyConfig: no master validates it, an empty list counts as none
    in_cluster: bool = False


_3_7 = Release("3.7", digests_know_their_registry=True, has_two_chains=False)
_3_9 = replace(
    _3_7,
    name="3.9",
    looks_twice=True,
    has_runtime_images=False,
    checks_streams=True,
    knows_docker_hub=True,
)
_3_11 = replace(_3_9, name="3.11", decodes_loosely=False, completes_resolution_rules=True)

RELEASES = {each.name: each for each in (Release(), _3_7, _3_9, replace(_3_9, name="3.10"), _3_11)}
_VERSION = re.compile(r"v?([34]\.[0-9]{1,3})(?:[.-].{0,200})?")


def find(name: object, with_4: bool = False) -> Release:
    """Find the release by its name, "3.11" or "3.11.272". Raises PolicyProblem in one sentence.

    with_4: OpenShift 4 is asked about too, whose API server carries the import check of 3.11.
    """
    match = _VERSION.fullmatch(str(name)) if isinstance(name, (str, float)) else None
    if match and match[1] in RELEASES:
        return RELEASES[match[1]]
    if match and match[1].startswith("4.") and with_4:
        return replace(_3_11, name=match[1], in_cluster=True)
    known = f"{', '.join(RELEASES)}{' and 4.x' if with_4 else ''}"
    hint = "; quote it, as '3.10', because YAML reads 3.10 as a number" if str(name) == "3.1" else ""
    raise PolicyProblem(f"release: {quoted(str(name))} is not known here, only {known} are{hint}")
