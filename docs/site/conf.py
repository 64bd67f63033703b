# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation site, made by `make site`: pages of docs/ as they are, and a page for each task, filter and role.

Nothing is fetched: no intersphinx, no fonts, no scripts of others.
"""

project = "dockyard.openshift"
copyright = "2026, dockyard.openshift contributors"
html_title = "dockyard.openshift"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
html_theme = "alabaster"
html_theme_options = {"description": "Container registries of OpenShift and of plain hosts", "fixed_sidebar": True}
html_show_sphinx = False
nitpicky = False
myst_heading_anchors = 4
# Links from pages to source files lead to the repository, which is not a part of the site.
# Labels such as action_plugins are those of Ansible's own documentation.
suppress_warnings = ["myst.xref_missing", "myst.header", "misc.highlighting_failure", "ref.ref"]
