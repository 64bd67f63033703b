# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Job that copies images from one storage to another, and proves blob by blob that it did.

All storages of the registry have one layout below `docker/`: the digest of a blob is in its path, so that every copy
can be compared with it. Between two claims a shell with find, cp, cmp and sha256sum is enough; where an object store
takes part, the image must have rclone. Sources: docker/distribution registry/storage/paths.go; rclone docs (environment
variables RCLONE_CONFIG_NAME_KEY, check --download, hashsum).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...api import Manifest, Ref, Resource, at
from ...image_registry.asked import DEFAULT_CLAIM
from ...image_registry.backends import MINTED_SECRET, USER_SECRET
from ...image_registry.surroundings import NAMESPACE
from ...marks import LABEL
from .. import health
from ..spec import backend_of
from .state import ABSENT, DONE, FAILED, WORKS

JOB = Ref(Resource("Job", "batch", "v1", "jobs", namespaced=True), "dockyard-registry-copy", NAMESPACE)
_WORD = {LABEL: "move"}
_RESULT = re.compile(r"^dockyard-copied blobs=([0-9]+) files=([0-9]+)$", re.MULTILINE)

_SHELL = r"""
set -eu
fail() { echo "dockyard: $*"; exit 1; }
list=$(mktemp)
cd "$FROM"
test -d docker || { echo "dockyard-copied blobs=0 files=0"; exit 0; }
mkdir -p "$TO/docker"
cp -a docker/. "$TO/docker/"
find docker -type f ! -path '*/_uploads/*' > "$list"
blobs=0; files=0
while IFS= read -r file; do
  files=$((files + 1))
  cmp -s "$file" "$TO/$file" || fail "$file differs from its copy"
  case $file in
    */blobs/sha256/*/data)
      blobs=$((blobs + 1)); directory=${file%/data}; digest=${directory##*/}
      sum=$(sha256sum "$TO/$file")
      [ "${sum%% *}" = "$digest" ] || fail "the blob $digest is not what its digest says";;
  esac
done < "$list"
sync
echo "dockyard-copied blobs=$blobs files=$files"
"""
_RCLONE = r"""
set -eu
fail() { echo "dockyard: $*"; exit 1; }
skip='**/_uploads/**'
rclone copy "$FROM/docker" "$TO/docker" --exclude "$skip" || fail "rclone copy failed"
rclone check "$FROM/docker" "$TO/docker" --exclude "$skip" --one-way --download || fail "the copy differs"
rclone hashsum sha256 --download "$TO/docker" --include '**/blobs/sha256/**/data' > /tmp/sums || fail "no checksums"
blobs=0
while read -r sum path; do
  directory=${path%/data}
  [ "$sum" = "${directory##*/}" ] || fail "the blob ${directory##*/} is not what its digest says"
  blobs=$((blobs + 1))
done < /tmp/sums
files=$(rclone lsf -R --files-only "$TO/docker" --exclude "$skip" | wc -l)
echo "dockyard-copied blobs=$blobs files=$((files))"
"""


def why_not(before: Mapping[str, Any], after: Mapping[str, Any], secrets: Mapping[str, Any]) -> str:
    """Say why a Job cannot copy between two storages, "" when it can. secrets: as they will be then, by name."""
    for storage in (before, after):
        backend = backend_of(storage)
        if backend == "emptyDir":
            return "an emptyDir can be reached by its own pod only"
        if backend not in ("pvc", *_REMOTES):
            return f"{backend or 'no backend'} is not among those that are copied (pvc, {', '.join(_REMOTES)})"
        if at(storage, "s3", "trustedCA", "name"):
            return "the Job does not see the authority that trustedCA names; copy by hand"
    one, other = backend_of(before), backend_of(after)
    if one == other and one != "pvc":
        return f"both are {one}, and there is one secret for the login of both; copy by hand"
    for backend in (one, other):
        if backend != "pvc" and not _login(backend, secrets):
            wanted = ", or ".join(" and ".join(keys.values()) for keys, name in _LOGINS[backend] if name == USER_SECRET)
            return f"rclone logs in to {backend} with {wanted} of {USER_SECRET}, which are not there; copy by hand"
    return ""


def manifest(before: Mapping[str, Any], after: Mapping[str, Any], image: str, secrets: Mapping[str, Any]) -> Any:
    """Make the Job. secrets: the secrets with logins that are there, by name."""
    sides = {"from": before, "to": after}
    volumes, mounts, env = [], [], list[dict[str, Any]]()
    for name, storage in sides.items():
        if backend_of(storage) == "pvc":
            claim = {"claimName": at(storage, "pvc", "claim") or DEFAULT_CLAIM, "readOnly": name == "from"}
            volumes.append({"name": name, "persistentVolumeClaim": claim})
            mounts.append({"name": name, "mountPath": f"/{name}", "readOnly": name == "from"})
            env.append({"name": name.upper(), "value": f"/{name}"})
        else:
            env += _remote(name, storage, secrets)
    volumes.append({"name": "tmp", "emptyDir": {}})
    mounts.append({"name": "tmp", "mountPath": "/tmp"})  # noqa: S108 - in the container
    local = all(backend_of(storage) == "pvc" for storage in sides.values())
    container = {
        "name": "copy", "image": image, "command": ["/bin/sh", "-c", _SHELL if local else _RCLONE], "env": env,
        "volumeMounts": mounts, "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
    }  # fmt: skip
    pod: dict[str, Any] = {"restartPolicy": "Never", "containers": [container], "volumes": volumes}
    if backend_of(before) == "pvc":
        pod["affinity"] = _BESIDE_THE_REGISTRY
    return {
        "metadata": {"labels": dict(_WORD)},
        "spec": {"backoffLimit": 1, "template": {"metadata": {"labels": dict(_WORD)}, "spec": pod}},
    }


