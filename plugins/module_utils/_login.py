# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask registries whether they take the logins that auth files of this host hold.

Runs on managed hosts by itself (python -c), under Python 2.7 and later. Four words a login: the registry, the auth
file, the key of its entry, and "insecure" or "secure". The secret is read from the file, and sent to the registry or to
the token service that the registry names, nowhere else: not over http unless insecure, and not after a redirect. On the
controller the task mirrors_check asks registries by the same functions.

Prints a line each, "REGISTRY OUTCOME: reason". accepted, refused; unasked: the registry wants no login; undecided: it
could not be asked. Ends with 1 when one was refused.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import glob
import json
import re
import ssl
import sys

try:
    from urllib.error import HTTPError
    from urllib.parse import urlencode, urlsplit
    from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener
except ImportError:  # Python 2.7
    from urllib import urlencode

    from urllib2 import HTTPError, HTTPRedirectHandler, HTTPSHandler, Request, build_opener
    from urlparse import urlsplit

TIMEOUT = 8
CERTS = ("/root/.config/containers/certs.d", "/etc/containers/certs.d", "/etc/docker/certs.d")
DOCKER_HUB = {"docker.io": "registry-1.docker.io"}
LARGEST = 1 << 20
#: What is offered: the header of a Basic login, or an identity token: that is for token services, and never a header.
Login = collections.namedtuple("Login", "basic identity")


class Undecided(Exception):
    """Why nobody can say whether the login is good."""


class Stay(HTTPRedirectHandler):
    """Follows no redirect: what it leads to is not who was asked."""

    def redirect_request(self, *dummy):
        return None


class Peer:
    """One registry as this host reaches it. authorities: certificates (PEM) that count beside those of the host."""

    def __init__(self, registry, insecure, authorities=""):
        self.host = DOCKER_HUB.get(registry.partition("/")[0], registry.partition("/")[0])
        self.insecure = insecure
        self.authorities = authorities

    def ways(self):
        """Return (scheme, whether certificates count), the safest first."""
        return [("https", True)] + ([("https", False), ("http", False)] if self.insecure else [])

    def get(self, url, verified, authorization=None, method="GET", accept=None, content=None, kind=None):
        """Return (status, headers, body); raise what urllib raises when there is no answer. content: what is sent."""
        context = ssl.create_default_context()
        if verified:
            for directory in CERTS:
                for path in glob.glob("%s/%s/*.crt" % (directory, self.host)):
                    context.load_verify_locations(path)
            if self.authorities:
                context.load_verify_locations(cadata=self.authorities)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        request = Request(url, data=content, headers={"User-Agent": "dockyard.openshift"})
        request.get_method = lambda: method  # Python 2.7 takes no method
        for name, value in (("Accept", accept), ("Content-Type", kind)):
            if value:
                request.add_header(name, value)
        if authorization:
            request.add_unredirected_header("Authorization", authorization)
        try:
            answer = build_opener(HTTPSHandler(context=context), Stay()).open(request, timeout=TIMEOUT)
            status = answer.getcode()
        except HTTPError as error:
            answer, status = error, error.code
        return status, answer.headers, answer.read(LARGEST)


def auth_of(path, key):
    """Return the base64 of user:password in an auth file."""
    with open(path) as file:
        document = json.load(file)
    entries = document if path.endswith(".dockercfg") else document["auths"]
    return "".join(entries[key]["auth"].split())


def outcome(registry, path, key, insecure):
    """Return (outcome, reason) for one login."""
    peer = Peer(registry, insecure)
    status, dummy, whose, wanted = ask(peer, "/v2/", Login("Basic %s" % auth_of(path, key), None))
    if status == 200 and not wanted:
        return "unasked", "%s asks for no login" % peer.host
    if status != 200 and not wanted:
        raise Undecided("%s answers with status %s" % (peer.host, status))
    return judged(status, whose)


