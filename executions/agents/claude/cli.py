"""Where the Claude CLI is, whether it can be used, and how to add it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from executions.conf import conf
from executions.errors import ClaudeMissing

HOW_TO_ADD = (
    "Add it with `make claude` (some 400 MB), or install it as https://code.claude.com/docs says and name its path "
    "in KAKOCLAW_CLAUDE_CLI; then start the server again."
)
#: A first start from a cold disk reads some 400 MB.
VERSION_SECONDS = 30


@dataclass(frozen=True, slots=True)
class CliStatus:
    """The CLI as it is found; ``problem`` and ``how_to_add`` are words for people, empty when it can be used."""

    path: str = ""
    version: str = ""
    problem: str = ""
    how_to_add: str = ""


def available() -> CliStatus:
    """Return whether the CLI can be used. The first time for a path, its version is asked of it: some 0.3 s."""
    path = find()
    if not path:
        named = f": there is no program at KAKOCLAW_CLAUDE_CLI={conf.claude_cli}" if conf.claude_cli else ""
        return CliStatus(problem=f"The Claude CLI is not installed here{named}.", how_to_add=HOW_TO_ADD)
    version = _version(path, Path(path).stat().st_mtime)
    if not version:
        return CliStatus(path, problem=f"{path} does not answer as the Claude CLI does.", how_to_add=HOW_TO_ADD)
    return CliStatus(path, version)


def require() -> str:
    """Return the path of the CLI. Raises ClaudeMissing."""
    if path := find():
        return path
    status = available()
    raise ClaudeMissing(f"{status.problem} {status.how_to_add}")


def find() -> str:
    """Return the path that the settings name, else of ``claude`` on the PATH, else of the SDK's own, else ``""``."""
    if conf.claude_cli:
        return str(conf.claude_cli) if os.access(conf.claude_cli, os.X_OK) and Path(conf.claude_cli).is_file() else ""
    return shutil.which("claude") or _bundled()


def current_permission_mode() -> str:
    """Return what the CLI may do without asking: ``default``, ``acceptEdits``, ``plan`` or ``bypassPermissions``."""
    return str(conf.claude_permission_mode)


def _bundled() -> str:
    # Looked for without importing it: the SDK takes a second to import and is not needed.
    spec = importlib.util.find_spec("claude_agent_sdk")
    if spec is None or spec.origin is None:
        return ""
    path = Path(spec.origin).parent / "_bundled" / "claude"
    return str(path) if os.access(path, os.X_OK) else ""


@lru_cache(maxsize=8)
def _version(path: str, changed_at: float) -> str:
    """Return the version, ``""`` for a program that is something else. It gets no variable of the server's."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - the program that the settings name
            [path, "--version"],
            env=environment | {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout.split()[0] if done.returncode == 0 and "Claude Code" in done.stdout else ""
