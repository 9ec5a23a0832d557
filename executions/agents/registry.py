"""Agents by name: dotted paths in the settings, imported when first needed, one instance for each process."""

from __future__ import annotations

from importlib import import_module

from executions.agents.base import Agent, WarmAgent

_loaded: dict[str, Agent] = {}


def load_agent(dotted_path: str) -> Agent:
    """Return the agent at ``dotted_path``. Raises ImportError or AttributeError for a wrong path."""
    if dotted_path not in _loaded:
        module, _, name = dotted_path.rpartition(".")
        _loaded[dotted_path] = getattr(import_module(module), name)()
    return _loaded[dotted_path]


async def close_agents() -> None:
    """Close what agents keep open between runs, such as connections to models, on this event loop."""
    for agent in list(_loaded.values()):
        if isinstance(agent, WarmAgent):
            await agent.aclose()
