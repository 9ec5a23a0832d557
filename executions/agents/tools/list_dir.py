"""list_dir: shows what is in a folder."""

from __future__ import annotations

import os
import stat

from executions.agents.tools.tool import Tool, ToolCall, ToolError, parameters
from executions.agents.tools.workspace import FOLDER, Workspace, explained
from executions.cleaning import clean_text
from executions.threads import in_thread

MAX_ENTRIES = 1000


async def list_dir(call: ToolCall, path: str = ".") -> str:
    """Return a line for each entry: folders first, with a slash; files with their size; links with their target."""
    return await in_thread(_listing, Workspace(call.run.workspace), path)


def _listing(workspace: Workspace, path: str) -> str:
    with workspace.locate(path) as place, explained(path):
        if place.info is None:
            raise ToolError(f"There is no folder {path!r}.")
        if not stat.S_ISDIR(place.info.st_mode):
            raise ToolError(f"{path!r} is not a folder. Use read_file to see a file.")
        folder = os.open(place.name, FOLDER, dir_fd=place.folder)
        try:
            with os.scandir(folder) as entries:
                found = sorted(
                    ((not entry.is_dir(follow_symlinks=False), entry.name, _line(entry, folder)) for entry in entries),
                )
        finally:
            os.close(folder)
    lines = [line for _, _, line in found[:MAX_ENTRIES]]
    if len(found) > MAX_ENTRIES:
        lines.append(f"[… {len(found) - MAX_ENTRIES:,} more entries are left out …]")
    return "\n".join(lines) or "(empty folder)"


def _line(entry: os.DirEntry[str], folder: int) -> str:
    name = clean_text(entry.name)
    try:
        info = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(info.st_mode):
            return f"{name}/"
        if stat.S_ISLNK(info.st_mode):
            return f"{name} -> {clean_text(os.readlink(entry.name, dir_fd=folder))}"
    except FileNotFoundError:
        return f"{name} (gone)"
    return f"{name}  {info.st_size:,} bytes" if stat.S_ISREG(info.st_mode) else f"{name}  (pipe, socket or device)"


TOOL = Tool(
    name="list_dir",
    description="List a folder of the workspace.",
    parameters=parameters(
        [],
        path={"type": "string", "minLength": 1, "description": "Path relative to the workspace; '.' when absent."},
    ),
    function=list_dir,
)
