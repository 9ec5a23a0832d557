"""read_file: shows a text file."""

from __future__ import annotations

from executions.agents.tools.files import read_text
from executions.agents.tools.tool import Tool, ToolCall, ToolError, parameters
from executions.agents.tools.workspace import Workspace
from executions.threads import in_thread


async def read_file(call: ToolCall, path: str, offset: int = 1, limit: int | None = None) -> str:
    """Return the lines from number ``offset`` on; says which lines when they are not all."""
    text = await in_thread(read_text, Workspace(call.run.workspace), path)
    lines = text.splitlines(keepends=True)
    if offset > max(len(lines), 1):
        raise ToolError(f"{path!r} has only {len(lines):,} lines, line {offset:,} is past its end.")
    chosen: list[str] = []
    room = call.run.limits.tool_output_chars - 200  # for the note below
    for line in lines[offset - 1 : None if limit is None else offset - 1 + limit]:
        room -= len(line)
        if room < 0:
            break
        chosen.append(line)
    if not chosen and lines:  # one line that is longer than a result may be
        chosen = [lines[offset - 1][: max(room + len(lines[offset - 1]), 0)]]
    shown = "".join(chosen)
    if len(shown) == len(text):
        return text
    last = offset + len(chosen) - 1
    more = f" Go on with offset={last + 1}." if last < len(lines) else ""
    return f"{shown.rstrip(chr(10))}\n[lines {offset:,} to {last:,} of {len(lines):,}.{more}]"


TOOL = Tool(
    name="read_file",
    description="Read a UTF-8 text file of the workspace, whole or from a line on.",
    parameters=parameters(
        ["path"],
        path={"type": "string", "minLength": 1, "description": "Path relative to the workspace."},
        offset={"type": "integer", "minimum": 1, "description": "Number of the first line to show, from 1."},
        limit={"type": "integer", "minimum": 1, "description": "How many lines to show at most."},
    ),
    function=read_file,
)
