"""Reading and writing whole files of a workspace. Blocking, but never for long: regular files of bounded size only."""

from __future__ import annotations

import os
import secrets
import stat

from executions.agents.tools.tool import ToolError
from executions.agents.tools.workspace import Place, Workspace, explained

MAX_FILE_BYTES = 10_000_000
#: A FIFO must not block, a terminal must not become ours.
SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def read_text(workspace: Workspace, path: str) -> str:
    """Return a text file. Raises ToolError: missing, not a regular file, too large, binary, not UTF-8."""
    with workspace.locate(path) as place, explained(path):
        _require_file(place, path, exists=True)
        descriptor = os.open(place.name, os.O_RDONLY | SAFELY, dir_fd=place.folder)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # what was checked was replaced
                raise _not_a_file(path)
            data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ToolError(f"{path!r} is larger than {MAX_FILE_BYTES:,} bytes. Use exec with head, tail or grep.")
    return _decode(data, path)


def write_text(workspace: Workspace, path: str, content: str) -> bool:
    """Write a whole file so that nobody ever sees a part of it, and make its folders; return whether it is new.

    An existing file keeps its permissions. Raises ToolError.
    """
    data = _encode(content, path)
    with workspace.locate(path, make_folders=True) as place, explained(path):
        _require_file(place, path)
        mode = 0o666 if place.info is None else stat.S_IMODE(place.info.st_mode)
        temporary = f".{secrets.token_hex(8)}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFELY
        descriptor = os.open(temporary, flags, mode, dir_fd=place.folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                if place.info is not None:
                    os.fchmod(descriptor, mode)
            os.rename(temporary, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        except BaseException:
            os.unlink(temporary, dir_fd=place.folder)
            raise
        return place.info is None


def append_text(workspace: Workspace, path: str, content: str) -> int:
    """Add to the end of a file, which is made when absent; return its new size in bytes. Raises ToolError."""
    data = _encode(content, path)
    with workspace.locate(path, make_folders=True) as place, explained(path):
        _require_file(place, path)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | SAFELY
        descriptor = os.open(place.name, flags, 0o666, dir_fd=place.folder)
        with os.fdopen(descriptor, "ab") as file:
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode):
                raise _not_a_file(path)
            if info.st_size + len(data) > MAX_FILE_BYTES:
                raise ToolError(f"{path!r} would be larger than {MAX_FILE_BYTES:,} bytes.")
            file.write(data)
        return info.st_size + len(data)


def _require_file(place: Place, path: str, *, exists: bool = False) -> None:
    if place.info is None:
        if exists:
            raise ToolError(f"There is no file {path!r}. Use list_dir to see what there is.")
    elif stat.S_ISDIR(place.info.st_mode):
        raise ToolError(f"{path!r} is a folder, not a file.")
    elif not stat.S_ISREG(place.info.st_mode):
        raise _not_a_file(path)


def _not_a_file(path: str) -> ToolError:
    return ToolError(f"{path!r} is not a regular file (a pipe, socket or device).")


def _encode(content: str, path: str) -> bytes:
    data = content.encode()
    if len(data) > MAX_FILE_BYTES:
        raise ToolError(f"{path!r} would be larger than {MAX_FILE_BYTES:,} bytes.")
    return data


def _decode(data: bytes, path: str) -> str:
    if b"\0" in data:
        raise ToolError(f"{path!r} is a binary file of {len(data):,} bytes, not text.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ToolError(
            f"{path!r} is not UTF-8 text: byte {data[error.start]:#04x} at position {error.start:,}. "
            "Use exec with iconv or xxd."
        ) from error
