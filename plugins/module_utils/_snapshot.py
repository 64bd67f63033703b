# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module host_snapshot does on a host: read files and ask commands, changing nothing.

Runs under every Python from 2.7 on, with the standard library alone.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import binascii
import errno
import fcntl
import fnmatch
import hashlib
import os
import pwd
import re
import sys
import time
from contextlib import contextmanager

from ansible_collections.dockyard.openshift.plugins.module_utils._hands import (
    BESIDE,
    LAST,
    LOCK,
    STATE,
    O_CLOEXEC,
    OUTPUT_LIMIT,
    READ_LIMIT,
    Command,
    describe,
    failed,
    mark,
    mount_points,
    pack,
    problem_of_command,
    problem_of_path,
    problem_of_state,
    read_journal,
    reason_of,
    run_all,
    there,
    to_bytes,
    to_text,
)

CERTIFICATE = re.compile(
    b"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\\s]+)-----END (?:TRUSTED |X509 )?CERTIFICATE-----"
)

#: What is meant where nothing is said; the options of host_snapshot.
WANTED = {
    "files": [],
    "directories": [],
    "commands": [],
    "labels": False,
    "last": False,
    "state_directory": "/var/lib/dockyard",
}
FILE = {"limit": READ_LIMIT, "form": "content"}
DIRECTORY = {"pattern": "*.conf", "depth": 1, "secret": None, "form": "content", "limit": READ_LIMIT, "count": 1000}
COMMAND = {"timeout": 10, "needs": None, "unless": None, "limit": OUTPUT_LIMIT}


def answer(wanted):
    """Return the result of the module."""
    wanted = dict(WANTED, **wanted)
    for kind, meant in (("files", FILE), ("directories", DIRECTORY), ("commands", COMMAND)):
        wanted[kind] = [dict(meant, **entry) for entry in wanted[kind]]
    problem = problem_of(wanted)
    if problem:
        return {"failed": True, "msg": problem}
    return {"changed": False, "snapshot": pack(take(wanted))}


def problem_of(wanted):
    """Return the first thing wrong with the options, as a sentence, or None."""
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


def take(wanted):
    """Return the whole snapshot, as a JSON value."""
    asked = [(command["name"], start(command)) for command in wanted["commands"]]
    snapshot = {
        "version": 1,
        "python": ".".join(str(number) for number in sys.version_info[:3]),
        "time": int(time.time()),
        "uid": os.geteuid(),
        "user": user_name(),
        "files": {},
        "directories": {},
        "journal_problem": None,
    }
    mounts = mount_points()
    with shared_lock(wanted["state_directory"]) as locked:
        snapshot["locked"] = locked
        problem = problem_of_state(wanted["state_directory"])
        state = os.path.join(wanted["state_directory"], STATE)
        snapshot["state"] = failed(problem) if problem else describe(state, READ_LIMIT, mounts)
        try:
            snapshot["journal"] = summary(read_journal(wanted["state_directory"]))
        except (KeyError, TypeError, ValueError) as problem:
            snapshot.update(journal=None, journal_problem="the journal cannot be read: %s" % problem)
        take_files(wanted, snapshot, mounts)
        if wanted["last"]:
            snapshot.update(last_transaction(wanted["state_directory"], snapshot["files"], mounts))
    if wanted["labels"]:
        for path, found in snapshot["files"].items():
            found["label"] = label_of(path) if found["state"] == "file" else None
    started = [command for dummy, command in asked if isinstance(command, Command)]
    answers = dict(zip(started, run_all(started)))
    snapshot["commands"] = dict((name, answers.get(command) or {"state": command}) for name, command in asked)
    # A transaction that began meanwhile may be why an engine did not answer.
    with shared_lock(wanted["state_directory"]) as locked:
        snapshot["locked"] = snapshot["locked"] or locked
    return snapshot


def take_files(wanted, snapshot, mounts):
    """Add the directories, the files in them, and the single files."""
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


