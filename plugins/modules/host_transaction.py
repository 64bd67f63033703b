#!/usr/bin/python
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: host_transaction
short_description: Write files and run what belongs to them on a host, whole or not at all
version_added: 1.0.0
description:
  - Internal to this collection, no stable interface. The tasks of this collection call it; a playbook should not.
  - Writes only when every file still is what the change was planned from. Stages and validates all files before the
    first is put in place, runs the actions, then the checks. When anything fails, files and services go back.
  - A journal below O(state_directory) is on disk before the first file is touched. Whoever finds one knows that a
    transaction was interrupted, and how to undo it. When all is done it becomes C(last.json), from which a person can
    have the whole transaction taken back later.
  - While it writes, it does not listen to SIGHUP, SIGINT, SIGPIPE and SIGTERM; losing the connection loses nothing.
author:
  - dockyard.openshift contributors (@dockyard-openshift)
options:
  payload:
    description: Base64 of a JSON text that maps paths to base64 contents. Contents travel nowhere else.
    type: str
  files:
    description: The files to write or remove.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description:
          - Absolute path. Of a symbolic link the target is replaced and the link stays; to remove one is refused.
          - A dangling link, also to a directory, a mount point, a file that has a second name (hard link), and anything
            but a regular file are refused.
          - The new file has the access list and extended attributes of the old one, or it is not put in place.
        type: str
        required: true
      before:
        description: SHA-256 of the content that the change was planned from, or V(absent).
        type: str
        required: true
      state:
        description: Whether the file is written or removed.
        type: str
        choices: [file, absent]
        default: file
      mode:
        description: Octal permissions. Unless given, an existing file keeps its own and a new one gets V(0644).
        type: str
      uid:
        description: Number of the owner. Unless given, an existing file keeps its own and a new one gets the module's.
        type: int
      gid:
        description: Number of the group. Unless given, an existing file keeps its own and a new one gets the module's.
        type: int
      label:
        description: SELinux label. Unless given, an existing file keeps its own and a new one gets the policy's.
        type: str
      shown:
        description:
          - What a person may see of the file before and after, two texts. Noted in the journal, for the day on which
            the transaction is taken back. Never what is secret in the file.
        type: list
        elements: str
      confidential:
        description:
          - Whether the file holds what nobody may find later. Then C(last.json) does not hold what it was before, and
            the transaction cannot be taken back.
        type: bool
        default: false
      keep:
        description:
          - Whether the old file stands beside the new one, under a name that begins with a dot, until all is done.
          - To be false where a program reads every file of a directory; then only the journal holds the old content.
        type: bool
        default: true
      way_back:
        description:
          - Whether O(payload) holds, under the path with C(way_back:) before it, what the file says while begun actions
            are undone, before its old content is put back.
          - For a service that keeps a setting of which its file no longer speaks when it reads the file again.
        type: bool
        default: false
  unchanged:
    description:
      - Files that are only compared, for a change that was planned from them too. Paths with what O(files[].before) is
        for the others.
    type: dict
    default: {}
  directory_mode:
    description: Octal permissions of missing parent directories, which are created.
    type: str
    default: '0755'
  remove_empty:
    description:
      - Directories to remove in this order when all is done and checked, if they are empty then.
      - A directory that is not empty stays; so does one that is a symbolic link or a mount point.
    type: list
    elements: str
    default: []
  validate:
    description: Commands that must succeed after all files are staged and before the first is put in place.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What to call it when it fails.
        type: str
        required: true
      argv:
        description: The program and its arguments; C({staged:PATH}) stands for where the new content of PATH is staged.
        type: list
        elements: str
        required: true
      timeout:
        description: Seconds after which the whole process group is killed.
        type: float
        default: 30
  actions:
    description: Commands to run in order after all files are in place.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What to call it when it fails.
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
        default: 90
      undo:
        description:
          - The program and arguments to run after the files went back; unless given, those of O(actions[].argv).
          - An empty list means nothing is to be done.
        type: list
        elements: str
      whom:
        description: The unit that it disturbs, noted in the journal.
        type: str
      disruption:
        description: How much running workloads notice, noted in the journal.
        type: str
      parts:
        description: Whose files it is for, noted in the journal.
        type: list
        elements: str
        default: []
      instead_of:
        description:
          - Numbers, from 0, of begun actions of the journal of O(recover) that this one is run in place of.
          - An action with the same O(actions[].argv) is so in any case.
        type: list
        elements: int
        default: []
  checks:
    description: Commands whose answers must be as expected after the actions.
    type: list
    elements: dict
    default: []
    suboptions: &check
      name:
        description: What to call it when it fails.
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
      attempts:
        description: How often to ask at most.
        type: int
        default: 1
      delay:
        description: Seconds between two attempts.
        type: float
        default: 1
      expect:
        description: What must hold, all of it in one answer. Nothing listed means that it must end with 0.
        type: list
        elements: dict
        default: []
        suboptions:
          pattern:
            description: Regular expression, searched in standard output and standard error, line anchors allowed.
            type: str
          found:
            description: Whether the pattern must be found or must not be found.
            type: bool
            default: true
          items:
            description:
              - What the group C(items) of the pattern must hold wherever it is found, each once.
              - Of a list that is not as it should be, only the number of further items is told.
            type: list
            elements: str
          separator:
            description: Regular expression between two items of one group. Unless given, a group is one item.
            type: str
          strip:
            description: Regular expression for the part of each item that does not count.
            type: str
          ordered:
            description: Whether the order of the items counts.
            type: bool
            default: true
          ignored:
            description: Items that may be there and do not count.
            type: list
            elements: str
            default: []
          same:
            description: Items under another name, and the name that counts.
            type: dict
            default: {}
          path:
            description: Keys and indices that lead to a value in the JSON on standard output.
            type: list
            elements: raw
          equals:
            description: The JSON value that must be there. A missing one counts as null.
            type: raw
          rc:
            description: The exit status.
            type: int
  undo_checks:
    description:
      - Commands like O(checks) whose answers must be as expected after begun actions of this transaction were undone.
      - When one is not, undoing has failed.
    type: list
    elements: dict
    default: []
    suboptions: *check
  recover:
    description: Id of the journal that is to be undone first. Any other journal stops the transaction.
    type: str
  settled:
    description:
      - Numbers, from 0, of begun actions of the journal of O(recover) for which nothing has to be done any more.
      - They are undone only when this transaction is.
    type: list
    elements: int
    default: []
  plan_id:
    description: Noted in the journal.
    type: str
  forget:
    description: Whether no trace of any transaction is to stay below O(state_directory) when all is done.
    type: bool
    default: false
  undoes:
    description: Id of the plan that is taken back by this transaction, noted in the journal.
    type: str
  deferred:
    description: Units that were not told to look at their files, noted in the journal.
    type: list
    elements: str
    default: []
  lock_timeout:
    description: Seconds to wait for another transaction to end.
    type: float
    default: 60
  state_directory:
    description: Where this collection keeps its journal, lock and state on the host.
    type: str
    default: /var/lib/dockyard
