"""The real Claude CLI, at work in a project's directory.

Importing this package is cheap; the CLI itself is looked for when it is needed and may be missing.
"""

from executions.agents.claude.agent import ClaudeAgent
from executions.agents.claude.cli import CliStatus, available, current_permission_mode

__all__ = ["ClaudeAgent", "CliStatus", "available", "current_permission_mode"]
