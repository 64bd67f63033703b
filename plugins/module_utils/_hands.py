# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two modules that run on a managed host share. Private to this collection.

Runs under every Python from 2.7 on, with the standard library alone.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import errno
import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time

JOURNAL = "journal.json"
LAST = "last.json"  # the journal of the last transaction that is done and changed files
STATE = "state.json"
LOCK = "lock"
BESIDE = ".dockyard-"  # how names begin that a transaction puts beside files until it is through
JOURNAL_LIMIT = 256 * 1024 * 1024
DAY = 24 * 3600

# Who writes and who reads share these: the next run has to read what was written, and what an engine makes of it.
READ_LIMIT = 1024 * 1024
OUTPUT_LIMIT = 16 * 1024 * 1024

# Python 2.7 has no name for it; the number is Linux's.
O_CLOEXEC = getattr(os, "O_CLOEXEC", 0o2000000)

# A transaction ignores these; the programs it starts must not inherit that.
IGNORED_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM)

KINDS = (
    (stat.S_ISDIR, "directory"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "character device"),
    (stat.S_ISBLK, "block device"),
)

now = getattr(time, "monotonic", time.time)


# Names that are not UTF-8 come from Python 3's kernel interface as surrogates; Python 2 leaves them bytes.
ERRORS = "surrogateescape" if sys.version_info >= (3,) else "strict"


def to_bytes(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", ERRORS)


def to_text(data, errors="strict"):
    return data.decode("utf-8", errors) if isinstance(data, bytes) else data


def to_native(text):
    """Return the text as this Python's `str`."""
    return to_text(text) if str is not bytes else to_bytes(text)


def pack(value):
    """Return a JSON value as one opaque word (base64 of JSON), as native text."""
    return to_native(base64.b64encode(to_bytes(json.dumps(value, sort_keys=True))))


def unpack(text):
    """Return the JSON value in an opaque word; ValueError when it is none."""
    try:
        return json.loads(to_text(base64.b64decode(to_bytes(text))))
    except (TypeError, ValueError):
        raise ValueError("not base64 of JSON")


def problem_of_path(path):
    """Say why this text cannot name a file on a host: a short phrase, or None."""
    if not _for_the_kernel(path):
        return "holds a character that no path can hold"
    return None if path.startswith("/") else "is not an absolute path"


def problem_of_command(command):
    """Say why this command (name, argv, timeout) cannot be run: a short phrase, or None."""
    if not command["argv"] or not command["argv"][0]:
        return "argv is empty"
    if problem_of_words(command["argv"]):
        return "argv " + problem_of_words(command["argv"])
    if not 0 < command["timeout"] <= DAY:  # also catches NaN
        return "timeout must be above 0 and at most %d seconds" % DAY
    return None


def problem_of_words(words):
    """Say why these cannot be arguments of a program: a short phrase, or None."""
    return None if all(_for_the_kernel(word) for word in words) else "holds a character that no argument can hold"


def _for_the_kernel(text):
    try:
        return b"\0" not in to_bytes(text)
    except UnicodeError:
        return False


def reason_of(error):
    """Return the short phrase for an OSError or IOError, for example 'permission denied'."""
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:]


# Files


def mount_points():
    """Return every mount point of this process, as a set of byte strings."""
    try:
        with open("/proc/self/mountinfo", "rb") as stream:
            fields = [line.split()[4] for line in stream]
    except (IOError, OSError):
        return frozenset()
    return frozenset(
        re.sub(b"\\\\([0-7]{3})", lambda m: bytes(bytearray([int(m.group(1), 8)])), field) for field in fields
    )


def describe(path, limit, mounts=frozenset()):
    """Describe a path, symbolic links followed.

    :returns: {'state': 'file', 'content': base64, 'sha256', 'mode', 'uid', 'gid', 'size', 'link', 'mount'},
        {'state': 'absent'} or {'state': 'failed', 'reason': phrase}, with 'link' if it is one to nothing. Never
        raises for what a file system may do.
    """
    try:
        return _describe_file(path, limit, mounts)
    except (IOError, OSError) as error:
        if error.errno != errno.ENOENT:
            return failed(reason_of(error))
    if os.path.islink(path):
        found = failed("dangling symbolic link to %s" % to_text(os.readlink(path), "replace"))
        return dict(found, link=to_text(os.path.realpath(path), "replace"))
    return {"state": "absent"}