attributes:
  check_mode:
    description: Can run in check mode and return what it would without it.
    support: partial
    details: Compares; what only a real run can show (staging, validation, actions, checks) is left out.
  diff_mode:
    description: Returns what has changed, or could change.
    support: none
    details: Contents never show up in a result; the calling task makes the difference from its plan.
  platform:
    description: Where it runs.
    support: full
    platforms: Linux
seealso:
  - module: dockyard.openshift.host_snapshot
"""

EXAMPLES = r"""
- name: Replace a file and restart what reads it
  dockyard.openshift.host_transaction:
    payload: "{{ {'/etc/containers/registries.conf': content | b64encode} | to_json | b64encode }}"
    files:
      - path: /etc/containers/registries.conf
        before: "{{ checksum_that_was_read }}"
    actions:
      - name: restart CRI-O
        argv: [systemctl, restart, crio.service]
    checks:
      - name: CRI-O runs
        argv: [systemctl, is-active, crio.service]
"""

RETURN = r"""
committed:
  description: Whether everything was done and checked.
  returned: always
  type: bool
rolled_back:
  description: Whether everything that was begun was undone. V(false) with RV(journal) set means that undoing failed.
  returned: always
  type: bool
step:
  description: The step that failed.
  returned: always
  type: str
  sample: validate
reason:
  description: Why it failed, in one sentence. The same as C(msg).
  returned: always
  type: str
conflict:
  description: Files that are not what the change was planned from.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: Which file.
      type: str
    expected:
      description: What O(files[].before) said.
      type: str
    found:
      description: Checksum, V(absent) or V(failed).
      type: str
journal:
  description: Id of the journal that is there now.
  returned: always
  type: str
recovered:
  description: What was done to undo an interrupted transaction.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: Path of a file or name of an action.
      type: str
    outcome:
      description: V(restored), V(left) when someone else has changed it since, V(undone) or V(failed).
      type: str
report:
  description: Base64 of JSON, the end of what each command said; it may hold secrets.
  returned: always
  type: str
