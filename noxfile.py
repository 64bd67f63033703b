# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# /// script
# dependencies = ["ansible-core", "antsibull-nox==1.10.0", "nox==2026.10.20"]
# ///
"""The sessions that contributors of Ansible collections know, declared in antsibull-nox.toml: `nox -l`, `nox -e lint`.

They install what they need from the network, so CI runs `make` instead, which has the same tools pinned by their hashes
(CONTRIBUTING.md).
"""

import sys

import nox

try:
    import antsibull_nox
except ImportError:
    print("This needs: pip install ansible-core antsibull-nox nox; or run the file itself by `uv run noxfile.py`.")
    sys.exit(1)

antsibull_nox.load_antsibull_nox_toml()


@nox.session(default=False)
def make(session: nox.Session) -> None:
    """Run the linters and unit tests as CI does: nox -e make, or nox -e make -- TARGET"""
    session.run("make", *(session.posargs or ("lint", "unit")), external=True)


if __name__ == "__main__":
    nox.main()
