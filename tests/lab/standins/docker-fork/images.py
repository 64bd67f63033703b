# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product: keeps the contract of RHEL/CentOS docker 1.13.1 ("the fork") that is written down in
# README.md beside this file. Python 2.7 only.
"""Images and pretended containers, kept below /var/lib/docker; pulling is real, running is not."""

import contextlib
import hashlib
import json
import os
import threading
import uuid

import flags
import lists
import transport

ROOT = "/var/lib/docker/standin"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Store(object):
    """`images`: {name:tag: {id, digest, size}}; `containers`: {id: {image, name, running}}."""

    def __init__(self, registries, live_restore):
        self._lists, self._live_restore = registries, live_restore
        self._system = transport.system_trust()
        self._lock = threading.Lock()
        if not os.path.isdir(ROOT + "/blobs"):
            os.makedirs(ROOT + "/blobs", 0o700)
        self.images, self.containers = self._load("images"), self._load("containers")
        self._stop_containers()

    def pull(self, name, auths):
        """Try the registries of a name in order; yields lines. Raises transport.Failed with the last one's error.

        A short name goes on after every failure, whatever it is.
        """
        index, path, tag = lists.split(name)
        if path != path.lower():
            said = 'Error parsing reference: "%s" is not a valid repository/tag: repository name must be lowercase'
            raise transport.Failed(said % name)
        try:
            candidates = [index] if index else self._lists.candidates()
        except ValueError as problem:
            raise transport.Failed(str(problem))
        problem = None
        for candidate in candidates:
            remote = lists.remote_path(candidate, path)
            yield "Trying to pull repository %s/%s ... " % (candidate, remote)
            try:
                for line in self._pull_from(candidate, path, remote, tag, auths):
                    yield line
                return
            except transport.Failed as failure:
                problem = transport.Failed(self._in_words(failure, candidate, path, tag))
        raise problem

    def _in_words(self, failure, index, path, tag):
        """What is printed of a failure in the end: a registry with v1 is asked by that after 404, 401 and no answer."""
        digest = tag.startswith("sha256:")
        v1 = self._lists.legacy and index != lists.DEFAULT and not digest
        text = str(failure)
        if failure.status in (404, 401) and v1 and not text.startswith("error parsing"):
            return "Error: image %s:%s not found" % (path, tag)
        if failure.status == 404 and not text.startswith("error parsing"):
            return "manifest for %s/%s%s%s not found" % (index, path, "@" if digest else ":", tag)
        if failure.status == 403:
            return "repository %s/%s not found: does not exist or no pull access" % (index, path)
        if failure.reason and failure.reason != "EOF":
            host = "registry-1.docker.io" if index == lists.DEFAULT else index
            if v1 and not self._lists.is_secure(index):
                return "Error while pulling image: Get http://%s/v1/repositories/%s/images: %s" % (
                    host, path, failure.reason)
            return "Get https://%s/%s: %s" % (host, "v1/_ping" if v1 else "v2/", failure.reason)
        return text

    def run(self, image, name):
        """Pretend that a container runs; its id."""
        new = (uuid.uuid4().hex + uuid.uuid4().hex)
        with self._changing():
            self.containers[new] = {"image": image, "name": name or "lab_" + new[:6], "running": True}
        return new

    def change(self, wanted, action):
        """`stop` or `rm` a container by id, its beginning, or name. Raises KeyError."""
        found = [key for key, value in self.containers.items() if key.startswith(wanted) or value["name"] == wanted]
        if len(found) != 1:
            raise KeyError(wanted)
        with self._changing():
            if action == "rm":
                del self.containers[found[0]]
            else:
                self.containers[found[0]]["running"] = False

    def remove_image(self, name):
        """Forget an image. Raises KeyError."""
        with self._changing():
            del self.images[_full(name)]

    def keep_containers(self, live_restore):
        """Whether they outlive the daemon, as SIGHUP may say."""
        self._live_restore = live_restore

    def shutdown(self):
        """Containers die with the daemon unless live-restore keeps them."""
        self._stop_containers()

    def _stop_containers(self):
        if self._live_restore:
            return
        with self._changing():
            for container in self.containers.values():
                container["running"] = False

    def _pull_from(self, index, path, remote, tag, auths):
        registry, body = self._manifest(index, remote, tag, _login(auths, index))
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        if tag.startswith("sha256:") and tag != digest:
            raise transport.Failed("manifest verification failed for digest %s" % tag)
        try:
            manifest = flags.read_json(body.decode("utf-8", "replace"))
        except ValueError as problem:
            raise transport.Failed(str(problem))
        if manifest.get("schemaVersion") != 2 or "layers" not in manifest:
            raise transport.Failed("unsupported manifest of %s/%s" % (index, remote))
        yield "%s: Pulling from %s/%s" % (tag, index, remote)
        shown = path[len("library/"):] if index == lists.DEFAULT and path.startswith("library/") else path
        name = "%s/%s%s%s" % (index, shown, "@" if tag.startswith("sha256:") else ":", tag)
        known = self.images.get(name, {}).get("digest") == digest
        for blob in manifest["layers"] + [manifest["config"]]:
            self._blob(registry, remote, blob["digest"])
            if blob is not manifest["config"]:
                yield "%s: Pull complete" % blob["digest"][7:19]
        with self._changing():
            self.images[name] = {"id": manifest["config"]["digest"], "digest": digest,
                                 "size": sum(layer["size"] for layer in manifest["layers"])}
        yield "Digest: " + digest
        yield "Status: %s for %s" % ("Image is up to date" if known else "Downloaded newer image", name)

    def _manifest(self, index, remote, tag, auth):
        """The first endpoint that has it, and what it says. Raises transport.Failed with the last one's error."""
        problem = transport.Failed("All endpoints blocked.")
        try:
            endpoints = self._lists.endpoints(index)
        except ValueError as wrong:
            raise transport.Failed(str(wrong))
        for scheme, host, below in endpoints:
            registry = transport.Registry(host, self._lists.is_secure(host), auth, self._system, scheme, below)
            try:
                return registry, registry.get("/v2/%s/manifests/%s" % (remote, tag), _MANIFEST)[0]
            except transport.Failed as failure:
                problem = failure
        raise problem

    def _blob(self, registry, remote, digest):
        target = os.path.join(ROOT, "blobs", digest.replace("/", "_"))
        if os.path.exists(target):
            return
        content, _headers = registry.get("/v2/%s/blobs/%s" % (remote, digest))
        if "sha256:" + hashlib.sha256(content).hexdigest() != digest:
            raise transport.Failed("filesystem layer verification failed for digest %s" % digest)
        with open(target + ".new", "wb") as handle:
            handle.write(content)
        os.rename(target + ".new", target)

    def _load(self, what):
        try:
            with open(os.path.join(ROOT, what + ".json")) as handle:
                return json.load(handle)
        except IOError:
            return {}

    @contextlib.contextmanager
    def _changing(self):
        with self._lock:
            yield
            for what in ("images", "containers"):
                path = os.path.join(ROOT, what + ".json")
                with open(path + ".new", "w") as handle:
                    json.dump(getattr(self, what), handle, indent=1, sort_keys=True)
                os.rename(path + ".new", path)


def _login(auths, index):
    """The base64 of user:password for a registry; mirrors get that of Docker Hub."""
    names = ["https://index.docker.io/v1/"] if index == lists.DEFAULT else [
        index, "https://" + index, "https://%s/v1/" % index, "https://%s/v2/" % index]
    return next((auths[name].get("auth") for name in names if name in auths), None)


def _full(name):
    index, path, tag = lists.split(name)
    return "%s/%s%s%s" % (index or lists.DEFAULT, path, "@" if tag.startswith("sha256:") else ":", tag)
