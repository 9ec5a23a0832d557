"""The real Claude CLI for tests of whole servers: a scripted Messages API, and what a server has to be told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from executions.agents.claude.cli import find
from tests.servers import ROOT

#: Children that a polite end does not reach: one with a session of its own, one double-forked, one immune to SIGTERM.
CHILDREN = """\
setsid sleep 301 &
(sleep 302 &)
(trap '' TERM; while true; do sleep 0.2; done) &
echo started; wait
"""


@contextmanager
def scripted_model() -> Iterator[str]:
    """Serve a scripted Messages API in a process of its own; the value is its address."""
    command = [sys.executable, "-m", "executions.testing.fake_anthropic", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split(" at ")[1].split()[0]
        finally:
            process.kill()


def variables(model: str, directory: Path) -> dict[str, str]:
    """Return what a server is told, with the project ``projects/shop`` below a directory."""
    for name in ("projects/shop", "config", "home", "temporary"):
        (directory / name).mkdir(parents=True)
    (directory / "projects" / "shop" / "children.sh").write_text(CHILDREN)
    return {
        "KAKOCLAW_PROJECT_ROOTS": str(directory / "projects"),
        "KAKOCLAW_CLAUDE_CONFIG_DIR": str(directory / "config"),
        "KAKOCLAW_CLAUDE_CLI": find(),
        "KAKOCLAW_CLAUDE_PERMISSION_MODE": "bypassPermissions",
        "KAKOCLAW_CLAUDE_ENV": "IS_SANDBOX",
        "IS_SANDBOX": "1",  # root may only then let the CLI do everything
        "ANTHROPIC_BASE_URL": model,
        "ANTHROPIC_API_KEY": "sk-scripted",
        # The CLI's shell reads what is in its home, and being killed there leaves locks behind.
        "HOME": str(directory / "home"),
        "TMPDIR": str(directory / "temporary"),
    }
