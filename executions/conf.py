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
    "AGENTS": {
        "demo": "executions.agents.demo.DemoAgent",
        "llm": "executions.agents.llm.LLMAgent",
        "claude": "executions.agents.claude.ClaudeAgent",
    },
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
    # What each owner may spend, by usd_per_day, usd_per_month, tokens_per_day and tokens_per_month; none: any amount.
    "BUDGETS": {},
    # WebSockets and event streams of one user, in one process.
    "MAX_CONNECTIONS_PER_USER": 200,
    # Requests of the API, in one process; 0 for any number.
    "REQUESTS_PER_MINUTE": 12_000,
    "REQUESTS_PER_MINUTE_PER_ADDRESS": 24_000,
    # Of one address, without a valid token or login.
    "FAILURES_PER_MINUTE_PER_ADDRESS": 120,
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
    # Where people reach the site, for links in messages to the outside; empty for links without a host.
    "PUBLIC_URL": "",
    # How long a receiver of webhooks or Web Push may take to answer, and the first pause before it is tried again.
    "DELIVERY_SECONDS": 10.0,
    "DELIVERY_RETRY_SECONDS": 5.0,
    # How long the log of webhooks is kept.
    "DELIVERY_LOG_DAYS": 30,
    "SEARCH_URL": "",
    "MCP_CONFIG": None,
    # Directories inside which the agent `claude` may work.
    "PROJECT_ROOTS": (),
    # Path of the Claude CLI; empty for the one on the PATH, or else the one that claude-agent-sdk carries.
    "CLAUDE_CLI": "",
    # The model that the CLI is told to use; empty for its own choice.
    "CLAUDE_MODEL": "",
    # What the CLI may do without asking: default, acceptEdits, plan or bypassPermissions.
    "CLAUDE_PERMISSION_MODE": "default",
    # Names of the server's variables that the CLI is given, besides a few harmless ones.
    "CLAUDE_ENV": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    # Where the CLI keeps its login, settings and sessions; None for ~/.claude of the server's user.
    "CLAUDE_CONFIG_DIR": None,
    # A CLI that says nothing for this long while no tool of its runs has stopped answering.
    "CLAUDE_IDLE_SECONDS": 300,
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
