"""write_file: writes a whole text file."""

from __future__ import annotations

from executions.agents.tools.files import write_text
from executions.agents.tools.tool import Tool, ToolCall, parameters
from executions.agents.tools.workspace import Workspace
from executions.threads import in_thread


async def write_file(call: ToolCall, path: str, content: str) -> str:
    """Write the file, replacing one that is there; its folders are made."""
    new = await in_thread(write_text, Workspace(call.run.workspace), path, content)
    return f"{'Wrote' if new else 'Replaced'} {path} ({len(content.encode()):,} bytes)."


TOOL = Tool(
    name="write_file",
    description="Write a text file in the workspace, replacing one that is there. Its folders are made.",
    parameters=parameters(
        ["path", "content"],
        path={"type": "string", "minLength": 1, "description": "Path relative to the workspace."},
        content={"type": "string", "description": "The whole text of the file."},
    ),
    function=write_file,
)
