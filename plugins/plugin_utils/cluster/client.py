# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain requests to an API server: read objects and lists, write with the version that was read.

Everything a server could do to hold a task up or to lead it away is bounded here: time for a request and for all of
them, the size of an answer, the number of pages. Redirects are not followed, so that no login goes to another host.

Sources: Kubernetes API concepts ("Retrieving large results sets in chunks", "Dry-run", "Field validation"), API
conventions ("HTTP Status codes", "Response Status Kind").
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from ..problems import one_line
from .api import ClusterProblem, Manifest, Ref, at

#: The name under which the API server notes our fields (metadata.managedFields).
MANAGER = "dockyard.openshift"

_WHOLE = "application/json"
_BARE = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_PAGE = 500  # objects of one page of a list
_PAGES = 400
_LONGEST_MESSAGE = 600
#: A refused patch is told with the object as it would be, which may be long and hold secrets.
_WHOLE_OBJECT = re.compile(r'Invalid value: "\{.*\}": ', re.DOTALL)
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
#: Statuses of a read that may be gone at the next try, and how long to wait before each try.
_PASSING = (500, 502, 503, 504)
_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Reply:
    """What a server answered; chunks give the body piece by piece."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] = ()

    def header(self, name: str) -> str:
        """Return a header by its name in any case, "" without it."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


class NotSent(Exception):
    """There was no connection, so the server knows nothing of the request; the text says why."""


class NoAnswer(Exception):
    """The connection broke or the time was over before the answer; the server may have done what was asked."""


class Transport(Protocol):
    """One connection to a server, with the login of the person in it."""

    @property
    def address(self) -> str:
        """The address of the server, as sentences name it."""

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, seconds: float) -> Reply:
        """Send one request, following no redirect. Raises NotSent, NoAnswer; so do the chunks of the reply."""

    def renew(self) -> bool:
        """Read the login anew, where it comes from a file or program; whether it is another one now."""


