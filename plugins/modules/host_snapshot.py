#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: host_snapshot
short_description: Read files and ask commands on a host, all in one call
version_added: 1.0.0
description:
  - Internal to this collection, no stable interface. The tasks of this collection call it; a playbook should not.
  - Reads regular files and directories, and runs commands side by side, each with a deadline. Changes nothing.
  - What is absent, what cannot be read and what failed are three different answers; none of them fails the module.
  - On the host it is standard library alone, without Ansible's own module code, which takes longer to load than all of
    this takes to run.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
options:
  files:
    description: Files to read. Symbolic links are followed. Anything but a regular file is reported, not opened.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path.
        type: str
        required: true
      limit:
        description: The most bytes to read; a larger file is reported as failed.
        type: int
        default: 1048576
      form:
        description:
          - What to tell of the file. V(content) is its bytes, V(checksum) only their checksum.
          - V(certificates) is the SHA-256 fingerprint of each certificate in it, where the file itself is large.
        type: str
        choices: [content, checksum, certificates]
        default: content
  directories:
    description: Directories whose files are to be listed and read.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path.
        type: str
        required: true
      pattern:
        description: Shell pattern that the name of a file must match.
        type: str
        default: '*.conf'
      depth:
        description:
          - How many levels of directories to look into. With V(1) the directories in it are passed over.
          - With more, their names are told too, and files are told by their path below O(directories[].path).
        type: int
        default: 1
      secret:
        description: Shell pattern of names whose content stays on the host; only their checksum is told.
        type: str
      form:
        description: As O(files[].form), for every file.
        type: str
        choices: [content, checksum, certificates]
        default: content
      limit:
        description: The most bytes to read of each file.
        type: int
        default: 1048576
      count:
        description: The most matching names; a directory with more is reported as failed.
        type: int
        default: 1000
  commands:
    description: Commands to run side by side, each with no input and in a process group of its own.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Under which name the answer is returned.
        type: str
        required: true
      argv:
        description: The program and its arguments.
        type: list
        elements: str
        required: true
      timeout:
        description: Seconds after which the whole process group is killed.
        type: float
        default: 10
      needs:
        description: A program, or the path of a file, without which the command is not run and reported as absent.
        type: str
      unless:
        description: A program beside which the command is not run, and reported as needless.
        type: str
      limit:
        description: The most bytes of output.
        type: int
        default: 16777216
  labels:
    description: Whether to tell the SELinux label of each file.
    type: bool
    default: false
  last:
    description:
      - Whether to tell of the last transaction that changed files, and of each of its files what it is now.
      - A file that is not among O(files) is told by its checksum only.
    type: bool
    default: false
  state_directory:
    description: Where this collection keeps its journal and state on the host.
    type: str
    default: /var/lib/dockyard
attributes:
  check_mode:
    description: Can run in check mode and return what it would without it.
    support: full
  diff_mode:
    description: Returns what has changed, or could change.
    support: none
    details: Nothing changes.
  platform:
    description: Where it runs.
    support: full
    platforms: Linux
seealso:
  - module: dockyard.openshift.host_transaction
"""

EXAMPLES = r"""
- name: Read the two files and ask the engine
  dockyard.openshift.host_snapshot:
    files:
      - path: /etc/containers/registries.conf
      - path: /etc/sysconfig/docker
    commands:
      - name: info
        argv: [podman, info, --format, json]
        timeout: 10
"""

RETURN = r"""
snapshot:
  description:
    - Base64 of a JSON text, so that no content shows up in plain text.
    - C(files), C(directories) and C(commands) hold one answer for each path or name; C(journal) describes an
      interrupted transaction, with what its files held before; C(locked) tells whether a transaction runs now;
      C(state) is the recorded state file.
  returned: success
  type: str
  sample: eyJ2ZXJzaW9uIjogMX0=
"""

import base64
import json
import sys
import types
import zlib

# Here Ansible puts the arguments as JSON. In a raw text between quotes, because JSON never has three of these in a row.
ARGUMENTS = r"""<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"""


def main():
    """Run the packed programs of module_utils; the last one answers the questions."""
    if ARGUMENTS.startswith("<"):
        return  # nobody has put any there: a tool only imports this file
    arguments = json.loads(ARGUMENTS)
    for name, path, source in json.loads(zlib.decompress(base64.b64decode(arguments["programs"])).decode("utf-8")):
        program = load(str(name), str(path), source)
    answer = program.answer(native(json.loads(base64.b64decode(arguments["wanted"]).decode("utf-8"))))
    sys.stdout.write(json.dumps(answer))
    if answer.get("failed"):
        raise SystemExit(1)


def load(name, path, source):
    """Load a module from this source under its own name, so that others can import it; its packages are empty."""
    parts = name.split(".")
    for package in (".".join(parts[:number]) for number in range(1, len(parts))):
        if package not in sys.modules:
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = []
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)
    return module


def native(value):
    """JSON with texts as this Python's own: what 2.7 calls unicode is not a name of a file everywhere."""
    if isinstance(value, dict):
        return dict((native(key), native(item)) for key, item in value.items())
    if isinstance(value, list):
        return [native(item) for item in value]
    return value if isinstance(value, str) or not hasattr(value, "encode") else value.encode("utf-8")


if __name__ == "__main__":
    main()