def ask(peer, path, login, method="GET", accept=None):
    """Return (status, headers, who answered, whether a login was wanted).

    login: a Login, or None. Raises Undecided where there is no answer.
    """
    reason = ""
    for scheme, verified in peer.ways():
        address = "%s://%s%s" % (scheme, peer.host, path)
        try:
            status, headers, body = peer.get(address, verified, None, method, accept)
        except Exception as error:  # whatever a network can do; the next way may work
            reason = reason or "%s cannot be reached: %s" % (peer.host, error)
            continue
        answer = status, headers, body
        status, headers, dummy, whose, wanted = logged_in(peer, address, verified, login, answer, method, accept)
        return status, headers, whose, wanted
    raise Undecided(reason)


def logged_in(peer, address, verified, login, answer, *what):
    """Return (status, headers, body, who answered, whether a login was wanted), asked again with it where it was.

    answer: what came without a login. what: the rest of the request, as for Peer.get. Raises Undecided.
    """
    status, headers, body = answer
    if status != 401:
        return status, headers, body, peer.host, False
    challenge = headers.get("WWW-Authenticate") or ""
    if challenge.lower().startswith("basic"):
        if login and login.identity:
            raise Undecided("%s wants a user and a password, and the login is an identity token" % peer.host)
        authorization, whose = login and login.basic, peer.host
    else:
        status, authorization, whose = by_token(peer, verified, challenge, login)
        if status != 200:
            return status, {}, b"", whose, True
    if authorization:
        status, headers, body = peer.get(address, verified, authorization, *what)
    return status, headers, body, whose, True


def by_token(peer, verified, challenge, login):
    """Return (status, header with the token, who answers to it) of the token service that a registry names."""
    said = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = urlsplit(said.get("realm", ""))
    if realm.scheme != "https" and not (realm.scheme == "http" and peer.insecure):
        raise Undecided("%s names the token service %s, which is not https" % (peer.host, realm.netloc or "nowhere"))
    query = dict((name, said[name]) for name in ("service", "scope") if name in said)
    try:
        if login and login.identity:
            status, dummy, body = by_identity(peer, said["realm"], verified, query, login.identity)
        else:
            url = said["realm"] + ("&" if realm.query else "?") + urlencode(query)
            status, dummy, body = peer.get(url, verified, login and login.basic)
    except Exception as error:
        raise Undecided("the token service %s cannot be reached: %s" % (realm.netloc, error))
    if status != 200:
        return status, None, "the token service %s" % realm.netloc
    try:
        answer = json.loads(body.decode("utf-8"))
        token = answer.get("token") or answer["access_token"]
    except (ValueError, KeyError, AttributeError):
        raise Undecided("the token service %s gives no token" % realm.netloc)
    return status, "Bearer %s" % token, "%s with a token of %s" % (peer.host, realm.netloc)


def by_identity(peer, url, verified, query, token):
    """Ask a token service with an identity token, in the body of a POST. Source: distribution, auth/oauth.md."""
    form = dict(query, grant_type="refresh_token", client_id="dockyard.openshift", refresh_token=token)
    kind = "application/x-www-form-urlencoded"
    return peer.get(url, verified, None, "POST", None, urlencode(form).encode("ascii"), kind)


def judged(status, whose):
    if status in (401, 403):
        return "refused", "%s answers with status %s" % (whose, status)
    if status != 200:
        raise Undecided("%s answers with status %s" % (whose, status))
    return "accepted", "by %s" % whose


def main(words):
    refused = False
    for at in range(0, len(words), 4):
        registry, path, key, how = words[at : at + 4]
        try:
            said, reason = outcome(registry, path, key, how == "insecure")
        except Undecided as undecided:
            said, reason = "undecided", str(undecided)
        except Exception as error:  # a name of its class: its text may hold what was sent
            said, reason = "undecided", type(error).__name__
        line = "%s %s: %s" % (registry, said, " ".join(reason.split())[:200])
        print(line)
        if said == "refused":
            refused = True
            sys.stderr.write(line + "\n")
    return int(refused)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
