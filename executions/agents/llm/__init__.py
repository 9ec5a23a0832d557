"""The agent that talks to a language model and works with tools, on pydantic-ai.

Importing this package is cheap: pydantic-ai and the providers' libraries take about a second to import, so that happens
in a thread, when the first run that uses a model begins.
"""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from types import ModuleType
from typing import cast

from executions.agents.base import AgentFailure, Run

__all__ = ["LLMAgent"]

#: Earlier turns are given to the model up to this size (about four characters a token).
HISTORY_CHARS = 200_000


class LLMAgent:
    """Answers a prompt with a model of any provider that pydantic-ai knows, in a loop with tools.

    ``mcp_config`` is a JSON file of MCP servers (``{"mcpServers": {…}}``); without it the engine's setting counts.
    """

    def __init__(self, mcp_config: Path | str | None = None, history_chars: int = HISTORY_CHARS) -> None:
        self._mcp_config = mcp_config
        self._history_chars = history_chars

    async def run(self, run: Run) -> None:
        """Answer ``run.prompt``.

        Raises AgentFailure: ``model_config`` (name or key), ``model_unavailable`` (a package is missing),
        ``model_error`` (the model's server), ``mcp_config``; LimitExceeded: ``step_limit``, ``token_limit``.

        Cancellation: the connection to the model is closed, no further tool runs, and ``run.transcript`` holds what was
        done so far, in a form that the next turn can continue from.
        """
        await (await _load()).work(run, self._mcp_config or _configured(), self._history_chars)

    @staticmethod
    async def warm_up(model: str) -> None:
        """Import what that model needs, in a thread, so that its first run need not wait. Raises AgentFailure."""
        await _load()
        from executions.agents.llm import clients

        await clients.model(model)

    @staticmethod
    async def aclose() -> None:
        """Close the connections to models that this event loop keeps open for the next run."""
        from executions.agents.llm import clients

        await clients.close()


_session: ModuleType | None = None


async def _load() -> ModuleType:
    global _session
    # sys.modules would not do: it already holds a module that another thread is still importing.
    if _session is not None:
        return _session
    try:
        _session = await asyncio.to_thread(importlib.import_module, f"{__name__}.session")
    except ImportError as error:
        text = f"Models need the package {error.name}: pip install 'pydantic-ai-slim[openai,anthropic,google,mcp]'."
        raise AgentFailure(text, "model_unavailable") from error
    return _session


def _configured() -> Path | None:
    from executions.conf import conf

    return cast("Path | None", conf.mcp_config)
