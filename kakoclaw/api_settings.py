"""The settings of the packages that the API is made with."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from kakoclaw import __version__
from kakoclaw.environment import Environment


def rest_settings(env: Environment, *, behind_proxy: bool) -> dict[str, Any]:
    """Return ``REST_FRAMEWORK``; what is wrong is noted in ``env``."""
    return {
        # Tokens first: a request without credentials is then answered with 401, and told which scheme to use.
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "chat.authentication.BearerAuthentication",
            "rest_framework.authentication.SessionAuthentication",
        ],
        "DEFAULT_PERMISSION_CLASSES": ["executions.api.permissions.InScope"],
        "DEFAULT_RENDERER_CLASSES": [
            "rest_framework.renderers.JSONRenderer",
            "rest_framework.renderers.BrowsableAPIRenderer",
        ],
        "DEFAULT_PARSER_CLASSES": [
            "rest_framework.parsers.JSONParser",
            "rest_framework.parsers.FormParser",
            "rest_framework.parsers.MultiPartParser",
        ],
        "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
        "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
        "DEFAULT_THROTTLE_RATES": {"login": f"{env.number('KAKOCLAW_LOGINS_PER_MINUTE', 10)}/min"},
        "EXCEPTION_HANDLER": "executions.api.errors.exception_handler",
        # Without a proxy of ours, X-Forwarded-For is whatever the sender wrote; a throttle must not believe it.
        "NUM_PROXIES": 1 if behind_proxy else 0,
    }


def token_settings(env: Environment) -> dict[str, Any]:
    """Return ``REST_KNOX``; what is wrong is noted in ``env``."""
    return {
        "AUTH_HEADER_PREFIX": "Bearer",
        "TOKEN_TTL": timedelta(hours=env.number("KAKOCLAW_TOKEN_HOURS", 24, maximum=24 * 366)),
        # Tokens in use stay valid, up to thirty days; the database is told at most every ten minutes.
        "AUTO_REFRESH": True,
        "AUTO_REFRESH_MAX_TTL": timedelta(days=30),
        "MIN_REFRESH_INTERVAL": 600,
    }


def schema_settings(base_path: str) -> dict[str, Any]:
    """Return ``SPECTACULAR_SETTINGS`` of a site below ``base_path``."""
    return {
        "TITLE": "KakoClaw",
        "DESCRIPTION": "Start agents, follow them, answer them, and stop them.",
        "VERSION": __version__,
        "OAS_VERSION": "3.1.1",
        "SCHEMA_PATH_PREFIX": f"{re.escape(base_path)}/api(/v1)?",
        "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "kakoclaw.schema.describe_errors"],
        "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
        "ENUM_NAME_OVERRIDES": {
            "StateEnum": [(state, state) for state in ("queued", "running", "waiting", "finished")],
            "DeliveryStateEnum": [(state, state) for state in ("pending", "delivered", "failed")],
        },
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
    }
