"""The real Claude CLI, in a project's directory."""
