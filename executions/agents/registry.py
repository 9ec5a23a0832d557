"""Agents by name: dotted paths in the settings, imported when first needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from executions.agents.base import Agent


@cache
def load_agent(dotted_path: str) -> Agent:
    """Import and make the agent at ``dotted_path``. Raises ImportError or AttributeError for a wrong path."""
    module, _, name = dotted_path.rpartition(".")
    agent: Agent = getattr(import_module(module), name)()
    return agent
