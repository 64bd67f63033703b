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
        default: 1048576
  labels:
    description: Whether to tell the SELinux label of each file.
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
import binascii
import errno
import fcntl
import fnmatch
import hashlib
import os
import re
import sys
import time
from contextlib import contextmanager

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_text
from ansible_collections.dockyard.openshift.plugins.module_utils._hands import (
    BESIDE,
    LOCK,
    O_CLOEXEC,
    Command,
    describe,
    failed,
    mark,
    mount_points,
    pack,
    problem_of_command,
    problem_of_path,
    read_journal,
    reason_of,
    run_all,
    there,
)

LIMIT = 1048576
CERTIFICATE = re.compile(
    b"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\\s]+)-----END (?:TRUSTED |X509 )?CERTIFICATE-----"
)

OPTIONS = dict(
    files=dict(
        type="list",
        elements="dict",
        default=[],
        options=dict(
            path=dict(type="str", required=True),
            limit=dict(type="int", default=LIMIT),
            form=dict(type="str", choices=["content", "checksum", "certificates"], default="content"),
        ),
    ),
    directories=dict(
        type="list",
        elements="dict",
        default=[],
        options=dict(
            path=dict(type="str", required=True),
            pattern=dict(type="str", default="*.conf"),
            depth=dict(type="int", default=1),
            # the name of a kind of file, nothing to hide itself
            secret=dict(type="str", no_log=False),
            form=dict(type="str", choices=["content", "checksum", "certificates"], default="content"),
            limit=dict(type="int", default=LIMIT),
            count=dict(type="int", default=1000),
        ),
    ),
    commands=dict(
        type="list",
        elements="dict",
        default=[],
        options=dict(
            name=dict(type="str", required=True),
            argv=dict(type="list", elements="str", required=True),
            timeout=dict(type="float", default=10),
            needs=dict(type="str"),
            unless=dict(type="str"),
            limit=dict(type="int", default=LIMIT),
        ),
    ),
    labels=dict(type="bool", default=False),
    state_directory=dict(type="str", default="/var/lib/dockyard"),
)


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    problem = problem_of(module.params)
    if problem:
        module.fail_json(msg=problem)
    module.exit_json(changed=False, snapshot=pack(take(module.params, module.selinux_context)))


def problem_of(wanted):
    """The first thing wrong with the options, as a sentence, or None."""
    names = [command["name"] for command in wanted["commands"]]
    for name in names:
        if names.count(name) > 1:
            return "commands: the name %s is used twice." % name
    paths = [wanted["state_directory"]] + [entry["path"] for entry in wanted["files"] + wanted["directories"]]
    found = [("the path %s" % path, problem_of_path(path)) for path in paths]
    found += [("commands: %s:" % command["name"], problem_of_command(command)) for command in wanted["commands"]]
    for entry in wanted["files"] + wanted["directories"] + wanted["commands"]:
        if not 0 <= min(entry["limit"], entry.get("count", 0), entry.get("depth", 1) - 1):
            found.append(("limit and count", "must not be negative"))
    return next(("%s %s." % (what, problem) for what, problem in found if problem), None)


def take(wanted, label_of):
    """The whole snapshot, as a JSON value. label_of(path) is its SELinux label, a list, or None."""
    asked = [(command["name"], start(command)) for command in wanted["commands"]]
    snapshot = {
        "version": 1,
        "python": ".".join(str(number) for number in sys.version_info[:3]),
        "time": int(time.time()),
        "files": {},
        "directories": {},
        "journal_problem": None,
    }
    mounts = mount_points()
    with shared_lock(wanted["state_directory"]) as locked:
        snapshot["locked"] = locked
        snapshot["state"] = describe(os.path.join(wanted["state_directory"], "state.json"), LIMIT, mounts)
        try:
            snapshot["journal"] = summary(read_journal(wanted["state_directory"]))
        except (KeyError, TypeError, ValueError) as problem:
            snapshot.update(journal=None, journal_problem="the journal cannot be read: %s" % problem)
        for entry in wanted["directories"]:
            listing = list_directory(entry)
            snapshot["directories"][entry["path"]] = listing
            for name in listing.get("entries", ()):
                path = os.path.join(entry["path"], name)
                hidden = entry["secret"] and fnmatch.fnmatchcase(os.path.basename(name), entry["secret"])
                form = "checksum" if hidden else entry["form"]
                snapshot["files"][path] = in_form(form, describe(path, entry["limit"], mounts))
        for entry in wanted["files"]:
            found = describe(entry["path"], entry["limit"], mounts)
            snapshot["files"][entry["path"]] = in_form(entry["form"], found)
    if wanted["labels"]:
        for path, found in snapshot["files"].items():
            label = label_of(os.path.realpath(path)) if found["state"] == "file" else None
            found["label"] = ":".join(label) if label and label[0] else None
    started = [command for dummy, command in asked if isinstance(command, Command)]
    answers = dict(zip(started, run_all(started)))
    snapshot["commands"] = dict((name, answers.get(command) or {"state": command}) for name, command in asked)
    return snapshot