"""

import base64
import binascii
import errno
import fcntl
import hashlib
import json
import os
import re
import signal
import stat
import time
from contextlib import contextmanager
from functools import partial

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockyard.openshift.plugins.module_utils._hands import (
    BESIDE,
    DAY,
    IGNORED_SIGNALS,
    JOURNAL,
    LAST,
    LOCK,
    O_CLOEXEC,
    OUTPUT_LIMIT,
    READ_LIMIT,
    Command,
    attributes,
    describe,
    mark,
    mount_points,
    now,
    pack,
    problem_of_command,
    problem_of_path,
    problem_of_words,
    read_journal,
    reason_of,
    run_all,
    set_attributes,
    to_bytes,
    to_native,
    to_text,
    unpack,
)

FILE_LIMIT = 16 * 1024 * 1024
TAIL = 65536
WAY_BACK = "way_back:"
STAGED = re.compile(r"\{staged:([^{}]+)\}")


def _command(timeout, **more):
    return dict(
        type="list",
        elements="dict",
        default=[],
        options=dict(
            more,
            name=dict(type="str", required=True),
            argv=dict(type="list", elements="str", required=True),
            timeout=dict(type="float", default=timeout),
        ),
    )


_CHECKS = _command(
    10,
    attempts=dict(type="int", default=1),
    delay=dict(type="float", default=1),
    expect=dict(
        type="list",
        elements="dict",
        default=[],
        mutually_exclusive=[("pattern", "path", "rc")],
        required_one_of=[("pattern", "path", "rc")],
        options=dict(
            pattern=dict(type="str"),
            found=dict(type="bool", default=True),
            items=dict(type="list", elements="str"),
            separator=dict(type="str"),
            strip=dict(type="str"),
            ordered=dict(type="bool", default=True),
            ignored=dict(type="list", elements="str", default=[]),
            same=dict(type="dict", default={}),
            path=dict(type="list", elements="raw"),
            equals=dict(type="raw"),
            rc=dict(type="int"),
        ),
    ),
)

OPTIONS = dict(
    payload=dict(type="str", no_log=True),
    files=dict(
        type="list",
        elements="dict",
        default=[],
        options=dict(
            path=dict(type="str", required=True),
            before=dict(type="str", required=True),
            state=dict(type="str", choices=["file", "absent"], default="file"),
            mode=dict(type="str"),
            uid=dict(type="int"),
            gid=dict(type="int"),
            label=dict(type="str"),
            shown=dict(type="list", elements="str"),
            confidential=dict(type="bool", default=False),
            keep=dict(type="bool", default=True),
            way_back=dict(type="bool", default=False),
        ),
    ),
    unchanged=dict(type="dict", default={}),
    directory_mode=dict(type="str", default="0755"),
    remove_empty=dict(type="list", elements="str", default=[]),
    validate=_command(30),
    actions=_command(
        90,
        undo=dict(type="list", elements="str"),
        whom=dict(type="str"),
        disruption=dict(type="str"),
        parts=dict(type="list", elements="str", default=[]),
        instead_of=dict(type="list", elements="int", default=[]),
    ),
    checks=_CHECKS,
    undo_checks=_CHECKS,
    recover=dict(type="str"),
    settled=dict(type="list", elements="int", default=[]),
    plan_id=dict(type="str"),
    undoes=dict(type="str"),
    forget=dict(type="bool", default=False),
    deferred=dict(type="list", elements="str", default=[]),
    lock_timeout=dict(type="float", default=60),
    state_directory=dict(type="str", default="/var/lib/dockyard"),
)


class Failure(Exception):
    """A step that did not work; the text is the sentence for a person."""


class Conflict(Failure):
    """A file that is not what the change was planned from."""

    def __init__(self, conflicts):
        Failure.__init__(self, "%s changed since the plan was made" % ", ".join(each["path"] for each in conflicts))
        self.conflicts = conflicts


@contextmanager
def doing(what):
    """Turns an error of the operating system into a sentence that says what could not be done."""
    try:
        yield
    except (IOError, OSError) as error:
        raise Failure("cannot %s: %s" % (what, reason_of(error)))


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    # From here on nobody needs it, and what is not there is not returned either.
    payload = module.params.pop("payload")
    module.no_log_values.discard(payload)
    end_badly = module.fail_json
    # The helpers for SELinux labels end the process when they fail; here that has to be a failure like any other.
    module.fail_json = _raise_failure
    result = Transaction(module, payload).run()
    if result["reason"] is None:
        module.exit_json(**result)
    end_badly(msg=result["reason"], **result)


def _raise_failure(msg, **dummy):
    raise Failure(to_native(msg))


# What can be known to be wrong before anything is looked at


def problem_of(wanted):
    """Return the first thing wrong with the options, as a sentence, or None."""
    paths = [wanted["state_directory"]] + [entry["path"] for entry in wanted["files"]] + sorted(wanted["unchanged"])
    paths += wanted["remove_empty"]
    found = [("the path %s" % path, problem_of_path(path)) for path in paths]
    found += [
        ("the path %s" % path, "does not name a file") for path in paths if os.path.basename(path) in ("", ".", "..")
    ]
    for kind in ("validate", "actions", "checks", "undo_checks"):
        for command in wanted[kind]:
            found.append(("%s: %s:" % (kind, command["name"]), problem_of_command(command)))
    for action in wanted["actions"]:
        found.append(("actions: %s: undo" % action["name"], problem_of_words(action["undo"] or [])))
    for entry in wanted["files"] + [{"path": "directory_mode", "mode": wanted["directory_mode"]}]:
        if entry["mode"] is not None and not re.match("[0-7]{3,4}$", entry["mode"]):
            found.append(("the mode %s of %s" % (entry["mode"], entry["path"]), "is not octal, like 0644"))
    for kind in ("checks", "undo_checks"):
        found += [("%s: %s:" % (kind, check["name"]), problem_of_check(check)) for check in wanted[kind]]
    written = [entry["path"] for entry in wanted["files"] if entry["state"] == "file"]
    for command in wanted["validate"]:
        for path in STAGED.findall(" ".join(command["argv"])):
            if path not in written:
                found.append(("validate: %s:" % command["name"], "%s is not a file to be written" % path))
    if not 0 <= wanted["lock_timeout"] <= DAY:
        found.append(("lock_timeout", "must be between 0 and %d seconds" % DAY))
    return next(("%s %s" % (what, problem) for what, problem in found if problem), None)


def problem_of_check(check):
    if check["attempts"] < 1 or not 0 <= check["delay"] <= DAY:
        return "attempts must be at least 1, and delay between 0 and %d seconds" % DAY
    for expected in check["expect"]:
        for key in ("pattern", "separator", "strip"):
            try:
                pattern = re.compile(expected[key] or "")
            except re.error as error:
                return "the %s %s is not a regular expression: %s" % (key, expected[key], error)
            if key == "pattern" and expected["items"] is not None and "items" not in pattern.groupindex:
                return "the pattern %s has no group named items" % expected[key]
    return None


def contents_of(payload, files):
    """Return the bytes of every file to be written, by path; Failure when the payload does not hold them."""
    try:
        encoded = unpack(payload) if payload else {}
        contents = dict((to_native(path), base64.b64decode(to_bytes(text))) for path, text in encoded.items())
    except (AttributeError, TypeError, ValueError, binascii.Error):
        raise Failure("payload is not base64 of a JSON object of base64 texts")
    for entry in files:
        needed = [entry["path"]] if entry["state"] == "file" else []
        if not set(needed + [WAY_BACK + entry["path"]] * entry.get("way_back", False)) <= set(contents):
            raise Failure("payload holds no content for %s" % entry["path"])
        if len(contents.get(entry["path"], b"")) > READ_LIMIT:
            raise Failure("%s would be larger than what can be read again (%d bytes)" % (entry["path"], READ_LIMIT))
    return contents


# One file


class FileChange:
    """One file of a transaction. `record` is JSON, goes into the journal, and is all that undoing needs:
    path, target (where a symbolic link leads), staged and kept (names beside it), old and new (descriptions), and
    way_back, what it says while actions are undone, None where that is what it said before.
    `touched` tells whether the target may have been replaced; of a journal that was found nobody knows."""

    def __init__(self, record, label, touched):
        self.path, self.target, self.staged, self.kept = [
            to_native(record[key]) for key in ("path", "target", "staged", "kept")
        ]
        self.old, self.new, self.way_back = record["old"], record["new"], record.get("way_back")
        self.record = record
        self.label = label
        self.touched = touched

    def stage(self, content):
        """Put the new content, and a second name of the old file, beside the target."""
        self._keep()
        if self.new["state"] == "file":
            with doing("write beside %s" % self.path):
                self._write(content, self.new)

    def _keep(self):
        """Give the old file its second name."""
        if self.old["state"] == "file" and self.record.get("keep", True):
            try:
                # The file itself, with its times, attributes and access lists; and going back takes no room on disk.
                os.link(self.target, self.kept)
            except (IOError, OSError):
                pass  # no hard links here: the journal holds its bytes

    def replace(self):
        found = self._found()
        if found != mark(self.old):
            raise Conflict([{"path": self.path, "expected": mark(self.old), "found": found}])
        self.touched = True
        with doing("replace %s" % self.path):
            self._become(self.new, self.staged)

    def put_back(self):
        """Make the file what it was: 'restored', 'left' when it is neither old nor new but someone else's, or None."""
        if not self.touched:
            return None
        found = self._found()
        if found not in self._ours():
            return None if found == mark(self.old) else "left"
        with doing("put back %s" % self.path):
            source = self.kept
            if self.old["state"] == "file" and not os.path.lexists(self.kept):
                source = self.staged
                remove(source)
                self._write(base64.b64decode(self.old["content"]), self.old)
            self._become(self.old, source)
        return "restored"

    def take_way_back(self):
        """Make the old file say what it has to while actions are undone; what somebody else changed stays."""
        if self._found() == mark(self.old):
            with doing("write the way back to %s" % self.path):
                if not os.path.isdir(os.path.dirname(self.target)):  # it goes again with the file
                    os.makedirs(os.path.dirname(self.target))
                self._keep()
                self._write(base64.b64decode(self.way_back["content"]), self.way_back)
                self._become(self.way_back, self.staged)

    def _ours(self):
        """Return the marks of what this transaction may have put there."""
        return [mark(each) for each in (self.new, self.way_back) if each]

    def clean(self):
        """Remove what was put beside the target."""
        with doing("clean up beside %s" % self.path):
            remove(self.staged)
            remove(self.kept)

    def _found(self):
        found = describe(self.target, FILE_LIMIT)
        if found["state"] == "failed":
            raise Failure("%s: %s" % (self.path, found["reason"]))
        return mark(found)

    def _become(self, description, source):
        if description["state"] == "file":
            os.rename(source, self.target)
        else:
            os.unlink(self.target)
        sync_directory(os.path.dirname(self.target))

    def _write(self, content, about):
        fd = os.open(self.staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | O_CLOEXEC, 0o600)
        try:
            write_all(fd, content)
            os.fchown(fd, about["uid"], about["gid"])
            if "attributes" in about:
                with doing("keep the access list and attributes of %s" % self.path):
                    set_attributes(self.staged, about["attributes"])
            os.fchmod(fd, int(about["mode"], 8))
            self.label(self.staged, about["context"], False)
            os.fsync(fd)
        finally:
            os.close(fd)


