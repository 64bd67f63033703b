# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry as a client outside of the cluster talks to it: by TLS that is verified, with a login, patiently.

The login goes to the registry and to the token service that it names, and nowhere else.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from ...problems import one_line

#: Answers of a registry that starts, or of a router that has no pod behind it yet.
_PASSING = (429, 500, 502, 503, 504)
_ELSEWHERE = (301, 302, 307, 308)
_PAUSE = 2.0


class Unanswered(Exception):
    """Why nobody can tell whether it works; the sentence names who was asked."""


class HttpRequest(NamedTuple):
    """One request. at_once: whether the login goes with it unasked. login: None sends none."""

    method: str
    address: str
    login: str | None
    content: bytes | None = None
    kind: str | None = None
    accept: str | None = None
    at_once: bool = False


class Reply(NamedTuple):
    """What was answered, by whom (the registry, or its token service), and whether a login was wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whose: str
    wanted: bool


#: Sends a request once, following no redirect. Raises Unanswered, or what the network raises.
Exchange = Callable[[HttpRequest], Reply]


@dataclass
class Registry:
    """host[:port] and the login for it (Basic …).

    seconds: how long answers that pass, and silence, are borne. remarks: what was borne.
    """

    host: str
    login: str = field(repr=False)
    exchange: Exchange
    seconds: float
    remarks: list[str] = field(default_factory=list)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def send(self, method: str, path: str, content: bytes | None = None, **more: str | bool) -> Reply:
        """Send a request, again while its answer may pass. path: or a URL of this host. Raises Unanswered."""
        address = urljoin(f"https://{self.host}/", path)
        if not address.startswith(f"https://{self.host}/"):
            netloc = urlsplit(address).netloc
            raise Unanswered(f"{self.host} sends on to {netloc}, which gets neither the login nor the image")
        return self._patiently(HttpRequest(method, address, self.login, content, **more))  # type: ignore[arg-type]

    def fetch(self, path: str) -> Reply:
        """Get a blob; another host that the registry sends to is asked without the login. Raises Unanswered."""
        reply = self.send("GET", path)
        if reply.status not in _ELSEWHERE:
            return reply
        address = urljoin(f"https://{self.host}/", reply.headers.get("Location") or "")
        if not address.startswith("https://"):
            raise Unanswered(f"{self.host} sends on to {urlsplit(address).netloc}, which is not https")
        store = urlsplit(address).netloc
        found = self._patiently(HttpRequest("GET", address, self.login if store == self.host else None))
        if store != self.host and found.status in (401, 403):  # not about the login, which it never saw
            raise Unanswered(f"{store}, where {self.host} sends on to, answers with status {found.status}")
        return found

    def _patiently(self, request: HttpRequest) -> Reply:
        host = urlsplit(request.address).netloc
        end, times = self.clock() + self.seconds, 0
        while True:
            times += 1
            reply, why = self._once(host, request)
            if reply and not why:
                return reply
            if self.clock() >= end:
                raise Unanswered(f"{host} {why}; asked {times} times within {self.seconds:g} s")
            if (text := f"{host} {why} at first, and was asked again") not in self.remarks:
                self.remarks.append(text)
            self.sleep(_PAUSE)

    def _once(self, host: str, request: HttpRequest) -> tuple[Reply | None, str]:
        """Return the reply, and why another one may come soon. Raises Unanswered where none will."""
        try:
            reply = self.exchange(request)
        except Unanswered:
            raise
        except Exception as problem:  # whatever a network can do
            reason = getattr(problem, "reason", problem)
            if isinstance(reason, ssl.SSLError) and not isinstance(reason, _CUT_OFF):
                raise Unanswered(f"{host} {_of_network(reason)}") from None
            return None, _of_network(reason)
        return reply, f"answers with status {reply.status}" if reply.status in _PASSING else ""


#: What a server does that is just being started or ended.
_CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def _of_network(reason: object) -> str:
    """Say what the network did; never what was sent."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not taken: {one_line(reason.verify_message)}"
    if isinstance(reason, TimeoutError):
        return "does not answer in time"
    if isinstance(reason, OSError):
        return f"cannot be reached: {one_line(reason.strerror or type(reason).__name__)}"
    return f"cannot be asked: {type(reason).__name__}"
