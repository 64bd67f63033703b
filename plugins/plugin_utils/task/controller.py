# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on the controller: found beside playbook, role or inventory, and decrypted if need be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleError, AnsibleFileNotFound  # type: ignore[import-untyped]
from ansible.parsing.vault import is_encrypted  # type: ignore[import-untyped]
from ansible.plugins.action import ActionBase  # type: ignore[import-untyped]

from .base import TaskProblem

__all__ = ["ControllerFiles", "is_encrypted"]


class ControllerFiles(ActionBase):  # type: ignore[misc]
    """Reads and writes them; whatever goes wrong is a TaskProblem, with a sentence that holds nothing of a file."""

    #: of the host of the task, see task/base.py
    variables: dict[str, Any]

    def read_file(self, path: str) -> bytes:
        """Read the bytes of a file, decrypted."""
        found = self._found(path)
        if os.path.isdir(found):
            raise _unread(path, f"{found} is a directory")
        try:
            real = self._loader.get_real_file(found)
        except AnsibleError as error:
            raise _unread(path, str(error).splitlines()[0]) from None
        try:
            with open(real, "rb") as stream:
                return stream.read()
        except OSError as error:
            raise _unread(path, str(error.strerror)) from None
        finally:
            self._loader.cleanup_tmp_file(real)

    def _found(self, path: str) -> str:
        """Find a file as Ansible does (role, playbook), then beside the inventory; each time in `files` first."""
        try:
            return str(self._find_needle("files", path))
        except AnsibleFileNotFound as error:
            tried = [str(place) for place in error.paths or ()]
        except AnsibleError as error:
            raise _unread(path, str(error).splitlines()[0]) from None
        if not path.startswith(("/", "~")):
            beside = [os.path.join(directory, path) for directory in self._beside_the_inventory()]
            for place in beside:
                if os.path.exists(place):
                    return place
            tried += beside
        looked = f"; looked for {', '.join(dict.fromkeys(tried))}" if tried else ""
        raise _unread(path, f"there is no such file{looked}")

    def _beside_the_inventory(self) -> Iterator[str]:
        """Yield the directories of the inventory that knows the host, then of every other one."""
        sources = self.variables.get("ansible_inventory_sources") or ()
        files = [os.path.abspath(str(source)) for source in sources if os.path.exists(str(source))]
        directories = [source if os.path.isdir(source) else os.path.dirname(source) for source in files]
        own = str(self.variables.get("inventory_dir"))
        if os.path.isabs(own):  # of a host of `-i name,` Ansible says "None"
            directories.insert(0, own)
        for directory in dict.fromkeys(directories):
            yield from (os.path.join(directory, "files"), directory)

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt the bytes with the vault password of this run."""
        try:
            return bytes(self._loader._vault.encrypt(data))
        except AnsibleError:
            raise TaskProblem("there is no vault password to encrypt with; give --vault-password-file") from None

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt the bytes; return other bytes as they are."""
        if not is_encrypted(data):
            return data
        try:
            return bytes(self._loader._vault.decrypt(data))
        except AnsibleError:
            raise TaskProblem("it is encrypted, and none of this run's vault passwords opens it") from None

    def write_privately(self, path: str, data: bytes) -> None:
        """Write a file whole or not at all, and readable for its owner only from the first byte on."""
        self.write_whole(path, data, 0o600)

    def write_whole(self, path: str, data: bytes, mode: int) -> None:
        """Write a file whole or not at all, with these permissions; its directory is made when it is missing.

        Who may read the file may also go there.
        """
        fresh = f"{path}.{os.getpid()}.new"
        try:
            os.makedirs(_directory_of(path), 0o755 if mode & 0o004 else 0o700, exist_ok=True)
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            try:
                with os.fdopen(fd, "wb") as stream:
                    os.fchmod(fd, mode)
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(fresh, path)
            except OSError:
                os.unlink(fresh)
                raise
        except OSError as error:
            raise TaskProblem(f"{path} cannot be written on the controller: {error.strerror}") from None


def _unread(path: str, reason: str) -> TaskProblem:
    return TaskProblem(f"{path} cannot be read on the controller: {reason}")


def _directory_of(path: str) -> str:
    """Return the directory of a file; that of a bare name is the one where Ansible was started."""
    return os.path.dirname(path) or os.curdir


def content_of(option: str, path: str) -> str | None:
    """Return the text of a file that a task wrote before, None without one. Raises TaskProblem."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise TaskProblem(f"{option}: {path} cannot be read") from None


def write_text(option: str, path: str, text: str) -> None:
    """Write a text without secrets, whole or not at all. Raises TaskProblem."""
    try:
        os.makedirs(_directory_of(path), exist_ok=True)
        with open(f"{path}.new", "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(f"{path}.new", path)
    except OSError as error:
        raise TaskProblem(f"{option}: {path} cannot be written: {error.strerror}") from None