def write_all(fd, content):
    while content:
        content = content[os.write(fd, content) :]


def sync_directory(path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def remove(path):
    # Looked for first, because a read-only file system refuses to remove even what is not there.
    if os.path.lexists(path):
        os.unlink(path)


def remove_directory(path):
    """Remove it if it is there and empty."""
    try:
        if os.path.lexists(path):
            os.rmdir(path)
    except (IOError, OSError) as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def is_directory(path):
    """Return whether a path is a directory itself, and one that could be removed."""
    return os.path.isdir(path) and not os.path.islink(path) and not os.path.ismount(path)


def dangling_directory(path):
    """Return the directory above a path that is a symbolic link to where nothing is, or None."""
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        if os.path.islink(path) and not os.path.exists(path):
            return path
    return None


def missing_directories(paths):
    """Return the directories to be created so that each path can be, parents first."""
    missing = []
    for path in paths:
        chain = []
        parent = os.path.dirname(path)
        while not os.path.lexists(parent):
            chain.insert(0, parent)
            parent = os.path.dirname(parent)
        missing += [directory for directory in chain if directory not in missing]
    return missing


# The whole


class Transaction:
    """Every method named in STEPS is one step, run in this order. Each ends by returning, or with an exception."""

    STEPS = ("stage", "validate", "replace", "act", "check", "finish")

    def __init__(self, module, payload):
        self.module = module
        self.wanted = module.params
        self.payload = payload
        self.directory = self.wanted["state_directory"]
        self.journal_path = os.path.join(self.directory, JOURNAL)
        self.id = to_native(binascii.hexlify(os.urandom(8)))
        self.step = "options"
        self.report = []
        self.begun = 0
        self.carried = []  # actions of the interrupted transaction that are undone only with this one
        self.result = {
            "committed": False,
            "changed": False,
            "rolled_back": False,
            "step": None,
            "reason": None,
            "conflict": [],
            "recovered": [],
            "journal": None,
        }

    def run(self):
        """Run the transaction; return its result, and raise nothing."""
        try:
            self._run()
        except Exception as error:  # whatever it is, the caller gets a sentence
            self._failed(error)
        return dict(self.result, report=pack(self.report))

    def _run(self):
        problem = problem_of(self.wanted)
        if problem:
            raise Failure(problem)
        self.contents = contents_of(self.payload, self.wanted["files"])
        self.step = "lock"
        with self._lock():
            self.step = "recover"
            self._recover()
            self.step = "inspect"
            self._inspect()
            self.result["changed"] = bool(self.changes or self.wanted["actions"] or self.result["recovered"])
            if not self.module.check_mode:
                self._commit()

    def _failed(self, error):
        self.result.update(
            step=self.step,
            reason=sentence(error),
            conflict=getattr(error, "conflicts", []),
            changed=bool(self.result["recovered"]),
        )

    # before anything is written

    @contextmanager
    def _lock(self):
        if self.module.check_mode:
            yield
            return
        fd = self._locked()
        try:
            for number in IGNORED_SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            yield
        finally:
            os.close(fd)

    def _locked(self):
        """Return the descriptor of the lock, held."""
        path = os.path.join(self.directory, LOCK)
        deadline = now() + self.wanted["lock_timeout"]
        fd = self._open_lock(path)
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.exists(path) and os.path.samestat(os.stat(path), os.fstat(fd)):
                    return fd
                # A transaction that forgets removed the lock that it held: another file is everybody's lock now.
                os.close(fd)
                fd = self._open_lock(path)
                continue
            except (IOError, OSError) as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    os.close(fd)
                    raise Failure("cannot lock %s: %s" % (self.directory, reason_of(error)))
            if now() >= deadline:
                os.close(fd)
                raise Failure("another transaction runs on this host, waited %g s for it" % self.wanted["lock_timeout"])
            time.sleep(0.1)

    def _open_lock(self, path):
        with doing("open the lock in %s" % self.directory):
            # Asked for first and looked at after: two first transactions may make it at the same moment.
            try:
                os.makedirs(self.directory, 0o700)
            except OSError:
                if not os.path.isdir(self.directory):
                    raise
            else:
                sync_directory(os.path.dirname(self.directory))
            return os.open(path, os.O_RDWR | os.O_CREAT | O_CLOEXEC, 0o600)

    def _recover(self):
        try:
            journal = read_journal(self.directory)
        except ValueError as error:
            self.step = "journal_found"
            raise Failure("%s; a person has to look at it" % error)
        if journal is None:
            return
        self.result["journal"] = journal["id"]
        if journal["id"] != self.wanted["recover"]:
            self.step = "journal_found"
            raise Failure("an interrupted transaction has left the journal %s" % self.journal_path)
        if self.module.check_mode:
            raise Failure("an interrupted transaction is to be undone first, which check mode does not do")
        changes = [FileChange(record, self.module.set_context_if_different, True) for record in journal["files"]]
        problems = self._put_back(changes, journal)
        if problems:
            raise Failure("; ".join(problems))
        # What will run under the new files need not run under the old ones first.
        again = [self._stands_for(action, journal) for action in self.wanted["actions"]]
        seen_to = set(self.wanted["settled"]).union(*again)
        if seen_to - set(range(journal["started"])):
            raise Failure("settled or instead_of names an action that the interrupted transaction had not begun")
        # A service that keeps what its file no longer says has to be told before, whatever it is told afterwards.
        keeps = any(change.way_back for change in changes)
        problems = self._undo_actions(journal, changes, set(self.wanted["settled"]) if keeps else seen_to)
        # What fails under the old files, this transaction may be about to mend; without actions it cannot.
        if problems and not self.wanted["actions"]:
            raise Failure("; ".join(problems))
        if not seen_to:
            self._end_journal()  # otherwise this transaction's own takes its place
        self.carried = [journal["actions"][number] for number in self.wanted["settled"]]
        self.begun = max(
            [0] + [number for number, numbers in enumerate(again, 1) if numbers]
        )

    @staticmethod
    def _stands_for(action, journal):
        """Return the numbers of the begun actions of a journal that this action is run in place of."""
        begun = [[to_native(word) for word in each["argv"]] for each in journal["actions"][: journal["started"]]]
        return action["instead_of"] + [number for number, argv in enumerate(begun) if argv == action["argv"]]

    def _inspect(self):
        mounts = mount_points()
        candidates = [self._candidate(number, entry, mounts) for number, entry in enumerate(self.wanted["files"])]
        targets = [record["target"] for record in candidates]
        for record in candidates:
            if targets.count(record["target"]) > 1:
                raise Failure("%s is named twice" % record["target"])
        conflicts = [
            {"path": entry["path"], "expected": entry["before"], "found": mark(record["old"])}
            for entry, record in zip(self.wanted["files"], candidates)
            if entry["before"] != mark(record["old"])
        ]
        found = dict((path, mark(describe(path, FILE_LIMIT))) for path in self.wanted["unchanged"])
        conflicts += [
            {"path": path, "expected": before, "found": found[path]}
            for path, before in sorted(self.wanted["unchanged"].items())
            if before != found[path]
        ]
        if conflicts:
            self.step = "compare"
            raise Conflict(conflicts)
        self.changes = [
            FileChange(record, self.module.set_context_if_different, False)
            for record in candidates
            if differs(record["old"], record["new"])
        ]

    def _candidate(self, number, entry, mounts):
        path = entry["path"]
        old = describe(path, FILE_LIMIT, mounts)
        if old["state"] == "failed":
            raise Failure("%s: %s" % (path, old["reason"]))
        if old.get("mount"):
            raise Failure("%s: it is a mount point (bind mount)" % path)
        if old.get("link") and entry["state"] == "absent":
            raise Failure("%s: it is a symbolic link, which is not removed" % path)
        dangling = dangling_directory(path)
        if dangling:
            raise Failure("%s: the directory %s is a link to nothing" % (path, dangling))
        target = os.path.realpath(path)
        if old["state"] == "file":
            if os.stat(target).st_nlink > 1 and entry["state"] == "file":
                raise Failure("%s: it has a second name (hard link), which would keep the old content" % path)
            old["context"] = self.module.selinux_context(target)
            with doing("read the attributes of %s" % path):
                old["attributes"] = attributes(target)
        beside = os.path.join(os.path.dirname(target), "%s%s-%d" % (BESIDE, self.id, number))
        return {
            "path": path,
            "target": target,
            "staged": beside + ".new",
            "kept": beside + ".old",
            "keep": entry.get("keep", True),
            "shown": entry.get("shown"),
            "confidential": entry.get("confidential", False),
            "old": old,
            "new": self._new(entry, target, old),
            "way_back": self._way_back(entry, target, old),
        }

    def _new(self, entry, target, old):
        if entry["state"] == "absent":
            return {"state": "absent"}
        usual = (
            old
            if old["state"] == "file"
            else {
                "mode": "0644",
                "uid": os.geteuid(),
                "gid": os.getegid(),
                "context": self.module.selinux_default_context(target),
            }
        )
        new = dict(
            (key, usual[key] if entry.get(key) is None else entry[key])
            for key in usual
            if key in ("mode", "uid", "gid", "context", "attributes")
        )
        if entry.get("label"):
            new["context"] = entry["label"].split(":", 3)
        new.update(
            state="file",
            sha256=hashlib.sha256(self.contents[entry["path"]]).hexdigest(),
            mode="%04o" % int(new["mode"], 8),
        )
        return new

    def _way_back(self, entry, target, old):
        if not entry.get("way_back"):
            return None
        content = self.contents[WAY_BACK + entry["path"]]
        as_it_was = dict(entry, state="file", mode=None, uid=None, gid=None, label=None)
        return dict(
            self._new(as_it_was, target, old),
            sha256=hashlib.sha256(content).hexdigest(),
            content=to_native(base64.b64encode(content)),
        )

    # writing

    def _commit(self):
        self.step = "journal"
        actions = self.carried + [
            dict(
                [(key, value) for key, value in action.items() if key != "instead_of"],
                undo=action["argv"] if action["undo"] is None else action["undo"],
            )
            for action in self.wanted["actions"]
        ]
        self.journal = {
            "version": 1,
            "id": self.id,
            "plan_id": self.wanted["plan_id"],
            "time": int(time.time()),
            "files": [change.record for change in self.changes],
            "actions": actions,
            "started": len(self.carried) + self.begun,
            "undo_checks": self.wanted["undo_checks"],
            "undoes": self.wanted["undoes"],
            "deferred": self.wanted["deferred"],
            "directories": missing_directories([change.target for change in self.changes]),
            "emptied": [self._about_directory(path) for path in self.wanted["remove_empty"] if is_directory(path)],
        }
        try:
            self._write_journal(self.begun)
            for step in self.STEPS:
                self.step = step
                getattr(self, step)()
        except Exception as error:  # also what nobody thought of must not leave half of it behind
            self._failed(error)
            self._roll_back()
        else:
            self.result["committed"] = True
            self.result["journal"] = None

    def _write_journal(self, begun):
        """Replace the journal by one that says how many of this transaction's actions have been begun."""
        journal = dict(self.journal, started=len(self.carried) + begun)
        with doing("write the journal %s" % self.journal_path):
            self._write_file(self.journal_path, journal)
            self.result["journal"] = self.id
            sync_directory(self.directory)
        self.journal = journal

    @staticmethod
    def _write_file(path, value):
        """Put a JSON value into a file of the state directory, whole or not at all."""
        fresh = path + ".new"
        remove(fresh)
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_CLOEXEC, 0o600)
        try:
            write_all(fd, to_bytes(json.dumps(value)))
            os.fsync(fd)
        finally:
            os.close(fd)
        os.rename(fresh, path)

    def stage(self):
        for directory in self.journal["directories"]:
            with doing("create the directory %s" % directory):
                os.mkdir(directory, 0o700)
                os.chmod(directory, int(self.wanted["directory_mode"], 8))
                context = self.module.selinux_default_context(directory, stat.S_IFDIR)
                self.module.set_context_if_different(directory, context, False)
                sync_directory(os.path.dirname(directory))
        for change in self.changes:
            change.stage(self.contents.get(change.path))

    def validate(self):
        staged = dict((entry["path"], entry["path"]) for entry in self.wanted["files"])
        staged.update((change.path, change.staged) for change in self.changes)
        for command in self.wanted["validate"]:
            argv = [STAGED.sub(lambda match: staged[match.group(1)], word) for word in command["argv"]]
            self._must_succeed("validate", dict(command, argv=argv))

    def replace(self):
        for change in self.changes:
            change.replace()

    def act(self):
        for number, action in enumerate(self.wanted["actions"]):
            self._write_journal(max(number + 1, self.begun))
            self._must_succeed("act", action)

    def check(self):
        for check in self.wanted["checks"]:
            self._must_answer("check", check)

    def finish(self):
        for change in self.changes:
            change.clean()
        for directory in self.journal["emptied"]:
            with doing("remove the directory %s" % directory["path"]):
                remove_directory(directory["path"])
                sync_directory(os.path.dirname(directory["path"]))
        self._end_journal(kept=bool(self.changes) and not self.wanted["forget"])
        if self.wanted["forget"]:
            try:
                remove(os.path.join(self.directory, LOCK))
                remove_directory(self.directory)
            except (IOError, OSError):
                pass  # all is done; an empty directory and a lock say nothing

    def _end_journal(self, kept=False):
        """Say that nothing is under way any more. kept: the journal can undo the whole transaction later."""
        last = os.path.join(self.directory, LAST)
        with doing("remove the journal %s" % self.journal_path):
            if kept and any(change.record["confidential"] for change in self.changes):
                self._write_file(last, dict(self.journal, files=[_without_secret(c.record) for c in self.changes]))
            elif kept:
                os.rename(self.journal_path, last)
            remove(self.journal_path)
        self.result["journal"] = None
        try:
            sync_directory(self.directory)
        except (IOError, OSError):
            pass  # all is done; should the host lose power now, the next run finds the journal and undoes it whole

    # going back

    def _roll_back(self):
        known = len(self.result["recovered"])
        problems = self._put_back(self.changes, self.journal) + self._undo_actions(self.journal, self.changes)
        if not problems:
            try:
                remove(self.journal_path + ".new")
                self._end_journal()
            except (Failure, IOError, OSError) as error:
                problems = [sentence(error)]
        problems += [
            "%s was changed by someone else and left alone" % entry["what"]
            for entry in self.result["recovered"][known:]
            if entry["outcome"] == "left"
        ]
        self.result["rolled_back"] = not problems
        if problems:
            self.result["changed"] = True
            self.result["reason"] += "; rolling back failed: " + "; ".join(problems)

    def _put_back(self, changes, journal):
        """Put files and directories back; return the sentences about those that cannot be."""
        problems = []
        for directory in reversed(journal.get("emptied", [])):
            try:
                self._make_again(directory)
            except (Failure, IOError, OSError) as error:
                problems.append("cannot make %s again: %s" % (to_native(directory["path"]), sentence(error)))
        for change in reversed(changes):
            try:
                outcome = change.put_back()
                if outcome:
                    self._note(change.path, outcome)
                change.clean()
            except Failure as error:
                problems.append(sentence(error))
        return problems + self._remove_made(journal)

    @staticmethod
    def _remove_made(journal):
        problems = []
        for directory in reversed(journal["directories"]):
            try:
                remove_directory(to_native(directory))
            except (IOError, OSError) as error:
                problems.append("cannot remove %s: %s" % (to_native(directory), reason_of(error)))
        return problems

    def _about_directory(self, path):
        about = os.stat(path)
        return {
            "path": path,
            "mode": "%04o" % stat.S_IMODE(about.st_mode),
            "uid": about.st_uid,
            "gid": about.st_gid,
            "context": self.module.selinux_context(path),
        }

    def _make_again(self, directory):
        """Make a directory again that was removed because it was empty."""
        path = to_native(directory["path"])
        if os.path.lexists(path):
            return
        os.mkdir(path, 0o700)
        os.chown(path, directory["uid"], directory["gid"])
        os.chmod(path, int(directory["mode"], 8))
        self.module.set_context_if_different(path, directory["context"], False)
        sync_directory(os.path.dirname(path))

    def _undo_actions(self, journal, changes, but=()):
        """Run what undoes each begun action, without those of these numbers; returns the sentences about failures."""
        begun = enumerate(journal["actions"][: journal["started"]])
        actions = [action for number, action in begun if action["undo"] and number not in but]
        if not actions:
            return []
        crossing = [change for change in changes if change.way_back]
        problems = self._tried(change.take_way_back for change in crossing)
        problems += self._undone(actions)
        problems += self._tried(partial(self._must_answer, "undo", check) for check in journal.get("undo_checks", []))
        problems += self._tried(step for change in crossing for step in (change.put_back, change.clean))
        return problems + self._remove_made(journal)

    @staticmethod
    def _tried(steps):
        """Take all steps; return the sentences about those that fail."""
        problems = []
        for step in steps:
            try:
                step()
            except Failure as error:
                problems.append(sentence(error))
        return problems

    def _undone(self, actions):
        problems = []
        for action in actions:
            try:
                self._must_succeed("undo", dict(action, argv=[to_native(word) for word in action["undo"]]))
                self._note(action["name"], "undone")
            except Failure as error:
                self._note(action["name"], "failed")
                problems.append(sentence(error))
        return problems

    def _note(self, what, outcome):
        self.result["recovered"].append({"what": what, "outcome": outcome})

    # commands

    def _ask(self, step, command):
        answer = run_all([Command(command["argv"], command["timeout"], OUTPUT_LIMIT)])[0]
        tails = dict((name, answer.get(name, "")[-TAIL:]) for name in ("stdout", "stderr"))
        self.report.append(dict(answer, step=step, name=command["name"], **tails))
        return answer

    def _must_answer(self, step, check):
        """Ask until the answer is as expected; a Failure when it never is."""
        check = dict(check, argv=[to_native(word) for word in check["argv"]])
        for attempt in range(check["attempts"]):
            if attempt:
                time.sleep(check["delay"])
            problem = unmet(check["expect"] or [{"rc": 0}], self._ask(step, check))
            if not problem:
                return
        raise Failure("%s: %s" % (to_native(check["name"]), problem))

    def _must_succeed(self, step, command):
        problem = unmet([{"rc": 0}], self._ask(step, command))
        if problem:
            raise Failure("%s: %s" % (command["name"], problem))


