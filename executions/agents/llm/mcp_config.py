"""The settings file of MCP tool servers, in the form that other clients use too.

``{"mcpServers": {"NAME": {"command": …, "args": […], "env": {…}}, "OTHER": {"url": …, "headers": {…}}}}``; ``${VAR}``
and ``${VAR:-default}`` stand for environment variables; ``"disabled": true`` leaves a server out.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from executions.agents.base import AgentFailure

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One server: started with ``command``, or reached at ``url``."""

    name: str
    command: str = ""
    args: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def read(path: Path | str) -> list[ServerConfig]:
    """Return the servers of the file. Raises AgentFailure (``mcp_config``) that says what is wrong and where."""
    try:
        servers = json.loads(Path(path).read_text(encoding="utf-8"))["mcpServers"]
        return [_server(name, _expand(given)) for name, given in servers.items() if not given.get("disabled")]
    except OSError as error:
        raise _failure(path, f"cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise _failure(path, f"is not JSON: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise _failure(path, 'must look like {"mcpServers": {"NAME": {"command": …} or {"url": …}}}') from error
    except ValueError as error:
        raise _failure(path, str(error)) from error


def _failure(path: Path | str, what: str) -> AgentFailure:
    return AgentFailure(f"The MCP settings file {path} {what}.", "mcp_config")


def _server(name: str, given: dict[str, Any]) -> ServerConfig:
    if not _NAME.fullmatch(name):
        raise ValueError(f"has a server {name!r}; names are 1 to 32 of A-Z a-z 0-9 _ -")
    if bool(given.get("command")) == bool(given.get("url")):
        raise ValueError(f'must give the server {name!r} either a "command" or a "url"')
    command, url = str(given.get("command") or ""), str(given.get("url") or "")
    args = [str(arg) for arg in given.get("args") or []]
    return ServerConfig(name, command, args, _table(given, "env"), url, _table(given, "headers"))


def _table(given: dict[str, Any], key: str) -> dict[str, str]:
    return {str(name): str(value) for name, value in (given.get(key) or {}).items()}


def _expand(value: Any) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(_variable, value)
    if isinstance(value, list):
        return [_expand(item) for item in value]
    if isinstance(value, dict):
        return {key: _expand(item) for key, item in value.items()}
    return value


def _variable(found: re.Match[str]) -> str:
    name, default = found.groups()
    value = os.environ.get(name, default)
    if value is None:
        raise ValueError(f"uses the environment variable {name}, which is not set")
    return value
