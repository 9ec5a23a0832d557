"""The tools that agents work with: files of the workspace, shell commands, the web.

``TOOLS`` maps names to tools, for agents that offer them to a model; :func:`call` runs one and records what happens.
"""

from executions.agents.tools.calling import call
from executions.agents.tools.registry import TOOLS
from executions.agents.tools.tool import Tool, ToolCall, ToolError, ToolResult

__all__ = ["TOOLS", "Tool", "ToolCall", "ToolError", "ToolResult", "call"]