def _without_secret(record):
    """Return the record of a file as it may be kept: without what a secret was before."""
    if not record["confidential"]:
        return record
    old = dict((key, value) for key, value in record["old"].items() if key != "content")
    return dict(record, old=old, way_back=None)


def differs(old, new):
    return any(old.get(key) != new.get(key) for key in ("state", "sha256", "mode", "uid", "gid"))


def sentence(error):
    if isinstance(error, Failure):
        return to_native(str(error))
    if isinstance(error, (IOError, OSError)):
        return reason_of(error)
    return "unexpected %s: %s" % (type(error).__name__, to_native(str(error)))


# What a check expects


def unmet(expectations, answer):
    """Return the first expectation that an answer does not meet, as a phrase without any of its output, or None."""
    if answer["state"] != "done":
        return answer.get("reason", "there is no such program")
    for expected in expectations:
        if expected.get("items") is not None:
            problem = _unmet_items(expected, answer)
        elif expected.get("pattern") is not None:
            problem = _unmet_pattern(expected, answer)
        elif expected.get("path") is not None:
            problem = _unmet_value(expected, answer)
        else:
            problem = None if answer["rc"] == expected["rc"] else "ended with %d" % answer["rc"]
        if problem:
            return problem
    return None


def _unmet_pattern(expected, answer):
    text = answer["stdout"] + "\n" + answer["stderr"]
    found = re.search(to_text(expected["pattern"]), text, re.MULTILINE) is not None
    if found == expected["found"]:
        return None
    return "its answer %s %s" % ("lacks" if expected["found"] else "holds", expected["pattern"])