class Rejected(ClusterProblem):
    """The server said no: status and reason as the API gives them."""

    def __init__(self, status: int, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.reason = status, reason


class Moved(ClusterProblem):
    """The object is not what it was when it was read, so nothing was written; or nobody knows whether it was."""


class NoSuchKind(Exception):
    """The API has no resource of this name."""


@dataclass(frozen=True)
class Limits:
    """How long and how large: seconds for a request and for all of them, bytes of an answer and of a whole list."""

    request: float = 30.0
    total: float = 600.0
    answer: int = 32 * 1024 * 1024
    listing: int = 128 * 1024 * 1024


@dataclass
class Client:
    """Reads and writes objects. clock and sleep are for tests.

    requests: how many of each method were sent. warnings: what the server remarked (header Warning).
    """

    transport: Transport
    limits: Limits = Limits()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    requests: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _version: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self._end = self.clock() + self.limits.total

    # --- reading ---

    def read(self, ref: Ref) -> Manifest | None:
        """Read one object, None when it is not there. Raises NoSuchKind, ClusterProblem."""
        status, body, dummy = self._ask("GET", ref.path)
        if status == 404:
            _missing(body)
            return None
        return self._object(ref, status, body)

    def text(self, path: str) -> str:
        """Read a text that is not an object, such as the log of a pod; "" without one. Raises ClusterProblem."""
        status, body, dummy = self._ask("GET", path)
        return body if status == 200 and isinstance(body, str) else ""

    def read_all(self, ref: Ref, **selectors: str) -> tuple[Manifest, ...]:
        """Read all objects of a kind, page by page. selectors: fieldSelector, labelSelector, unless the ref has them.

        Raises NoSuchKind, ClusterProblem.
        """
        own = {"fieldSelector": ref.fields, "labelSelector": ref.labels}
        selectors = {**selectors, **{name: text for name, text in own.items() if text}}
        for _again in range(2):  # a list that takes too long begins anew
            items = self._pages(ref, selectors)
            if items is not None:
                return tuple(items)
        raise ClusterProblem(f"{ref} could not be read: the list changes faster than the API server pages it")

    def _pages(self, ref: Ref, selectors: Mapping[str, str]) -> list[Manifest] | None:
        items: list[Manifest] = []
        tokens: set[str] = set()
        token, size = "", 0
        for _page in range(_PAGES):
            query = {"limit": str(_PAGE)} | dict(selectors) | ({"continue": token} if token else {})
            accept = _BARE if ref.bare else _WHOLE
            status, body, length = self._ask("GET", f"{ref.path}?{urlencode(query)}", accept=accept)
            if status == 404:
                _missing(body)
            if status == 410:
                return None
            page, size = self._object(ref, status, body), size + length
            found = page.get("items", ())
            found = [] if found is None and str(page.get("kind")).endswith("List") else found  # a nil slice of Go
            if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
                raise ClusterProblem(f"{ref} could not be read: the API server's answer has no list of objects")
            start = {"apiVersion": ref.resource.api_version, "kind": ref.resource.kind}
            items += [item | start if ref.bare else start | item for item in found]
            token = str(at(page, "metadata", "continue") or "")
            if not token:
                return items
            if token in tokens or size > self.limits.listing:
                break
            tokens.add(token)
        raise ClusterProblem(f"{ref} could not be read: the API server's list has no end")

    def version(self) -> tuple[int, int]:
        """Major and minor version of Kubernetes, asked for once. Raises ClusterProblem."""
        if self._version is None:
            status, body, dummy = self._ask("GET", "/version")
            found = [re.match(r"\d+", str(at(body, part) or "")) for part in ("major", "minor")]
            if status != 200 or not all(found):
                raise ClusterProblem(f"{self.transport.address}/version does not say which Kubernetes this is")
            major, minor = (int(match[0]) for match in found if match)
            self._version = major, minor
        return self._version

    def can_rehearse(self) -> bool:
        """Say whether the server knows dryRun: an older one would take the parameter for noise, and write."""
        return self.version() >= (1, 18)

    # --- writing ---

    def create(self, ref: Ref, manifest: Manifest, *, rehearse: bool = False) -> Manifest:
        """Make an object and return it as stored. Raises Moved when one of its name is there by now, ClusterProblem."""
        place = Ref(ref.resource, namespace=ref.namespace)
        return self._write("POST", place.path, ref, manifest, "application/json", rehearse)

    def patch(self, ref: Ref, fields: Manifest, version: str, *, rehearse: bool = False) -> Manifest:
        """Merge fields into an object of this resourceVersion (JSON merge patch). Raises Moved, ClusterProblem."""
        metadata = {**(fields.get("metadata") or {}), "resourceVersion": version}
        body = {**fields, "metadata": metadata}
        return self._write("PATCH", ref.path, ref, body, "application/merge-patch+json", rehearse)

    def delete(self, ref: Ref, uid: str, version: str, *, rehearse: bool = False) -> None:
        """Remove an object, if it is still the one of this uid and version. Raises Moved, ClusterProblem."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        exactly = {"preconditions": {"uid": uid, "resourceVersion": version}}
        query = "?dryRun=All" if rehearse else ""
        status, body, dummy = self._ask("DELETE", ref.path + query, options | exactly, "application/json", writes=ref)
        if status != 404:
            self._accepted("DELETE", ref, status, body)

    def attempt(self, path: str, body: Manifest) -> tuple[int, str, float]:
        """Send a request whose refusal is an answer, such as an eviction, once.

        Returns its status (0: there was none), what the server says, and the seconds after which to ask again.
        """
        headers = {"Accept": "application/json", "User-Agent": MANAGER, "Content-Type": "application/json"}
        for renewed in (False, True):
            self.requests["POST"] = self.requests.get("POST", 0) + 1
            try:
                reply = self.transport.send("POST", path, headers, json.dumps(body).encode(), self._seconds(path))
                answer, dummy = self._body(reply, path)
            except (NotSent, NoAnswer) as problem:
                return 0, str(problem), 0.0
            if reply.status != 401 or renewed or not self.transport.renew():
                break
        return reply.status, _with_budgets(answer), _seconds_of(reply.header("Retry-After"))

    def ask(self, ref: Ref, manifest: Manifest) -> Manifest:
        """Send a question that is never stored, such as an access review. Raises NoSuchKind, ClusterProblem."""
        place = Ref(ref.resource, namespace=ref.namespace)
        status, body, dummy = self._ask("POST", place.path, manifest, "application/json")
        if status == 404:
            _missing(body)
        return self._accepted("POST", ref, status, body)

    def _write(self, method: str, path: str, ref: Ref, body: Manifest, content_type: str, rehearse: bool) -> Manifest:
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict"} | ({"dryRun": "All"} if rehearse else {})
        status, answer, dummy = self._ask(method, f"{path}?{urlencode(query)}", body, content_type, writes=ref)
        stored = self._accepted(method, ref, status, answer)
        if lost := lost_fields(body, stored):
            raise Rejected(
                status, "Pruned", f"the API server took {', '.join(lost)} away from {ref}: its kind has no such field"
            )
        return stored

    def _accepted(self, method: str, ref: Ref, status: int, body: Any) -> Manifest:
        """Return the object of a successful answer. Raises Moved, Rejected."""
        if status == 409 or (status == 404 and method == "PATCH"):
            raise Moved(f"{ref}: {_message(body) or 'it was changed by somebody else'}")
        return self._object(ref, status, body)

    # --- one request ---

    def _ask(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        kind: str = "",
        *,
        writes: Ref | None = None,
        accept: str = "application/json",
    ) -> tuple[int, Any, int]:
        """Send one request until there is an answer that counts: (status, parsed body, bytes).

        writes: the object that a request changes; one whose fate is unknown raises Moved, so that the task looks again.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": accept, "User-Agent": MANAGER} | ({"Content-Type": kind} if kind else {})
        renewed, tries = False, 0
        while True:
            self.requests[method] = self.requests.get(method, 0) + 1
            pause = 0.0
            try:
                reply = self.transport.send(method, path, headers, data, self._seconds(path))
                answer, length = self._body(reply, path)
                self._refuse_redirect(reply)
                self._note(reply)
                if reply.status == 401 and not renewed:
                    renewed = True
                    if self.transport.renew():
                        continue
                reason, pause = _passing(reply, answer, writes)
                if not reason:
                    return reply.status, answer, length
            except NotSent as problem:
                reason = str(problem)
            except NoAnswer as problem:
                if writes:
                    raise Moved(f"{writes}: {problem}") from None
                reason = str(problem)
            tries = self._wait(reason, pause, tries)

    def _refuse_redirect(self, reply: Reply) -> None:
        if 300 <= reply.status < 400:
            raise ClusterProblem(
                f"{self.transport.address} answers with a redirect to {_host(reply.header('Location'))}; it is not "
                "followed, because the login would go there"
            )

    def _wait(self, reason: str, pause: float, tries: int) -> int:
        """Wait before the next try. Raises ClusterProblem when there is none: too many, or the time is over."""
        patient = reason.startswith(("answers 429", "answers 503")) and pause
        if not patient and tries >= len(_PAUSES):
            raise ClusterProblem(f"{self.transport.address} {reason} ({tries + 1} tries)")
        pause = min(pause or _PAUSES[min(tries, len(_PAUSES) - 1)], _LONGEST_PAUSE)
        if self.clock() + pause >= self._end:
            raise ClusterProblem(
                f"{self.transport.address} {reason}; the time for this task ({self.limits.total:.0f} s) is over"
            )
        self.sleep(pause)
        return tries + 1

    def _seconds(self, path: str) -> float:
        left = self._end - self.clock()
        if left <= 0:
            raise ClusterProblem(
                f"{self.transport.address} is too slow: the time for this task ({self.limits.total:.0f} s) is over"
            )
        return min(self.limits.request, left)

    def _body(self, reply: Reply, path: str) -> tuple[Any, int]:
        """Return the parsed body, a text where the server sends no JSON, and its length. Raises NoAnswer."""
        end, parts, length = self.clock() + self._seconds(path), [], 0
        for chunk in reply.chunks:
            length += len(chunk)
            if length > self.limits.answer:
                raise ClusterProblem(
                    f"{self.transport.address} answers with more than {self.limits.answer} bytes for {_plain(path)}"
                )
            if self.clock() > end:
                raise NoAnswer(f"is too slow: no whole answer within {self.limits.request:.0f} s")
            parts.append(chunk)
        text = b"".join(parts)
        try:
            return json.loads(text), length
        except (ValueError, RecursionError):
            return text[:_LONGEST_MESSAGE].decode("utf-8", "replace"), length

    def _object(self, ref: Ref, status: int, body: Any) -> Manifest:
        """Return the mapping that an answer holds. Raises Rejected in a sentence of the server's, ClusterProblem."""
        if status == 401:
            raise Rejected(
                status, "Unauthorized", f"{self.transport.address} does not accept the login, or no longer (401)"
            )
        if not 200 <= status < 300:
            message = _message(body) or f"status {status}"
            raise Rejected(status, str(at(body, "reason") or ""), f"{ref}: {message}")
        if not isinstance(body, Mapping):
            raise ClusterProblem(
                f"{self.transport.address} gives no JSON object for {ref}; is this the address of an API server?"
            )
        return body

    def _note(self, reply: Reply) -> None:
        for text in _WARNING.findall(reply.header("Warning")):
            cleaned = one_line(re.sub(r"\\(.)", r"\1", text))[:_LONGEST_MESSAGE]
            if cleaned not in self.warnings:
                self.warnings.append(cleaned)


def lost_fields(sent: Any, stored: Any, path: str = "") -> list[str]:
    """Return the fields that were sent and are not in what the server stored; null asks for absence."""
    if not isinstance(sent, Mapping):
        if isinstance(sent, list) and isinstance(stored, list) and len(sent) == len(stored):
            pairs = enumerate(zip(sent, stored, strict=True))
            return [name for number, (a, b) in pairs for name in lost_fields(a, b, f"{path}[{number}]")]
        return []
    if not isinstance(stored, Mapping):
        return [path] if path and not _is_empty(sent) else []
    found = []
    for key, value in sent.items():
        inner = f"{path}.{key}" if path else str(key)
        if value is None or inner in ("metadata.resourceVersion", "metadata.uid"):
            continue
        if key in stored:
            found += lost_fields(value, stored[key], inner)
        elif not _is_empty(value):
            found.append(inner)
    return found


def _is_empty(value: Any) -> bool:
    """Say whether a server may leave the value out; null inside a mapping asks for absence."""
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    return value in (None, [], "", False, 0)


def _missing(body: Any) -> None:
    """Raise for a 404: one with a Status means a missing object, one without means that nobody serves the path."""
    if not at(body, "details", "name"):
        raise NoSuchKind


def _passing(reply: Reply, answer: Any, writes: Ref | None) -> tuple[str, float]:
    """Return why a request is worth another try, "" when it is not, and for how long the server wants peace.

    Raises Moved for a write whose fate is unknown.
    """
    status, pause = reply.status, _seconds_of(reply.header("Retry-After"))
    if status == 429 or (status == 503 and writes):
        return f"answers {status}", pause or 1.0
    if status in _PASSING and writes:
        raise Moved(f"{writes}: the API server answers {status}: {_message(answer)}")
    if status in _PASSING:
        return f"answers {status}: {_message(answer)}".rstrip(": "), pause
    return "", 0.0


def _message(body: Any) -> str:
    """Quote the server, on one line and not too long."""
    text = at(body, "message") if isinstance(body, Mapping) else body if isinstance(body, str) else ""
    text = _WHOLE_OBJECT.sub("", str(text or ""))
    return one_line(" ".join(str(text or "").split()))[:_LONGEST_MESSAGE]


def _with_budgets(body: Any) -> str:
    """Quote a refused eviction with what its budgets say: only the causes name them."""
    text, causes = _message(body), at(body, "details", "causes")
    causes = causes if isinstance(causes, list) else []
    said = [_message(one) for one in causes if at(one, "reason") == "DisruptionBudget"]
    return " ".join([text, *(one for one in said if one and one not in text)])


def _seconds_of(text: str) -> float:
    return float(text) if re.fullmatch(r"\d{1,6}", text.strip()) else 0.0


def _host(location: str) -> str:
    match = re.match(r"(?:[a-z][a-z0-9+.-]*:)?//([^/?#]*)", location, re.IGNORECASE)
    return one_line(match[1].rpartition("@")[2])[:200] if match else "another path"


def _plain(path: str) -> str:
    return path.partition("?")[0]
