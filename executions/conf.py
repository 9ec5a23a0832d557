"""The engine's settings: ``settings.EXECUTIONS`` over the defaults below.

``conf.max_running`` reads ``settings.EXECUTIONS["MAX_RUNNING"]`` at every access, so tests may override settings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

DEFAULTS: dict[str, Any] = {
    "HOME": Path("var"),
    "WORKSPACES": Path("var/workspaces"),
    "AGENTS": {"demo": "executions.agents.demo.DemoAgent", "llm": "executions.agents.llm.LLMAgent"},
    "MODEL": "demo",
    "MODELS": ["demo"],
    # Slots of one worker, and how many executions of one owner run at once over all workers. Waiting ones hold none.
    "MAX_RUNNING": 64,
    "MAX_RUNNING_PER_OWNER": 16,
    # By name; agents that are not named have no limit of their own.
    "MAX_RUNNING_PER_AGENT": {},
    # The highest priority an owner may give; members of the staff may give any.
    "MAX_OWNER_PRIORITY": 10,
    # Whether the web process runs executions itself, or only looks after those of lost workers.
    "EMBEDDED_WORKER": True,
    "MAX_QUEUED_PER_OWNER": 10_000,
    # WebSockets and event streams of one user, in one process.
    "MAX_CONNECTIONS_PER_USER": 200,
    # A worker not heard of for this long (database clock) is lost; it renews its lease every heartbeat.
    "LEASE_SECONDS": 10.0,
    "HEARTBEAT_SECONDS": 3.0,
    # How often the columns are read in case a doorbell was lost.
    "POLL_SECONDS": 1.0,
    # How long an agent may ignore cancellation before its execution is confirmed as canceled without it.
    "CANCEL_GRACE_SECONDS": 1.0,
    "DRAIN_SECONDS": 0.0,
    "HISTORY": "executions.history.load",
    "LIMITS": {},
    "MAX_PROMPT_CHARS": 1_000_000,
    "ALLOW_PRIVATE_ADDRESSES": False,
    "SEARCH_URL": "",
    "MCP_CONFIG": None,
}


class Conf:
    """Attribute access to the engine's settings."""

    def __getattr__(self, name: str) -> Any:
        key = name.upper()
        if key not in DEFAULTS:
            raise AttributeError(f"the engine has no setting {key!r}")
        given: dict[str, Any] = getattr(settings, "EXECUTIONS", {})
        if given is not self.__dict__.get("_checked"):
            unknown = given.keys() - DEFAULTS.keys()
            if unknown:
                raise ImproperlyConfigured(f"EXECUTIONS has unknown keys: {', '.join(sorted(unknown))}")
            self.__dict__["_checked"] = given
        return given.get(key, DEFAULTS[key])


conf = Conf()
