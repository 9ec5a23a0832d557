"""edit_file: replaces one passage of a text file."""

from __future__ import annotations

from executions.agents.tools.files import read_text, write_text
from executions.agents.tools.tool import Tool, ToolCall, ToolError, parameters
from executions.agents.tools.workspace import Workspace
from executions.threads import in_thread


async def edit_file(call: ToolCall, path: str, old: str, new: str) -> str:
    """Replace ``old``, which must be there exactly once."""
    return await in_thread(_edit, Workspace(call.run.workspace), path, old, new)


def _edit(workspace: Workspace, path: str, old: str, new: str) -> str:
    if old == new:
        raise ToolError("'old' and 'new' are the same: there is nothing to change.")
    text = read_text(workspace, path)
    # Overlapping matches count: "aa" is twice in "aaa", and which one is meant is not known.
    first = text.find(old)
    if first < 0:
        raise ToolError(
            f"The text to replace is not in {path!r}. It must be given exactly, with its spaces and line ends; "
            "read the file first."
        )
    if text.find(old, first + 1) >= 0:
        line = text.count("\n", 0, first) + 1
        raise ToolError(
            f"The text to replace is more than once in {path!r}, first in line {line:,}. "
            "Give more of the text around the place that is meant."
        )
    write_text(workspace, path, text[:first] + new + text[first + len(old) :])
    return f"Edited {path} in line {text.count(chr(10), 0, first) + 1:,}."


TOOL = Tool(
    name="edit_file",
    description="Replace one passage of a text file of the workspace. The passage must occur exactly once.",
    parameters=parameters(
        ["path", "old", "new"],
        path={"type": "string", "minLength": 1, "description": "Path relative to the workspace."},
        old={"type": "string", "minLength": 1, "description": "The text to replace, exactly as in the file."},
        new={"type": "string", "description": "The text to put there; empty to delete."},
    ),
    function=edit_file,
)
