# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where podman and its family on one host would pull an image from, and with what: files and lines, never a secret."""

from __future__ import annotations

from typing import Any

from ..credentials import containers
from ..credentials.answers import Source, Tried
from ..engines.containers import files as containers_files
from ..host.observed import HostProblem, Observed
from ..host.watch import Question, Watch
from ..resolution import pull_sources, registries_conf, signature_policy
from ..resolution.certificate_directories import FAMILY, of_registry
from ..resolution.references import Reference
from ..resolution.registries_conf import RegistriesConf, RegistryTable

WATCH = Watch(
    files=(*containers_files.WATCH.files, *containers.FILES),
    directories=containers_files.WATCH.directories,
    commands=(
        Question("certs.d", ("find", "-L", *FAMILY, "-mindepth", "1", "-maxdepth", "1", "-type", "d")),
    ),
)


def images(host: Observed, names: list[str]) -> list[dict[str, Any]]:
    """Resolve each image as `pull_sources` does, and name who blocks, CA directory and credential of each endpoint.

    Raises Problem for files that the engines would refuse, or a text that is not an image reference.
    """
    conf = containers_files.conf_of(host)
    path = containers_files.policy_of(host)
    text = host.text(path)
    policy = None if text is None else signature_policy.read(text, path)
    return [_image(host, conf, name, pull_sources.resolve(name, conf, policy)) for name in names]


def _image(host: Observed, conf: RegistriesConf, name: str, candidates: list[pull_sources.Candidate]) -> dict[str, Any]:
    return {
        "image": name,
        "candidates": [
            candidate.result() | {"endpoints": [_endpoint(host, conf, endpoint) for endpoint in candidate.endpoints]}
            for candidate in candidates
        ],
    }


def _endpoint(host: Observed, conf: RegistriesConf, endpoint: pull_sources.Endpoint) -> dict[str, Any]:
    return endpoint.result() | {
        "blocked_by": _where(host, endpoint.blocked_by) if endpoint.blocked_by else None,
        "ca_directory": _ca_directory(host, endpoint.reference.domain),
        "credential": _credential(host, conf, endpoint.reference),
    }


def _credential(host: Observed, conf: RegistriesConf, reference: Reference) -> dict[str, str] | None:
    """Return the login of the first helper that has one; of another helper than the files only it knows."""
    for helper in conf.credential_helpers:
        if helper != registries_conf.AUTH_FILES:
            return {"helper": helper, "key": reference.domain}
        if found := login(host, reference):
            return {"file": found.source, "key": found.key}
    return None


def login(host: Observed, reference: Reference) -> Tried | None:
    """Return the login that root's podman offers for an image; None for an anonymous pull. Of random ones, one.

    Raises HostProblem where every pull that comes to a file fails.
    """
    texts = [(path, host.text(path)) for path in containers.FILES]
    lookup = containers.podman(
        reference, [Source(path, text, path == containers.OLD) for path, text in texts if text is not None]
    )
    answer = lookup.answer()
    if answer.problem:
        raise HostProblem(answer.problem)
    return next(iter(answer.tried), None)


def _where(host: Observed, registry: RegistryTable) -> dict[str, Any]:
    """Locate an entry: file and line."""
    line = registry.line(host.text(registry.file) or "")
    return {"file": registry.file, "line": line, "prefix": registry.prefix}


def _ca_directory(host: Observed, domain: str) -> str | None:
    present = host.answer("certs.d").stdout.splitlines()
    return next(iter(of_registry(FAMILY, domain, present.__contains__)), None)