#: A claim that is ReadWriteOnce is mounted on one node, where the registry's pod is.
_BESIDE_THE_REGISTRY = {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
    "weight": 100,
    "podAffinityTerm": {
        "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"docker-registry": "default"}},
    },
}]}}  # fmt: skip

#: Backend → rclone's name for it, and rclone's names of what is in the specification.
_REMOTES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "s3": ("s3", {"REGION": "region", "ENDPOINT": "regionEndpoint"}),
    "gcs": ("google cloud storage", {"PROJECT_NUMBER": "projectID"}),
    "azure": ("azureblob", {"ACCOUNT": "accountName"}),
    "swift": ("swift", {
        "AUTH": "authURL", "REGION": "regionName", "TENANT": "tenant", "TENANT_ID": "tenantID", "DOMAIN": "domain",
    }),
}  # fmt: skip
_SWIFT = "REGISTRY_STORAGE_SWIFT_"
#: Backend → logins that rclone takes: its names of them → keys of a secret, and which secret.
_LOGINS: Mapping[str, tuple[tuple[Mapping[str, str], str], ...]] = {
    "s3": (
        ({"ACCESS_KEY_ID": "REGISTRY_STORAGE_S3_ACCESSKEY", "SECRET_ACCESS_KEY": "REGISTRY_STORAGE_S3_SECRETKEY"},
         USER_SECRET),
        ({"ACCESS_KEY_ID": "aws_access_key_id", "SECRET_ACCESS_KEY": "aws_secret_access_key"}, MINTED_SECRET),
    ),
    "gcs": (
        ({"SERVICE_ACCOUNT_CREDENTIALS": "REGISTRY_STORAGE_GCS_KEYFILE"}, USER_SECRET),
        ({"SERVICE_ACCOUNT_CREDENTIALS": "service_account.json"}, MINTED_SECRET),
    ),
    "azure": (({"KEY": "REGISTRY_STORAGE_AZURE_ACCOUNTKEY"}, USER_SECRET),),
    "swift": (
        ({"USER": f"{_SWIFT}USERNAME", "KEY": f"{_SWIFT}PASSWORD"}, USER_SECRET),
        ({"APPLICATION_CREDENTIAL_ID": f"{_SWIFT}APPLICATIONCREDENTIALID",
          "APPLICATION_CREDENTIAL_SECRET": f"{_SWIFT}APPLICATIONCREDENTIALSECRET"}, USER_SECRET),
        ({"USER": f"{_SWIFT}USERNAME", "APPLICATION_CREDENTIAL_NAME": f"{_SWIFT}APPLICATIONCREDENTIALNAME",
          "APPLICATION_CREDENTIAL_SECRET": f"{_SWIFT}APPLICATIONCREDENTIALSECRET"}, USER_SECRET),
    ),
}  # fmt: skip


def _login(backend: str, secrets: Mapping[str, Any]) -> tuple[Mapping[str, str], str] | None:
    """Return the login that is whole; the secret of a person wins over that of the cloud, as for the operator."""
    wins = USER_SECRET if secrets.get(USER_SECRET) else MINTED_SECRET
    filled = {key for key, value in (at(secrets.get(wins), "data") or {}).items() if value}
    return next((one for one in _LOGINS[backend] if one[1] == wins and filled.issuperset(one[0].values())), None)


def _remote(name: str, storage: Mapping[str, Any], secrets: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Make the environment that describes an object store to rclone; logins stay in their secret."""
    backend = backend_of(storage)
    kind, said = _REMOTES[backend]
    config = storage[backend]
    start = f"RCLONE_CONFIG_{name.upper()}_"
    plain = {"TYPE": kind, **{key: str(config[field]) for key, field in said.items() if config.get(field)}}
    if backend == "s3":
        plain["PROVIDER"] = "Other" if config.get("regionEndpoint") else "AWS"
        plain["FORCE_PATH_STYLE"] = str(not config.get("virtualHostedStyle")).lower()
    place = config.get("bucket") or config.get("container")
    found: list[dict[str, Any]] = [{"name": f"{start}{key}", "value": value} for key, value in plain.items()]
    keys, secret = _login(backend, secrets) or ({}, "")
    for key, inside in keys.items():
        found.append({"name": f"{start}{key}", "valueFrom": {"secretKeyRef": {"name": secret, "key": inside}}})
    return [*found, {"name": name.upper(), "value": f"{name}:{place}"}]


def state_of(job: Manifest | None) -> str:
    """Say what the Job has come to."""
    if job is None:
        return ABSENT
    found = health.conditions(job)
    if found.get("Complete", {}).get("status") == "True":
        return DONE
    return FAILED if found.get("Failed", {}).get("status") == "True" else WORKS


def counted(log: str) -> dict[str, int] | None:
    """Read what the Job counted from its log, None when it did not come so far."""
    found = _RESULT.search(log)
    return {"blobs": int(found[1]), "files": int(found[2])} if found else None