def user_name():
    """Return the name of the user who runs this, else the number."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def start(command):
    """Return the running Command, or a word that says why it does not run."""
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
    """Return a description of a file with only what was asked for of its content."""
    if found["state"] != "file" or form == "content":
        return found
    content = base64.b64decode(found["content"])
    found = dict((key, value) for key, value in found.items() if key != "content")
    return dict(found, certificates=fingerprints(content)) if form == "certificates" else found


def fingerprints(content):
    """SHA-256 of each certificate of a PEM file, in order. What is not a certificate is passed over."""
    found = []
    for block in CERTIFICATE.findall(content):
        try:
            der = bytearray(base64.b64decode(block))
            found.append(hashlib.sha256(bytes(der[: end_of_element(der)])).hexdigest())
        except (binascii.Error, IndexError, TypeError, ValueError):
            continue
    return found


def end_of_element(der):
    """Return the end of the first DER element; OpenSSL's trusted certificates carry more behind it."""
    if der[1] < 0x80:
        return 2 + der[1]
    length = 0
    for byte in der[2 : 2 + (der[1] & 0x7F)]:
        length = length * 256 + byte
    return 2 + (der[1] & 0x7F) + length


def list_directory(entry):
    """List names in a directory, and as deep below it as asked, that match and are not directories."""
    try:
        names, directories = walk(entry["path"], entry["pattern"], entry["depth"])
    except (IOError, OSError) as error:
        return {"state": "absent"} if error.errno == errno.ENOENT else failed(reason_of(error))
    except re.error:  # old Pythons do not understand [z-a]
        return failed("the pattern %s is not valid" % entry["pattern"])
    for name in names + directories:
        try:
            to_text(name).encode("utf-8")
        except UnicodeError:
            return failed("it holds a name that is not UTF-8: %r" % name)
    if len(names) + len(directories) > entry["count"]:
        return failed("too many files (%d, limit %d)" % (len(names) + len(directories), entry["count"]))
    listing = {"state": "directory", "entries": sorted(names)}
    return dict(listing, directories=sorted(directories)) if entry["depth"] > 1 else listing


def walk(path, pattern, depth):
    """Return (matching files, directories), by their paths below it; links to directories are followed.

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


def last_transaction(state_directory, files, mounts):
    """Tell of the last transaction what can undo it; add to `files` what it wrote and nobody asked for by name."""
    try:
        last = summary(read_journal(state_directory, LAST))
    except (KeyError, TypeError, ValueError) as problem:
        return {"last": None, "last_problem": "the last transaction cannot be read: %s" % problem}
    for entry in last["files"] if last else ():
        if entry["path"] not in files:
            files[entry["path"]] = in_form("checksum", describe(entry["path"], READ_LIMIT, mounts))
    return {"last": last, "last_problem": None}


def summary(journal):
    """Return a journal without what only its own host needs; `present` tells whose content each file holds now."""
    if journal is None:
        return None
    files = []
    for entry in journal["files"]:
        ours = [each for each in (entry.get("way_back"), entry["new"]) if each]
        marks = dict([(mark(entry["old"]), "old")] + [(mark(each), "new") for each in ours])
        found = mark(describe(entry["target"], 1 << 28))
        about = {"path": entry["path"], "new": mark(entry["new"]), "present": marks.get(found, "other")}
        files.append(dict(about, shown=entry["shown"]) if entry.get("shown") else about)
    return {
        "id": journal["id"],
        "plan_id": journal.get("plan_id"),
        "time": journal["time"],
        "files": files,
        "actions": journal["actions"],
        "started": journal["started"],
        "directories": journal["directories"],
        "undoes": journal.get("undoes"),
        "deferred": journal.get("deferred", []),
        "old": dict((entry["path"], entry["old"]) for entry in journal["files"]),
    }


def label_of(path):
    """Return the SELinux label of a file, as text; None where there are none."""
    if not os.path.isdir("/sys/fs/selinux"):
        return None
    import ctypes  # seldom needed, and slow to load

    found = ctypes.create_string_buffer(4096)
    size = ctypes.CDLL(None).getxattr(to_bytes(os.path.realpath(path)), b"security.selinux", found, len(found))
    return to_text(found.raw[: max(size, 0)].rstrip(b"\0"), "replace") or None
