# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durations and quantities as Go programs read them.

Sources: time.ParseDuration, k8s.io/kube-openapi strfmt ParseDuration, k8s.io/apimachinery api/resource ParseQuantity.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

_UNIT_NS = {
    "ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
_DURATION = re.compile(r"[-+]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_DURATION_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_LOOSE_PART = re.compile(r"([0-9]+)[ \t\n\f\r]*([A-Za-zµ]+)")
#: The last of each may go on: "seconds" is "sec".
_LOOSE_UNITS = (
    ("ns", "nano"), ("us", "µs", "micro"), ("ms", "milli"), ("s", "sec"), ("m", "min"), ("h", "hr", "hour"),
    ("d", "day"), ("w", "wk", "week"),
)  # fmt: skip
_QUANTITY = re.compile(r"([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?")
_BINARY = {letter: 1024**power for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_MOST_DIGITS = 60
_INT64 = 2**63


def duration(text: str) -> int | None:
    """Return the nanoseconds that Go reads, None for what it does not read."""
    if len(text) > _MOST_DIGITS * 4 or not _DURATION.fullmatch(text):
        return None
    parts = _DURATION_PART.findall(text)
    total = int(sum(Fraction(Decimal(number)) * _UNIT_NS[unit] for number, unit in parts))
    total = -total if text.startswith("-") else total
    return total if -_INT64 <= total < _INT64 else None


def is_loose_duration(text: str) -> bool:
    """Say whether the format "duration" of the API server takes a text, days and weeks among them."""
    if duration(text) is not None:
        return True
    parts = _LOOSE_PART.findall(text)
    if any(int(number[:25]) >= _INT64 for number, _unit in parts):
        return False
    return any(
        unit.lower() in names or unit.lower().startswith(names[-1]) for _number, unit in parts for names in _LOOSE_UNITS
    )


def quantity(value: object) -> Fraction | None:
    """Return the number of a quantity such as 100m, 1.5Gi or 2e3; None for any other text."""
    match = _QUANTITY.fullmatch(str(value)[: _MOST_DIGITS * 2])
    if not match or len(match[1]) > _MOST_DIGITS:
        return None
    number: Fraction = Fraction(Decimal(match[1]))
    suffix = match[2] or ""
    if suffix.endswith("i"):
        return Fraction(number * _BINARY[suffix[0]])
    power = _DECIMAL.get(suffix)
    if power is None:
        power = int(suffix[1:])
        if not -_INT64 <= power < _INT64:
            return None
    power = max(-_MOST_DIGITS, min(power, _MOST_DIGITS))  # beyond that every number is as large or small as any
    return Fraction(number * 10**power if power >= 0 else number / 10**-power)