def start(command):
    """The running Command, or a word that says why it does not run."""
    if command["needs"] and not there(command["needs"]):
        return "absent"
    if command["unless"] and there(command["unless"]):
        return "needless"
    return Command(command["argv"], command["timeout"], command["limit"])


@contextmanager
def shared_lock(state_directory):
    """Keeps a transaction from starting while files are read; yields whether one is already under way."""
    try:
        fd = os.open(os.path.join(state_directory, LOCK), os.O_RDONLY | O_CLOEXEC)
    except (IOError, OSError):
        yield False  # no transaction was ever made here
        return
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            locked = False
        except (IOError, OSError):
            locked = True
        yield locked
    finally:
        os.close(fd)


def in_form(form, found):
    """A description of a file with only what was asked for of its content."""
    if found["state"] != "file" or form == "content":
        return found
    content = base64.b64decode(found["content"])
    found = dict((key, value) for key, value in found.items() if key != "content")
    return dict(found, certificates=fingerprints(content)) if form == "certificates" else found


def fingerprints(content):
    """SHA-256 of each certificate of a PEM file, in order. What is no certificate is passed over."""
    found = []
    for block in CERTIFICATE.findall(content):
        try:
            der = bytearray(base64.b64decode(block))
            found.append(hashlib.sha256(bytes(der[: end_of_element(der)])).hexdigest())
        except (binascii.Error, IndexError, TypeError, ValueError):
            continue
    return found


def end_of_element(der):
    """Where the first DER element ends; behind it, OpenSSL's trusted certificates carry more."""
    if der[1] < 0x80:
        return 2 + der[1]
    length = 0
    for byte in der[2 : 2 + (der[1] & 0x7F)]:
        length = length * 256 + byte
    return 2 + (der[1] & 0x7F) + length


def list_directory(entry):
    """Names in a directory, and as deep below it as asked, that match and are not directories themselves."""
    try:
        names, directories = walk(entry["path"], entry["pattern"], entry["depth"])
    except (IOError, OSError) as error:
        return {"state": "absent"} if error.errno == errno.ENOENT else failed(reason_of(error))
    except re.error:  # old Pythons do not understand [z-a]
        return failed("the pattern %s is not valid" % entry["pattern"])
    for name in names + directories:
        try:
            to_text(name, errors="strict").encode("utf-8")
        except UnicodeError:
            return failed("it holds a name that is not UTF-8: %r" % name)
    if len(names) + len(directories) > entry["count"]:
        return failed("too many files (%d, limit %d)" % (len(names) + len(directories), entry["count"]))
    listing = {"state": "directory", "entries": sorted(names)}
    return dict(listing, directories=sorted(directories)) if entry["depth"] > 1 else listing


def walk(path, pattern, depth):
    """(files that match, directories passed), by their paths below it; links to directories are followed.

    What a transaction has put beside files for a moment is not there.
    """
    names, directories = [], []
    for name in os.listdir(path):
        if name.startswith(BESIDE):
            continue
        below = os.path.join(path, name)
        if not os.path.isdir(below):
            names += [name] if fnmatch.fnmatchcase(name, pattern) else []
        elif depth > 1:
            deeper = walk(below, pattern, depth - 1)
            directories += [name] + [os.path.join(name, each) for each in deeper[1]]
            names += [os.path.join(name, each) for each in deeper[0]]
    return names, directories


def summary(journal):
    """A journal without what only its own host needs; `present` tells whose content each file holds now."""
    if journal is None:
        return None
    files = []
    for entry in journal["files"]:
        marks = {mark(entry["old"]): "old", mark(entry["new"]): "new"}
        found = mark(describe(entry["target"], 1 << 28))
        files.append({"path": entry["path"], "new": mark(entry["new"]), "present": marks.get(found, "other")})
    return {
        "id": journal["id"],
        "plan_id": journal["plan_id"],
        "time": journal["time"],
        "files": files,
        "actions": journal["actions"],
        "started": journal["started"],
        "directories": journal["directories"],
        "old": dict((entry["path"], entry["old"]) for entry in journal["files"]),
    }


if __name__ == "__main__":
    main()
