# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in, not the product; see README.md beside this file.
"""The few messages of CRI (k8s.io/cri-api, runtime/v1/api.proto) that a pull needs, as protobuf encodes them.

A message is a list of (number of the field, value); a value is a text, bytes, a whole number, or such a list.
"""

from __future__ import annotations

from typing import Any

Message = list[tuple[int, Any]]


def encode(message: Message) -> bytes:
    """Encode a message; fields with nothing in them are left out, as proto3 does."""
    return b"".join(_field(number, value) for number, value in message if value not in ("", b"", 0, None))


def decode(data: bytes) -> list[tuple[int, Any]]:
    """Return the fields of a message: bytes, which may be a text or a message, or whole numbers."""
    found, at = [], 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
        elif key & 7 == 2:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            raise ValueError(f"a field of kind {key & 7}, which no message of a pull has")
        found.append((key >> 3, value))
    return found


def first(message: Any, number: int, usual: Any = b"") -> Any:
    """Return the value of a field."""
    return next((value for field, value in message if field == number), usual)


def image_of(request: bytes) -> str:
    """Return the name in a request with an ImageSpec in its first field."""
    return bytes(first(decode(first(decode(request), 1)), 1)).decode()


def auth_of(request: bytes) -> tuple[str, str] | None:
    """Return user and password of a PullImageRequest."""
    auth = decode(first(decode(request), 2))
    user, password = (bytes(first(auth, number)).decode() for number in (1, 2))
    return (user, password) if user else None


def image(name: str, digest: str, size: int) -> Message:
    """Make an Image."""
    return [(1, digest), (2, name), (3, f"{name.rpartition(':')[0] or name}@{digest}"), (4, size)]


def _field(number: int, value: Any) -> bytes:
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    data = value.encode() if isinstance(value, str) else encode(value) if isinstance(value, list) else value
    return _number(number << 3 | 2) + _number(len(data)) + data


def _number(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 128:
            return value, at
