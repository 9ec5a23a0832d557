"""Paths that cannot leave the workspace, whatever is done to the folders meanwhile.

Every component is opened relative to the folder before it, without following links; a symbolic link is read and its
target walked in the same way. So there is no moment between checking a path and using it: what was checked is held
open. (That confines the file tools. A shell command can reach whatever the server's own user can.)
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from executions.agents.tools.tool import ToolError

MAX_LINKS = 40
MAX_DEPTH = 200
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Place:
    """A name in an open folder; ``.`` for the folder itself. ``info`` is ``None`` when nothing has that name."""

    folder: int
    name: str
    info: os.stat_result | None


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn what the file system says into a ToolError about ``path``."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ToolError(f"{path!r} was replaced by a link while it was opened.") from error
        raise ToolError(f"{path!r}: {os.strerror(error.errno or 0)}.") from error


class Workspace:
    """The folder that file tools work in."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def locate(self, path: str, *, make_folders: bool = False) -> Iterator[Place]:
        """Find a path below the workspace; its last component is not a link. Raises ToolError."""
        if not path or "\0" in path:
            raise ToolError("A path must not be empty or hold a NUL character.")
        folders = [os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
        try:
            with explained(path):
                place = self._walk(path, folders, make_folders)
            yield place
        finally:
            for folder in folders:
                os.close(folder)

    def _walk(self, path: str, folders: list[int], make_folders: bool) -> Place:
        pending = deque(self._components(path, path))
        links = 0
        while pending:
            name = pending.popleft()
            if name == "..":
                if len(folders) == 1:
                    raise self._outside(path)
                os.close(folders.pop())
                continue
            info = self._lstat(name, folders[-1])
            if info is not None and stat.S_ISLNK(info.st_mode):
                links += 1
                if links > MAX_LINKS:
                    raise ToolError(f"{path!r} goes through too many links.")
                target = os.readlink(name, dir_fd=folders[-1])
                if target.startswith("/"):
                    while len(folders) > 1:
                        os.close(folders.pop())
                pending.extendleft(reversed(self._components(target, path)))
            elif not pending:
                return Place(folders[-1], name, info)
            else:
                if info is None and make_folders:
                    with suppress(FileExistsError):  # another call has just made it
                        os.mkdir(name, dir_fd=folders[-1])
                if len(folders) > MAX_DEPTH:
                    raise ToolError(f"{path!r} is too deep: at most {MAX_DEPTH} folders.")
                folders.append(os.open(name, FOLDER, dir_fd=folders[-1]))
        return Place(folders[-1], ".", os.fstat(folders[-1]))

    def _components(self, path: str, asked: str) -> list[str]:
        """Split a path; an absolute one is taken relative to the workspace, or refused."""
        if path.startswith("/"):
            for root in {self._root, self._root.resolve()}:
                try:
                    path = str(PurePosixPath(path).relative_to(root))
                    break
                except ValueError:
                    continue
            else:
                raise self._outside(asked)
        return [part for part in path.split("/") if part not in ("", ".")]

    @staticmethod
    def _lstat(name: str, folder: int) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    @staticmethod
    def _outside(path: str) -> ToolError:
        return ToolError(f"{path!r} is outside the workspace. Use a path relative to it, such as 'notes/todo.txt'.")
