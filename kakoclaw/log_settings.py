"""Where the log goes and how much is written there; what a line says is in kakoclaw/logs.py."""

from __future__ import annotations

from typing import Any

from kakoclaw.environment import Environment

LEVELS = ("debug", "info", "warning", "error")
LINE_FORMAT = "%(asctime)s %(levelname)-7s %(name)s:%(about)s %(message)s"


def log_settings(env: Environment, *, traces: bool) -> dict[str, Any]:
    """Return ``LOGGING``; what is wrong is noted in ``env``. With ``traces``, lines as JSON name theirs."""
    level = env.choice("KAKOCLAW_LOG_LEVEL", "info", LEVELS).upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "one_line": {"()": "kakoclaw.one_line.OneLine"},
            "outage_line": {"()": "kakoclaw.one_line.OutageLine"},
            "about": {"()": "kakoclaw.logs.About"},
        },
        "formatters": {
            "chosen": {"()": "kakoclaw.json_logs.formatter", "traces": traces}
            if env.choice("KAKOCLAW_LOG_FORMAT", "line", ("line", "json")) == "json"
            else {"format": LINE_FORMAT},
        },
        "handlers": {
            "stderr": {
                "class": "kakoclaw.logs.StderrHandler",
                "formatter": "chosen",
                "filters": ["about"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "kakoclaw": {"level": level},
            "executions": {"level": level},
            "chat": {"level": level},
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.security": {"filters": ["one_line"]},
            "django.security.DisallowedHost": {"filters": ["one_line"]},
            # It tries again with each batch while the collector is away.
            "opentelemetry.exporter": {"filters": [], "level": "ERROR"},
            # It tries again every second while Redis is away.
            "channels_redis.pubsub": {"filters": ["outage_line"]},
            # Every 404 of every scanner would be a line; errors (5xx) still are.
            "django.request": {"level": "ERROR"},
        },
    }
