"""The settings of the Claude CLI, see docs/claude.md. It may be missing: then only its agent can't be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kakoclaw.environment import Environment

#: The agent's modes, in the order of what they allow.
PERMISSION_MODES = ("plan", "default", "acceptEdits", "bypassPermissions")
#: What the CLI needs to reach its model; whatever else it is to know of the server's variables has to be named.
VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
#: Variables of the server that are never the CLI's business.
OURS = ("DATABASE_URL", "REDIS_URL")


def claude_settings(env: Environment) -> dict[str, Any]:
    """Return the engine's settings of the agent ``claude``; what is wrong is noted in ``env``."""
    mode = env.text("KAKOCLAW_CLAUDE_PERMISSION_MODE", "default")
    if mode not in PERMISSION_MODES:
        env.wrong("KAKOCLAW_CLAUDE_PERMISSION_MODE", "must be one of " + ", ".join(PERMISSION_MODES))
    variables = (*VARIABLES, *env.names("KAKOCLAW_CLAUDE_ENV"))
    if any(name.startswith("KAKOCLAW_") or name in OURS or "=" in name for name in variables):
        env.wrong(
            "KAKOCLAW_CLAUDE_ENV",
            "must be names of variables such as HTTPS_PROXY; the server's own stay with the server",
        )
    return {
        "PROJECT_ROOTS": _roots(env),
        "CLAUDE_CLI": _absolute(env, "KAKOCLAW_CLAUDE_CLI", "/usr/local/bin/claude") or "",
        "CLAUDE_MODEL": env.text("KAKOCLAW_CLAUDE_MODEL"),
        "CLAUDE_PERMISSION_MODE": mode,
        "CLAUDE_ENV": variables,
        "CLAUDE_CONFIG_DIR": _absolute(env, "KAKOCLAW_CLAUDE_CONFIG_DIR", "/srv/kakoclaw/claude"),
        "CLAUDE_IDLE_SECONDS": env.number("KAKOCLAW_CLAUDE_IDLE_SECONDS", 300, maximum=86_400),
    }


def _roots(env: Environment) -> tuple[Path, ...]:
    roots = tuple(Path(root).expanduser() for root in env.paths("KAKOCLAW_PROJECT_ROOTS"))
    if any(not root.is_absolute() or not root.is_dir() for root in roots):
        env.wrong(
            "KAKOCLAW_PROJECT_ROOTS",
            "must be absolute paths of existing directories, separated by colons, such as /srv/projects",
        )
    return roots


def _absolute(env: Environment, name: str, example: str) -> Path | None:
    value = env.text(name)
    path = Path(value).expanduser() if value else None
    if path is not None and not path.is_absolute():
        env.wrong(name, f"must be an absolute path, such as {example}")
    return path
