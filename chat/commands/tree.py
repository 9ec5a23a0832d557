"""A project's files as a tree, as much of it as somebody can look through."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

#: Directories that are made by tools and read by nobody.
SKIPPED = frozenset({
    ".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".mypy_cache", ".pytest_cache",
    ".ruff_cache", ".tox", ".next", ".nuxt", ".cache", ".idea", ".gradle", "target", "dist", "build", "coverage",
})  # fmt: skip
MAX_ENTRIES = 5_000
MAX_DEPTH = 12


def tree_of(directory: Path) -> tuple[dict[str, Any], bool]:
    """Return what is below ``directory``, and whether some of it was left out for being too much.

    A directory is an object of what is in it by name, a file is its size in bytes. Symbolic links are left out: they
    may lead out of the project. What can't be read is empty. The upper levels come first, so what is left out is deep.
    """
    root: dict[str, Any] = {}
    todo = deque([(directory, root, 1)])
    count, truncated = 0, False
    while todo:
        path, found, depth = todo.popleft()
        for entry in _entries(path):
            if count == MAX_ENTRIES:
                return root, True
            count += 1
            found[entry.name] = {} if entry.size is None else entry.size
            if entry.size is None and depth < MAX_DEPTH:
                todo.append((entry.path, found[entry.name], depth + 1))
            elif entry.size is None:
                truncated = True
    return root, truncated


class _Entry(NamedTuple):
    name: str
    path: Path
    #: Bytes of a file, ``None`` of a directory.
    size: int | None


def _entries(path: Path) -> list[_Entry]:
    """Return the files and directories in a directory, by name; none where it can't be read or is gone."""
    try:
        with os.scandir(path) as found:
            entries = [entry for entry in map(_entry, found) if entry is not None]
    except OSError:
        return []
    return sorted(entries)


def _entry(found: os.DirEntry[str]) -> _Entry | None:
    """Return what is shown of something in a directory; nothing of links, sockets, and what is gone already."""
    # A name whose bytes are no UTF-8 can't be sent as it is.
    name, path = found.name.encode(errors="replace").decode(), Path(found.path)
    try:
        if found.is_dir(follow_symlinks=False):
            return None if found.name in SKIPPED else _Entry(name, path, None)
        if found.is_file(follow_symlinks=False):
            return _Entry(name, path, found.stat(follow_symlinks=False).st_size)
    except OSError:
        return None
    return None
