# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An object store that is a service of the cluster: which authority signs for it, and for which names.

Source: OpenShift "Understanding service serving certificates": the authority of services signs for NAME.NAMESPACE.svc
and NAME.NAMESPACE.svc.cluster.local, into the secret that an annotation of the service names.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ...policy.certificates import CertificateProblem, read_certificates
from ...policy.word import UNSHOWN, PolicyError
from ..api import ClusterProblem, Ref, Resource, annotation, at
from ..image_registry.surroundings import NAMESPACE
from ..seen import Cluster, Unread
from . import CONFIG_MAPS, SECRETS
from .names import covers, names_in

#: The value of storage_ca that stands for the authority of services.
SERVICE = "service"
AUTHORITY = Ref(CONFIG_MAPS, "openshift-service-ca.crt", NAMESPACE)
_KEY = "service-ca.crt"
_SERVICES = Resource("Service", "", "v1", "services", namespaced=True)
_INSIDE = re.compile(r"(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(\.cluster\.local)?")
_CERTIFICATES = tuple(f"service.{stage}.openshift.io/serving-cert-secret-name" for stage in ("beta", "alpha"))


def judge(authority: str, storage: Any) -> None:
    """Refuse an authority that is of no use for the store. Raises PolicyError before anything is sent."""
    if not at(storage, "s3", "trustedCA", "name"):
        raise PolicyError("storage_ca", "a certificate", "is of no use: give storage.s3.trustedCA.name beside it")
    if authority == SERVICE:
        host = _host(storage)
        if not _INSIDE.fullmatch(host):
            where = host or "a store without an https regionEndpoint"
            raise PolicyError("storage_ca", UNSHOWN, f"the cluster signs for NAME.NAMESPACE.svc, and not for {where}")
        return
    try:
        read_certificates(authority)
    except CertificateProblem as problem:
        raise PolicyError("storage_ca", "the text", str(problem)) from None


def certificates(cluster: Cluster, authority: str) -> str:
    """Return the PEM that storage_ca stands for. Raises NotRead, ClusterProblem."""
    if authority != SERVICE:
        return authority
    found = at(cluster.one(AUTHORITY), "data", _KEY)
    if not found:
        raise ClusterProblem(f"storage_ca: {AUTHORITY} with {_KEY} is not there, from which {SERVICE} takes it")
    return str(found)


def doubts(cluster: Cluster, spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield why the certificate of the service will not be taken. Raises NotRead."""
    host = _host(at(spec, "storage"))
    inside = _INSIDE.fullmatch(host)
    if not inside:
        return
    service = cluster.try_one(Ref(_SERVICES, inside["name"], inside["namespace"]))
    if service is None:
        yield f"storage.s3.regionEndpoint: there is no service {inside['name']} in {inside['namespace']}"
    if service is None or isinstance(service, Unread):
        return
    name = next(filter(None, (annotation(service, key) for key in _CERTIFICATES)), "")
    found = cluster.try_one(Ref(SECRETS, name, inside["namespace"])) if name else None
    if isinstance(found, Unread):
        yield f"storage.s3.regionEndpoint: the certificate of {host} could not be looked at: {found.why}"
    elif found is not None and not covers(names := _names(at(found, "data", "tls.crt")), host):
        told = f"the certificate there is for {', '.join(names) or 'no host'}, and not for {host}: it is refused"
        yield f"storage.s3.regionEndpoint: {told}"


def _host(storage: Any) -> str:
    """Return the host of a store that is reached by https, "" for any other."""
    endpoint = str(at(storage, "s3", "regionEndpoint") or "")
    try:
        found = urlsplit(endpoint)
        return (found.hostname or "") if found.scheme == "https" else ""
    except ValueError:
        return ""


def _names(encoded: Any) -> list[str]:
    try:
        return names_in(base64.b64decode(str(encoded or "")).decode())
    except (binascii.Error, ValueError):
        return []
