# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry policy: every shape people write it in goes in, one validated value comes out.

A word is one file here and one field of `Policy` (policy.py). The words and their meaning: docs/policy.md.
"""

from __future__ import annotations

from .lists import ALL, SERVICE_NETWORK
from .mirrors import MirrorSet
from .policy import HOST_WORDS, VOCABULARY, WORDS, Policy, options_of, read_options, read_policy, variables_of, words_in
from .signatures import Signed
from .word import PolicyError, Targets, Word, unique

__all__ = [
    "ALL",
    "HOST_WORDS",
    "SERVICE_NETWORK",
    "VOCABULARY",
    "WORDS",
    "MirrorSet",
    "Policy",
    "PolicyError",
    "Signed",
    "Targets",
    "Word",
    "options_of",
    "read_options",
    "read_policy",
    "words_in",
    "unique",
    "variables_of",
]
