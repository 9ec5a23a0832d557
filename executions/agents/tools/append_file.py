"""append_file: adds to the end of a text file."""

from __future__ import annotations

from executions.agents.tools.files import append_text
from executions.agents.tools.tool import Tool, ToolCall, parameters
from executions.agents.tools.workspace import Workspace
from executions.threads import in_thread


async def append_file(call: ToolCall, path: str, content: str) -> str:
    """Add the text as it is; no line end is put before or after it."""
    size = await in_thread(append_text, Workspace(call.run.workspace), path, content)
    return f"Added {len(content.encode()):,} bytes to {path} (now {size:,} bytes)."


TOOL = Tool(
    name="append_file",
    description="Add text to the end of a file of the workspace, exactly as given. The file is made when absent.",
    parameters=parameters(
        ["path", "content"],
        path={"type": "string", "minLength": 1, "description": "Path relative to the workspace."},
        content={"type": "string", "minLength": 1, "description": "The text to add, with its line ends."},
    ),
    function=append_file,
)