def failed(reason):
    return {"state": "failed", "reason": reason}


def _describe_file(path, limit, mounts):
    about = os.stat(path)  # before opening: to open a device can already do something
    if not stat.S_ISREG(about.st_mode):
        return failed(_not_regular(about))
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | O_CLOEXEC)
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode):
            return failed(_not_regular(about))
        content = _read(fd, limit + 1) if about.st_size <= limit else None
    finally:
        os.close(fd)
    if content is None or len(content) > limit:
        return failed("too large (%d bytes, limit %d)" % (max(about.st_size, limit + 1), limit))
    real = os.path.realpath(path)
    return {
        "state": "file",
        "content": to_native(base64.b64encode(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
        "mode": "%04o" % stat.S_IMODE(about.st_mode),
        "uid": about.st_uid,
        "gid": about.st_gid,
        "size": len(content),
        "link": to_text(real, "replace") if os.path.islink(path) else None,
        "mount": to_bytes(real) in mounts,
    }


def _not_regular(about):
    kinds = [name for matches, name in KINDS if matches(about.st_mode)]
    return "not a regular file (%s)" % (kinds or ["unknown"])[0]


def _read(fd, limit):
    chunks = []
    while limit > 0:
        chunk = os.read(fd, min(limit, 1 << 20))
        if not chunk:
            break
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)


def mark(description):
    """Return the value that compare and swap compares: the checksum, 'absent', or 'failed'."""
    return description.get("sha256", description["state"])


_TEXT = (type(b"".decode()), str)
_NUMBER = (int, float, type(1 << 64))  # Python 2 has two kinds of whole numbers
_SIX = {"path": _TEXT, "target": _TEXT, "staged": _TEXT, "kept": _TEXT, "old": dict, "new": dict}
_ACTION = {"name": _TEXT, "argv": list, "undo": list, "timeout": _NUMBER}
_JOURNAL = {
    "id": _TEXT, "plan_id": _TEXT + (type(None),), "time": _NUMBER, "started": _NUMBER, "files": list, "actions": list,
    "directories": list,
}  # fmt: skip
_CHECK = {"name": _TEXT, "argv": list, "timeout": _NUMBER, "attempts": _NUMBER, "delay": _NUMBER, "expect": list}
_OCTAL = re.compile("[0-7]{3,4}$")


def problem_of_journal(journal):
    """Say why a transaction cannot have written this journal: a short phrase, or None."""
    version = journal.get("version") if isinstance(journal, dict) else None
    if isinstance(version, int) and not isinstance(version, bool) and version > 1:
        return "was written by a newer version of dockyard.openshift"
    if version != 1 or isinstance(version, bool):
        return "is not a journal of this version of dockyard.openshift"
    return None if _has(journal, _JOURNAL) and _is_whole(journal) else "is damaged"


def _is_whole(journal):
    actions, emptied = journal["actions"], journal.get("emptied", [])
    return (
        _texts(journal["directories"])
        and all(map(_about_change, journal["files"]))
        and isinstance(journal.get("undo_checks", []), list)
        and all(_has(each, _CHECK) and each["argv"] and _texts(each["argv"]) for each in journal.get("undo_checks", []))
        and all(_has(each, _ACTION) and _texts(each["argv"]) and _texts(each["undo"]) for each in actions)
        and all(each["argv"] for each in actions)
        and 0 <= journal["started"] <= len(actions)
        and isinstance(emptied, list)
        and all(map(_about_directory, emptied))
    )


def _has(value, kinds):
    """Return whether it is a mapping in which each of these is of its kind; True and False are not numbers."""
    return isinstance(value, dict) and all(
        isinstance(value.get(key), kind) and not isinstance(value.get(key), bool) for key, kind in kinds.items()
    )


def _texts(value):
    return isinstance(value, list) and all(isinstance(each, _TEXT) for each in value)


def _about_change(entry):
    way_back = entry.get("way_back") if isinstance(entry, dict) else None
    return (
        _has(entry, _SIX)
        and _about(entry["old"])
        and _about(entry["new"])
        and (way_back is None or (_has(way_back, {"content": _TEXT}) and _about(way_back)))
    )


def _about(description):
    """Return a file as `describe` tells it, there or not; `_new` of a transaction tells no content."""
    if description.get("state") == "absent":
        return True
    kinds = {"sha256": _TEXT, "mode": _TEXT, "uid": _NUMBER, "gid": _NUMBER}
    well = description.get("state") == "file" and _has(description, kinds) and _OCTAL.match(description["mode"])
    return bool(well) and isinstance(description.get("content", ""), _TEXT)


def _about_directory(about):
    kinds = {"path": _TEXT, "mode": _TEXT, "uid": _NUMBER, "gid": _NUMBER}
    return _has(about, kinds) and bool(_OCTAL.match(about["mode"]))


def problem_of_state(state_directory):
    """Say why the state directory cannot be trusted: a short phrase, or None. The next run executes its commands."""
    for name in ("", JOURNAL, LAST, STATE, LOCK):
        path = os.path.join(state_directory, name) if name else state_directory
        try:
            about = os.lstat(path)
        except (IOError, OSError):
            continue
        # in a directory with the sticky bit nobody removes or replaces what is root's
        sticky = stat.S_ISDIR(about.st_mode) and about.st_mode & stat.S_ISVTX
        others = stat.S_IMODE(about.st_mode) & 0o022 and not sticky
        if about.st_uid != os.geteuid() or others or stat.S_ISLNK(about.st_mode):
            return "%s belongs to %d with mode %04o, so somebody else may have written it" % (
                path,
                about.st_uid,
                stat.S_IMODE(about.st_mode),
            )
    return None


def read_journal(state_directory, name=JOURNAL):
    """Return the journal of an interrupted transaction (dict), or None; ValueError when it is unreadable or wrong."""
    path = os.path.join(state_directory, name)
    problem = problem_of_state(state_directory)
    if problem:
        raise ValueError(problem)
    found = describe(path, JOURNAL_LIMIT)
    if found["state"] == "absent":
        return None
    if found["state"] == "failed":
        raise ValueError("%s: %s" % (path, found["reason"]))
    try:
        journal = json.loads(to_text(base64.b64decode(found["content"])))
    except ValueError:
        journal = None
    problem = problem_of_journal(journal)
    if problem:
        raise ValueError("%s %s" % (path, problem))
    return journal


# Extended attributes, access lists among them. Python 2.7 has no calls for them.

#: Given by the system: the label, which has a call of its own, and checksums of the content.
_OF_THE_SYSTEM = ("security.selinux", "security.ima", "security.evm")
_ATTRIBUTES_LIMIT = 65536


def attributes(path):
    """Return {name: base64} of the extended attributes of a file, without those of the system. OSError."""
    found = {}
    for name in _xattr("listxattr", path).split(b"\0"):
        if name and to_text(name, "replace") not in _OF_THE_SYSTEM:
            found[to_text(name)] = to_native(base64.b64encode(_xattr("getxattr", path, name)))
    return found


def set_attributes(path, wanted):
    """Give a file these extended attributes and no others. OSError."""
    for name in set(attributes(path)) - set(wanted):
        _call("removexattr", path, to_bytes(name))
    for name, value in sorted(wanted.items()):
        value = base64.b64decode(value)
        _call("setxattr", path, to_bytes(name), value, len(value), 0)


def _xattr(function, path, *arguments):
    import ctypes  # seldom needed, and slow to load

    found = ctypes.create_string_buffer(_ATTRIBUTES_LIMIT)
    try:
        size = _call(function, path, *(arguments + (found, _ATTRIBUTES_LIMIT)))
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return b""
        raise
    return found.raw[:size]


def _call(function, path, *arguments):
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    values = [ctypes.c_size_t(each) if isinstance(each, int) else each for each in arguments]
    call = getattr(library, function)
    call.restype = ctypes.c_ssize_t
    size = call(to_bytes(path), *values)
    if size < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return size


# Commands


class Command:
    """A program in a process group of its own, with a deadline and a limit on its output."""

    def __init__(self, argv, timeout, limit):
        self.limit = limit
        self.timeout = timeout
        self.problem = None
        self.process = None
        self.started = now()
        if not there(argv[0]):
            self.problem = {"state": "absent"}
            return
        try:
            # Files, not pipes: a full pipe would block the program, and reading several needs threads.
            self.outputs = [tempfile.TemporaryFile(dir=_scratch()) for dummy in range(2)]
        except (IOError, OSError) as error:
            self.problem = failed("no place for its output: %s" % reason_of(error))
            return
        try:
            self._start(argv)
        except (IOError, OSError) as error:
            absent = error.errno in (errno.ENOENT, errno.ENOTDIR)
            self.problem = {"state": "absent"} if absent else failed(reason_of(error))

    def _start(self, argv):
        # Everything we open is close-on-exec; Python 2.7 would close a million numbers one by one instead.
        options = dict(_detached(), cwd="/", env=_environment(), close_fds=False)
        with open(os.devnull, "rb") as nothing:
            stdout, stderr = self.outputs
            self.process = subprocess.Popen(argv, stdin=nothing, stdout=stdout, stderr=stderr, **options)

    def running(self):
        """Return whether it still runs; ends it when it has used up its time or room."""
        if self.process is None or self.process.poll() is not None:
            return False
        if now() - self.started > self.timeout:
            self._kill("no answer within %g s" % self.timeout)
        elif max(os.fstat(output.fileno()).st_size for output in self.outputs) > self.limit:
            self._kill("more than %d bytes of output" % self.limit)
        return self.problem is None

    def _kill(self, reason):
        self.problem = failed(reason)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except OSError:
            pass  # it ended by itself this very moment
        # A process stuck inside the kernel does not even die: do not wait for it for ever.
        patience = now() + 1
        while self.process.poll() is None and now() < patience:
            time.sleep(0.005)

    def answer(self):
        """Return {'state': 'done', 'rc', 'stdout', 'stderr'}, {'state': 'absent'} or {'state': 'failed', ...}."""
        if self.process is None:
            return self.problem
        stdout, stderr = [self._text(output) for output in self.outputs]
        if self.problem is None and max(len(stdout), len(stderr)) > self.limit:
            self.problem = failed("more than %d bytes of output" % self.limit)
        answer = self.problem or {"state": "done", "rc": self.process.returncode}
        return dict(answer, stdout=stdout[: self.limit], stderr=stderr[: self.limit])

    def _text(self, output):
        output.seek(0)
        return output.read(self.limit + 1).decode("utf-8", "replace")


def run_all(commands):
    """Wait for Command objects, which run side by side; their answers, in order."""
    running, begun = list(commands), now()
    while running:
        running = [command for command in running if command.running()]
        if running:
            # On a busy host, polling all the time costs more than the programs: poll less often the longer it takes.
            time.sleep(min(0.025, 0.002 + (now() - begun) / 10))
    return [command.answer() for command in commands]


def _scratch():
    """Memory rather than disk, so that commands can be asked on a full or read-only disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _environment():
    """Return this process's own environment, in English, with the directories of a login as root."""
    path = os.environ.get("PATH", "/usr/bin:/bin")
    return dict(os.environ, LC_ALL="C", PATH=path + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin")


def there(program):
    """Return whether there is such a program. To look costs nothing beside a process that is made only to fail."""
    return any(os.path.exists(os.path.join("/", place, program)) for place in _environment()["PATH"].split(":"))


def _detached():
    """Return options of Popen for a process group of its own, in which signals act as after a login.

    Code of ours between fork and exec makes Python copy its whole memory map first, which costs more than most of the
    programs asked. It is needed only by Python 2 and where signals are ignored, as in a transaction; SIGPIPE, which
    Python itself ignores, it also restores by itself.
    """
    ignored = [number for number in IGNORED_SIGNALS if signal.getsignal(number) == signal.SIG_IGN]
    if sys.version_info < (3,) or set(ignored) - {signal.SIGPIPE}:
        return {"preexec_fn": _detach}
    return {"start_new_session": True}


def _detach():
    os.setsid()
    for number in IGNORED_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
