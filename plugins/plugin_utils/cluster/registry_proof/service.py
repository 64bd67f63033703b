# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a proof is asked for, and what the cluster says of its registry: its host, and who signs for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...credentials.login import joined
from ...policy.certificates import CertificateProblem, read_certificates
from ...policy.word import UNSHOWN, PolicyError
from ...resolution.references import ReferenceProblem, parse_normalized
from ...variables import Fill, behind
from ..api import ClusterProblem, at
from ..integrated_registry import ROUTER_CA, ROUTES
from ..integrated_registry.service import trust
from ..labels import is_label
from ..seen import Cluster
from .proofs import NAMES

PREFIX = "registry_proof_"
DEFAULT_ROUTE = "default-route"
#: Under which name pods reach it.
INSIDE = "image-registry.openshift-image-registry.svc:5000"
_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")

OPTIONS: dict[str, dict[str, Any]] = {
    "proofs": {
        "type": "list",
        "elements": "str",
        "choices": list(NAMES),
        "default": ["login"],
        "description": [
            "What is tried, in this order: V(login), V(push) of a tiny image, V(pull) of the same or of another image, "
            "V(metrics), the page with the metrics of the registry.",
        ],
    },
    "project": {"type": "str", "description": ["The project of the image, for V(push) and V(pull)."]},
    "name": {"type": "str", "default": "dockyard-registry-proof", "description": ["The name of the image."]},
    "tag": {"type": "str", "default": "latest", "description": ["The tag of the image."]},
    "registry": {
        "type": "str",
        "description": ["The registry as C(host[:port]). Unless given, the host of the default route of the cluster."],
    },
    "registry_ca": {
        "type": "str",
        "description": [
            "Certificates (PEM) that sign for the registry, beside those of the controller. Unless given, those that "
            "the cluster has for its route. There is no option to go without.",
        ],
    },
    "registry_username": {
        "type": "str",
        "default": "dockyard",
        "description": ["The user of the login. With a token the registry takes any name without a colon."],
    },
    "registry_password": {
        "type": "str",
        "description": ["The password, or a token. Unless given, the token with which the task uses the cluster."],
    },
    "patience": {
        "type": "int",
        "default": 60,
        "description": [
            "Seconds for which a registry that answers 503, or not at all, is asked again before it is judged.",
        ],
    },
    "from_variables": {
        "type": "bool",
        "default": False,
        "description": ["Whether to take options that are not given from variables C(" + PREFIX + "...)."],
    },
}
VARIABLES: dict[str, tuple[str, ...]] = dict(behind(PREFIX, (name for name in OPTIONS if name != "from_variables")))
fill = Fill(VARIABLES)
_MOST = 3600


@dataclass(frozen=True)
class Asked:
    """What a task was asked for. registry, authorities: "" where the cluster says them."""

    proofs: tuple[str, ...]
    project: str
    name: str
    tag: str
    registry: str
    authorities: str
    username: str
    password: str = field(repr=False)
    patience: int

    @property
    def image(self) -> str:
        return f"{self.project}/{self.name}"

    @property
    def needs_cluster(self) -> bool:
        return not (self.registry and self.authorities and self.password)

    def login(self, token: str) -> str:
        """Return the header of the login. Raises ClusterProblem where there is none."""
        secret = self.password or token
        if not secret:
            raise ClusterProblem("registry_password: nothing is said, and the login to the cluster has no token")
        return f"Basic {joined(self.username, secret)}"

    def references(self, registry: str) -> dict[str, str]:
        """Return how the image is called outside and inside of the cluster, {} without a project."""
        if not self.project:
            return {}
        return {"outside": f"{registry}/{self.image}:{self.tag}", "inside": f"{INSIDE}/{self.image}:{self.tag}"}


def read(options: Mapping[str, Any], hide: Callable[[str], None]) -> Asked:
    """Read what the options say. Raises PolicyError in one sentence before anything is sent."""
    proofs = tuple(dict.fromkeys(options["proofs"]))
    if not proofs:
        raise PolicyError("proofs", UNSHOWN, "names no proof")
    project, name, tag = str(options["project"] or ""), str(options["name"]), str(options["tag"])
    if {"push", "pull"} & set(proofs) and not project:
        raise PolicyError("project", UNSHOWN, "is needed for push and pull")
    if project and not is_label(project):
        raise PolicyError("project", project, "cannot be the name of a project")
    if not _NAME.fullmatch(name):
        raise PolicyError("name", name, "cannot be the name of an image in a project")
    try:
        parse_normalized(f"x/{name}:{tag}")
    except ReferenceProblem:
        raise PolicyError("tag", tag, "cannot be a tag") from None
    if not 0 <= options["patience"] <= _MOST:
        raise PolicyError("patience", str(options["patience"]), f"is not a number of seconds from 0 to {_MOST}")
    user, secret = str(options["registry_username"]), str(options["registry_password"] or "")
    hide(secret)
    _check_login(user, secret)
    registry, authorities = str(options["registry"] or ""), str(options["registry_ca"] or "")
    _check_registry(registry)
    if authorities:
        try:
            read_certificates(authorities)
        except CertificateProblem as problem:
            raise PolicyError("registry_ca", "the text", str(problem)) from None
    return Asked(proofs, project, name, tag, registry, authorities, user, secret, options["patience"])


def _check_login(user: str, secret: str) -> None:
    if not user.strip():
        raise PolicyError("registry_username", UNSHOWN, "is empty")
    if ":" in user:
        raise PolicyError("registry_username", user, "has a colon, behind which the registry looks for the password")
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in user + secret):
        raise PolicyError("registry_password", UNSHOWN, "or the user has a line break or another control character")


def _check_registry(registry: str) -> None:
    if not registry:
        return
    try:
        reference = parse_normalized(f"{registry}/x/y")
    except ReferenceProblem as problem:
        raise PolicyError("registry", UNSHOWN, str(problem)) from None
    port = registry.partition(":")[2]
    if reference.domain != registry or (port and not 0 < int(port) < 65536):
        raise PolicyError("registry", registry, "is not host[:port]; neither a scheme nor a path belongs there")


def found(cluster: Cluster, asked: Asked) -> tuple[str, str]:
    """Return the registry and its authorities as the cluster has them. Raises NotRead, ClusterProblem."""
    cluster.need(ROUTES, ROUTER_CA)
    hosts = {str(at(one, "metadata", "name")): str(at(one, "spec", "host") or "") for one in cluster.all(ROUTES)}
    registry = asked.registry or hosts.get(DEFAULT_ROUTE) or next(iter(hosts.values()), "")
    if not registry:
        raise ClusterProblem("registry: that of this cluster has no route; default_route of image_registry makes one")
    signed = {one["registry"]: one["ca"] for one in trust(cluster)}
    return registry, asked.authorities or signed.get(registry.partition(":")[0], "")
