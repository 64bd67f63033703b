# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the objects of stock.yml into a cluster, status included, and simulated nodes.

usage: stock.py KUBECONFIG
"""

from __future__ import annotations

import json
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

import yaml

STOCK = Path(__file__).with_name("stock.yml")
#: kind → what its path ends in.
PLURALS = {
    "Namespace": "namespaces", "Node": "nodes", "Image": "images", "ClusterVersion": "clusterversions",
    "Infrastructure": "infrastructures", "MachineConfigPool": "machineconfigpools",
    "MachineConfiguration": "machineconfigurations",
}  # fmt: skip
NODES = {"master": 3, "worker": 6}


class Api:
    """The API server of a kubeconfig that this lab wrote."""

    def __init__(self, kubeconfig: Path) -> None:
        config = json.loads(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.server, self.token = cluster["server"], user["token"]
        context = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def apply(self, manifest: dict) -> None:
        """Apply an object, and its status where it has one."""
        group = manifest["apiVersion"]
        start = f"/apis/{group}" if "/" in group else f"/api/{group}"
        path = f"{start}/{PLURALS[manifest['kind']]}/{manifest['metadata']['name']}"
        status = manifest.pop("status", None)
        self.patch(path, manifest)
        if status is not None:
            self.patch(f"{path}/status", {**manifest, "status": status})

    def patch(self, path: str, manifest: dict) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/apply-patch+yaml"}
        query = "?fieldManager=lab&force=true&fieldValidation=Strict"
        request = urllib.request.Request(
            f"{self.server}{path}{query}", json.dumps(manifest).encode(), headers, method="PATCH"
        )
        try:
            self.opener.open(request, timeout=30).read()
        except urllib.error.HTTPError as error:
            sys.exit(f"stock: {path}: {error.code} {error.read().decode()[:600]}")


def nodes() -> list[dict]:
    return [
        {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": f"{role}-{number}",
                "labels": {
                    f"node-role.kubernetes.io/{role}": "", "kubernetes.io/hostname": f"{role}-{number}",
                    "kubernetes.io/os": "linux",
                },
                "annotations": {"kwok.x-k8s.io/node": "fake"},
            },
        }
        for role, count in NODES.items()
        for number in range(count)
    ]  # fmt: skip


def main(kubeconfig: str) -> None:
    api = Api(Path(kubeconfig))
    for manifest in [*yaml.safe_load(STOCK.read_text(encoding="utf-8")), *nodes()]:
        api.apply(manifest)


if __name__ == "__main__":
    main(sys.argv[1])
