# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product: keeps the contract of RHEL/CentOS docker 1.13.1 ("the fork") that is written down in
# README.md beside this file. Python 2.7 only.
"""HTTP to a registry: which certificates are believed, and the daemon's words when it fails."""

import glob
import json
import os
import socket
import ssl

import httplib

CERTS = "/etc/docker/certs.d"
SYSTEM_BUNDLE = "/etc/pki/tls/certs/ca-bundle.crt"
_TIMEOUT = 15
_NOT_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST")


class Failed(Exception):
    """A request that got no useful answer; the text is what the daemon prints.

    status: of the answer, 0 when there was none; reason: without the address that was asked, "" for an answer.
    """

    def __init__(self, text, status=0, reason=""):
        Exception.__init__(self, text)
        self.status, self.reason = status, reason


class Registry(object):
    """One registry (host[:port]): `auth` is the base64 of user:password or None, `system` the trust read at start.

    scheme is given for a mirror; else the registry is asked which it speaks.
    """

    def __init__(self, index, secure, auth, system, scheme=None, below=""):
        self.index, self.secure, self.auth, self._system = index, secure, auth, system
        self._scheme, self._below = scheme, below

    def get(self, path, accept=None):
        """(body, headers) of a GET. Raises Failed."""
        if self._scheme is None:
            self._scheme = self._ping()
        path = self._below + path
        url = "%s://%s%s" % (self._scheme, self.index, path)
        headers = dict([("Accept", accept)] if accept else [])
        if self.auth:
            headers["Authorization"] = "Basic " + self.auth
        status, answer, body = self._request(self._scheme, path, headers)
        if status == 401:
            refused = "unauthorized: authentication required"
            raise Failed(refused if self.auth else "Get %s: no basic auth credentials" % url, status)
        if status != 200:
            raise Failed(_said(status, body), status)
        return body, answer

    def _ping(self):
        """Which scheme answers: https, and for an insecure registry then http."""
        for scheme in ("https",) if self.secure else ("https", "http"):
            try:
                self._request(scheme, "/v2/", {})
                return scheme
            except Failed as problem:
                last = problem
        raise last

    def _request(self, scheme, path, headers):
        host, colon, port = self.index.partition(":")
        port = int(port) if colon else {"https": 443, "http": 80}[scheme]
        try:
            if scheme == "https":
                connection = httplib.HTTPSConnection(host, port, timeout=_TIMEOUT, context=self._context())
            else:
                connection = httplib.HTTPConnection(host, port, timeout=_TIMEOUT)
            connection.connect()
            if scheme == "https" and self.secure:
                _match(connection.sock.getpeercert(), host)
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (socket.error, ssl.CertificateError, httplib.HTTPException) as problem:
            words = _words(problem, host, port)
            raise Failed("Get %s://%s%s: %s" % (scheme, self.index, path, words), 0, words)

    def _context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS)
        if not self.secure:
            return context
        context.verify_mode = ssl.CERT_REQUIRED
        if self._system:
            context.load_verify_locations(cadata=self._system)
        directory = os.path.join(CERTS, self.index)
        for ca in sorted(glob.glob(os.path.join(directory, "*.crt"))):
            try:
                context.load_verify_locations(ca)
            except (ssl.SSLError, IOError):
                pass
        for cert in sorted(glob.glob(os.path.join(directory, "*.cert"))):
            key = cert[:-len("cert")] + "key"
            if not os.path.exists(key):
                names = os.path.basename(key), os.path.basename(cert)
                raise Failed("missing key %s for client certificate %s. "
                             "Note that CA certificates should use the extension .crt" % names)
            context.load_cert_chain(cert, key)
        return context


def _match(certificate, host):
    """Raises CertificateError. Unlike Go, Python 2.7 does not look at addresses among the alternative names.

    Like Go before 1.15 it falls back to the common name when there are none.
    """
    if ("IP Address", host) not in certificate.get("subjectAltName", ()):
        ssl.match_hostname(certificate, host)


def system_trust():
    """The system's bundle; the daemon reads it once, when it starts."""
    try:
        with open(SYSTEM_BUNDLE) as handle:
            return handle.read().decode("ascii", "ignore")
    except IOError:
        return u""


def _words(problem, host, port):
    reason = getattr(problem, "reason", None)
    if reason == "CERTIFICATE_VERIFY_FAILED":
        return "x509: certificate signed by unknown authority"
    if reason in _NOT_TLS:
        return "http: server gave HTTP response to HTTPS client"
    if isinstance(problem, ssl.CertificateError):
        return "x509: certificate is not valid for %s" % host
    if isinstance(problem, socket.gaierror):
        return "dial tcp: lookup %s: no such host" % host
    if isinstance(problem, socket.timeout):
        return "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
    if isinstance(problem, httplib.BadStatusLine):
        return "EOF"
    try:
        host = socket.gethostbyname(host)
    except socket.error:
        pass
    return "dial tcp %s:%d: connect: %s" % (host, port, (getattr(problem, "strerror", None) or str(problem)).lower())


def _said(status, body):
    """What the daemon makes of an answer that is an error: the words of a registry, or that they are none."""
    if status >= 500:
        return "received unexpected HTTP status: %d %s" % (status, httplib.responses.get(status, ""))
    try:
        error = json.loads(body)["errors"][0]
        code = error["code"].lower().replace("_", " ")
        return "%s: %s" % (code, error.get("message") or code)
    except ValueError:
        first = body.strip()[:1] or " "
        return "error parsing HTTP %d response body: invalid character '%s' looking for beginning of value: \"%s\"" % (
            status, first, body)
    except (KeyError, IndexError, TypeError):
        return "unknown: unknown error"
