"""Twenty moments in the life of a run of the Claude CLI at which somebody may press Abort.

For tests and benchmarks of stopping. Each is a scripted prompt (see :mod:`executions.testing.fake_anthropic`), the
event after which, and how long after, to stop it. :func:`prepare` makes the project in which they run, and lets the CLI
run ``./tree.py`` without asking, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from executions.testing.script import script

#: Makes processes of the kinds that survive a careless end; each has this file's path in its command line.
TREE = """\
#!/usr/bin/env python3
import os, signal, sys, time
kind = sys.argv[1]
def again(kind, environment=os.environ):
    os.execve(sys.executable, [sys.executable, os.path.abspath(__file__), kind], dict(environment))
def child(kind, environment=os.environ, session=False):
    if os.fork() == 0:
        if session: os.setsid()
        again(kind, environment)
if kind == 'family': child('sleep'); child('sleep')
if kind == 'session': child('sleep', session=True)
if kind == 'daemon':
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: again('immune', {})
        os._exit(0)
    os.wait()
if kind in ('immune', 'deaf'):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
if kind == 'deaf': child('immune'); child('immune', session=True)
if kind == 'storm':
    for _ in range(3):
        if os.fork() == 0:
            while True:
                if os.fork(): os._exit(0)
                time.sleep(0.001)
print('ready', flush=True)
time.sleep(100000)
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """Stop ``delay`` seconds after the first event of type ``event`` of a run with ``prompt``."""

    name: str
    prompt: str
    event: str
    delay: float = 0.0


def prepare(project: Path, config: Path) -> None:
    """Make what the moments need in a project, and in the CLI's own configuration: a project may not allow itself."""
    project.mkdir(parents=True, exist_ok=True)
    config.mkdir(parents=True, exist_ok=True)
    (config / "settings.json").write_text(json.dumps({"permissions": {"allow": ["Bash(./tree.py *)"]}}))
    (project / "tree.py").write_text(TREE)
    (project / "tree.py").chmod(0o755)


def moments() -> Iterator[Moment]:
    """Yield the twenty, early ones first."""
    silent = script({"hang": "start"})
    for delay in (0.0, 0.1, 0.2, 0.4, 0.8):
        yield Moment(f"{delay * 1000:.0f} ms after the start", silent, "cli_session", delay)
    yield Moment("the model has not answered yet", silent, "cli_session", 2.0)
    yield Moment("the model has sent headers", script({"hang": "headers"}), "cli_session", 1.5)
    yield Moment("thinking", script({"thinking": "hm " * 400, "chunk_delay": 0.02}), "thinking", 0.1)
    yield Moment("the first word", script({"count": 2000, "chunk_delay": 0.01}), "text")
    yield Moment("text", script({"count": 2000, "chunk_delay": 0.01}), "text", 0.5)
    yield Moment("silence in the middle of the text", script({"text": "one two three", "hang": "middle"}), "text", 0.3)
    yield Moment("a tool begins", script({"tools": [_tree("sleep")]}), "tool_started")
    for kind in ("family", "session", "daemon", "deaf", "storm"):
        yield Moment(f"a tool with a {kind}", script({"tools": [_tree(kind)]}), "tool_started", 0.8)
    yield Moment(
        "a command in the background",
        script({"tools": [_tree("family", run_in_background=True)]}, {"count": 2000, "chunk_delay": 0.01}), "text", 0.3,
    )  # fmt: skip
    question = {"question": "Go on?", "header": "Go", "multiSelect": False, "options": [_option("Yes"), _option("No")]}
    asking = {"name": "AskUserQuestion", "args": {"questions": [question]}}
    yield Moment("a question waits", script({"tools": [asking]}), "question", 0.3)
    forbidden = {"name": "Bash", "args": {"command": "mkdir somewhere", "description": "to be asked for"}}
    yield Moment("a permission is asked for", script({"tools": [forbidden]}), "question", 0.3)


def leftovers(project: Path) -> list[str]:
    """Return the command lines of processes that have to do with the project: the CLI and the kinds of ``tree.py``."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            where = str((path / "cwd").readlink())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if str(project) in line or where == str(project):
            found.append(line.strip())
    return found


def _tree(kind: str, **extra: Any) -> dict[str, Any]:
    return {
        "name": "Bash",
        "args": {"command": f"./tree.py {kind}", "description": "a tree", "timeout": 600000, **extra},
    }


def _option(label: str) -> dict[str, str]:
    return {"label": label, "description": ""}
