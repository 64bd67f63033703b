#!/usr/bin/python2.7 -s
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in for `openshift` on a master of OpenShift 3: start and ex validate. Not the product: see README.md.

usage: openshift start master {api|controllers} --config=FILE
       openshift ex validate master-config FILE
"""

from __future__ import print_function

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading

from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer

FAULTS = "/run/dockyard-lab"
# libyaml is the parser that go-yaml was ported from.
TO_JSON = "$YAML::XS::Boolean = 'JSON::PP'; print JSON::PP->new->utf8->allow_nonref->encode(YAML::XS::LoadFile($ARGV[0]))"
FLAGS = ("reject", "invertMatch", "matchIntegratedRegistry", "skipOnResolutionFailure", "ignoreNamespaceOverride")


class Refused(Exception):
    """Why the master does not start."""


def fault(name):
    """Say whether a test wants this fault."""
    return os.path.exists(os.path.join(FAULTS, name))


def loaded(path):
    """Return the file as a value, or refuse it."""
    program = ["perl", "-MYAML::XS", "-MJSON::PP", "-e", TO_JSON, path]
    done = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = done.communicate()
    if done.returncode:
        raise Refused("%s: %s" % (path, err.strip().splitlines()[0] if err.strip() else "not YAML"))
    return json.loads(out)


def at(value, *keys):
    """Return the value below these keys, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def check(path):
    """Refuse what the product does not start with, as far as this stand-in knows; return the configuration."""
    config = loaded(path)
    if at(config, "kind") != "MasterConfig":
        raise Refused("%s: Object 'Kind' is missing, or is not MasterConfig" % path)
    plugin = at(config, "admissionConfig", "pluginConfig", "openshift.io/ImagePolicy") or {}
    policy = plugin.get("configuration")
    if not policy and plugin.get("location"):
        policy = loaded(os.path.join(os.path.dirname(path), plugin["location"]))
    if policy and policy.get("kind") != "DefaultAdmissionConfig":
        check_policy(policy)
    check_imports(config.get("imagePolicyConfig") or {})
    return config


def check_policy(policy):
    if (policy.get("kind"), policy.get("apiVersion")) != ("ImagePolicyConfig", "v1"):
        raise Refused("openshift.io/ImagePolicy: no kind %r is registered" % policy.get("kind"))
    names = set()
    for rule in policy.get("executionRules") or []:
        rule = rule or {}
        name = rule.get("name", "")
        if name in names:
            raise Refused("openshift.io/ImagePolicy.executionRules: Duplicate value: %r" % str(name))
        names.add(name)
        if not isinstance(rule.get("matchRegistries") or [], list):
            raise Refused("matchRegistries: expect [ or n")
        for flag in FLAGS:
            if not isinstance(rule.get(flag, False), bool):
                raise Refused("%s: ReadBool: expect t or f" % flag)


def check_imports(settings):
    if not isinstance(settings, dict):
        raise Refused("imagePolicyConfig: expect { or n")
    for entry in settings.get("allowedRegistriesForImport") or []:
        if not isinstance(entry, dict):
            raise Refused("allowedRegistriesForImport: expect { or n")
        if not re.match(r"[^:]+(:\d+)?$", entry.get("domainName") or ""):
            raise Refused("allowedRegistriesForImport.domainName: Invalid value: %r" % str(entry.get("domainName")))


def ready():
    """Tell systemd that the service is up."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        address = "\0" + address[1:] if address.startswith("@") else address
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto("READY=1", address)


class Healthz(BaseHTTPRequestHandler):
    """Answers GET /healthz, and nothing else."""

    def do_GET(self):
        known = self.path == "/healthz"
        red = fault("master-red")
        body = "ok" if known and not red else "[-]poststarthook/ca-registration failed\nhealthz check failed\n"
        self.send_response(500 if red else 200 if known else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *dummy):
        pass


def certificate(folder):
    """Return certificate and key of the API; made once."""
    paths = [os.path.join(folder, "standin.server." + end) for end in ("crt", "key")]
    if not all(map(os.path.exists, paths)):
        with open(os.devnull, "w") as null:
            subprocess.check_call(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=standin",
                 "-out", paths[0], "-keyout", paths[1]], stderr=null)
    return paths


def start(part, path):
    config = check(path)
    if fault("master-refuses"):
        word = open(os.path.join(FAULTS, "master-refuses")).read().strip()
        if word in open(path).read():
            raise Refused("%s: error: the server refuses %s" % (path, word))
    if fault("master-hangs"):
        threading.Event().wait(3600)
    if part == "api":
        host, port = (at(config, "servingInfo", "bindAddress") or "0.0.0.0:8443").rsplit(":", 1)
        HTTPServer.allow_reuse_address = True
        server = HTTPServer((host, int(port)), Healthz)
        crt, key = certificate("/run")
        server.socket = ssl.wrap_socket(server.socket, keyfile=key, certfile=crt, server_side=True)
        ready()
        server.serve_forever()
    ready()
    while True:
        threading.Event().wait(3600)


def main(words):
    if words[:3] == ["ex", "validate", "master-config"]:
        check(words[3])
        print("SUCCESS: Validation succeeded for file: %s" % words[3])
    elif words[:2] == ["start", "master"] and words[3].startswith("--config="):
        start(words[2], words[3].partition("=")[2])
    else:
        raise Refused(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refused:
        sys.exit("Error: %s" % refused)
