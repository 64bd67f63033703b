# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a node: pulls images for real, one configuration after the other. JSON on stdin and stdout.

In: {"marks": [[scheme, address, path], ...], "pulls": [{"files": {path: text}, "tool", "reference"}, ...]}.
Out: for each pull {"rc", "log", "image"}; image is the ID of what came (the digest of its configuration), or null.
Before pull N every registry is asked for the path with N at its end, so that its log tells what belongs to which pull.
"""

import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys

SCRATCH = "/tmp/pulled"
OWN = ("/etc/containers/registries.conf", "/etc/containers/registries.conf.d", "/var/cache/containers")

# A storage of its own for each pull: podman takes a local image into account when it reads a short name.
COMMANDS = {
    "podman": ["podman", "--log-level=debug", "--root", SCRATCH, "--storage-driver", "vfs", "pull", "--quiet"],
    "skopeo": ["skopeo", "--debug", "copy"],
}


def main():
    asked = json.load(sys.stdin)
    registries = [(connection(scheme, address), path) for scheme, address, path in asked["marks"]]
    answers = []
    for number, pull in enumerate(asked["pulls"]):
        for registry, path in registries:
            registry.request("GET", f"{path}{number}")
            registry.getresponse().read()
        write(pull["files"])
        answers.append(run(pull["tool"], pull["reference"]))
    json.dump(answers, sys.stdout)


def connection(scheme, address):
    if scheme == "https":
        return http.client.HTTPSConnection(address, timeout=10, context=ssl._create_unverified_context())
    return http.client.HTTPConnection(address, timeout=10)


def write(files):
    """Nothing but these files tells podman and skopeo about registries; one whose text is null is not to be there."""
    remove(*OWN, *files)
    for path, text in files.items():
        if text is None:
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as stream:
            stream.write(text)


def run(tool, reference):
    remove(SCRATCH)
    names = [reference] if tool == "podman" else [f"docker://{reference}", f"dir:{SCRATCH}"]
    done = subprocess.run(COMMANDS[tool] + names, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    return {"rc": done.returncode, "log": done.stderr, "image": None if done.returncode else image(tool, done.stdout)}


def image(tool, output):
    if tool == "podman":
        return output.split()[-1]
    with open(f"{SCRATCH}/manifest.json") as stream:
        return json.load(stream)["config"]["digest"].partition(":")[2]


def remove(*paths):
    for path in paths:
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.unlink(path)


main()