def _unmet_items(expected, answer):
    """Says which of the items are missing, and how many others there are; what they are may be somebody's secret."""
    text = answer["stdout"] + "\n" + answer["stderr"]
    found = []
    for match in re.finditer(to_text(expected["pattern"]), text, re.MULTILINE):
        group = match.group("items")
        found += re.split(to_text(expected["separator"]), group) if expected.get("separator") else [group]
    if expected.get("strip"):
        found = [re.sub(to_text(expected["strip"]), "", item) for item in found]
    same = dict((to_text(key), to_text(value)) for key, value in (expected.get("same") or {}).items())
    ignored = set(to_text(item) for item in expected.get("ignored") or ())
    found = _once(same.get(item, item) for item in found if item and item not in ignored)
    wanted = _once(to_text(item) for item in expected["items"])
    if found == wanted or (not expected.get("ordered", True) and set(found) == set(wanted)):
        return None
    missing = [to_native(item) for item in wanted if item not in set(found)]
    further = len(set(found) - set(wanted))
    more = ["%d more" % len(missing[3:])] if missing[3:] else []
    problems = ["lacks %s" % ", ".join(missing[:3] + more)] if missing else []
    problems += ["holds %d that %s not asked for" % (further, "was" if further == 1 else "were")] if further else []
    return "its answer %s" % (" and ".join(problems) or "has the items in another order")


def _once(items):
    """Return each item once, where it stands first."""
    seen, found = set(), []
    for item in items:
        if item not in seen:
            seen.add(item)
            found.append(item)
    return found


def _unmet_value(expected, answer):
    try:
        value = json.loads(answer["stdout"])
    except ValueError:
        return "its answer is not JSON"
    for key in expected["path"]:
        try:
            value = value[int(key)] if isinstance(value, list) else value.get(to_text(key))
        except (AttributeError, IndexError, TypeError, ValueError):
            value = None
    # As texts: Python takes 1 and true for equal, and Python 2 has two kinds of strings.
    if json.dumps(value, sort_keys=True) == json.dumps(expected["equals"], sort_keys=True):
        return None
    return "in its answer, %s is not as expected" % ".".join(to_native(str(key)) for key in expected["path"])


if __name__ == "__main__":
    main()
