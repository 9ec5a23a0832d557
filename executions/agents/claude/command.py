"""How the CLI is started: its arguments, its environment, its first message. What a person wrote is no argument."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from executions import images
from executions.agents.base import AgentFailure, Run
from executions.conf import conf

#: Of tools switched off by a message, what can be the name of one.
TOOL_NAME = re.compile(r"[A-Za-z_][\w-]{0,127}")
#: What the CLI's own helpers do over the network without being asked.
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
PLAN_COMMAND = re.compile(r"/plan(?:\s+|$)")


def arguments(cli: str, run: Run, mode: str, resume: str) -> list[str]:
    """Return the command line; values are bound with ``=``, so that none can be taken for another option."""
    argv = [
        cli, "-p", "--output-format=stream-json", "--input-format=stream-json", "--verbose",
        "--include-partial-messages", "--permission-prompt-tool=stdio", f"--permission-mode={mode}",
    ]  # fmt: skip
    if resume:
        argv.append(f"--resume={resume}")
        if resume != run.agent_session:
            argv += ["--fork-session", f"--session-id={run.agent_session}"]
    else:
        argv.append(f"--session-id={run.agent_session}")
    if conf.claude_model:
        argv.append(f"--model={conf.claude_model}")
    if excluded := _excluded(run):
        argv.append(f"--disallowedTools={','.join(excluded)}")
    return argv


def _excluded(run: Run) -> list[str]:
    web = ("WebFetch", "WebSearch") if run.options.get("web_search") is False else ()
    return sorted({name for name in (*run.excluded_tools, *web) if TOOL_NAME.fullmatch(name)})


def environment() -> dict[str, str]:
    """Return what the CLI's environment has besides the few variables that every child process gets.

    Its home is that of the server's user, whose login, settings and git identity it works with.
    """
    given = {name: os.environ[name] for name in conf.claude_env if name in os.environ}
    home = {"HOME": str(Path.home())}
    if conf.claude_config_dir:
        home["CLAUDE_CONFIG_DIR"] = str(conf.claude_config_dir)
    return QUIET | home | given


def begins_in_plan_mode(run: Run, project: Path) -> bool:
    """Whether the run makes a plan first: asked for by option, or by ``/plan`` where that is no command of its own."""
    if run.options.get("command") == "plan":
        return True
    config = Path(conf.claude_config_dir or Path.home() / ".claude")
    own = any((folder / "commands" / "plan.md").is_file() for folder in (project / ".claude", config))
    return bool(PLAN_COMMAND.match(run.prompt)) and not own


def first_message(run: Run, *, planning: bool) -> dict[str, Any]:
    """Return the prompt with its images. Reads files. Raises AgentFailure ``image_missing``."""
    # The CLI's own /plan exists only where a person sits before it; here the mode is set by its option.
    text = PLAN_COMMAND.sub("", run.prompt, count=1) or run.prompt if planning else run.prompt
    content: str | list[dict[str, Any]] = text
    if attached := _attached(run.options):
        content = [*(_image(image_id) for image_id in attached), {"type": "text", "text": text}]
    return {"type": "user", "message": {"role": "user", "content": content}, "parent_tool_use_id": None}


def _attached(options: Mapping[str, Any]) -> Sequence[str]:
    return tuple(options.get("images", ()))


def _image(image_id: str) -> dict[str, Any]:
    path = images.path_of(image_id)
    try:
        data = base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        text = f"An attached image is gone ({error.strerror}); attach it again."
        raise AgentFailure(text, "image_missing") from error
    return {"type": "image", "source": {"type": "base64", "media_type": images.media_type_of(image_id), "data": data}}
