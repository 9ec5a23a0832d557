"""System checks of the site: settings that are each right, and wrong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.urls import get_resolver

from executions.agents.llm import catalog
from kakoclaw.addresses import is_loopback


@register(Tags.security)
def reachable_without_https(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Warn when other machines can connect and nothing says that they do so over HTTPS."""
    if settings.HTTPS or is_loopback(settings.SERVE_HOST):
        return []
    return [
        checks.Warning(
            f"HOST={settings.SERVE_HOST} lets other machines connect, and passwords would travel unencrypted.",
            hint="Put a proxy that speaks HTTPS in front and set KAKOCLAW_HTTPS=1: see docs/deployment.md.",
            id="kakoclaw.W001",
        )
    ]


@register(Tags.security)
def reachable_under_no_name(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Warn when other machines can connect, but under no name that is answered."""
    if is_loopback(settings.SERVE_HOST) or any(not is_loopback(host) for host in settings.ALLOWED_HOSTS):
        return []
    return [
        checks.Warning(
            f"HOST={settings.SERVE_HOST} lets other machines connect, but only requests to this one are answered.",
            hint="Set KAKOCLAW_ALLOWED_HOSTS to the names and addresses under which people open the site.",
            id="kakoclaw.W002",
        )
    ]


@register()
def model_without_its_variables(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Warn when the default model's provider has neither a key nor an address."""
    provider = catalog.provider_of(settings.MODEL)
    if catalog.is_enabled(provider):
        return []
    return [
        checks.Warning(
            f"KAKOCLAW_MODEL={settings.MODEL} cannot be used: {' or '.join(catalog.KEYS[provider])} is not set.",
            hint="Set it in the environment or in .env: see docs/models.md.",
            id="kakoclaw.W003",
        )
    ]


@register()
def base_path_like_a_page(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Warn when the site's path begins like one of its own addresses."""
    name = settings.BASE_PATH.partition("/")[2].partition("/")[0]
    site: Any = get_resolver().url_patterns[0]
    if not name or name not in {*_first_words(site.url_patterns), "static", "ws"}:
        return []
    return [
        checks.Warning(
            f"KAKOCLAW_BASE_PATH={settings.BASE_PATH} begins like one of the site's own addresses (/{name}).",
            hint="The proxy must hand it on, and not take it away; or choose another such as /agents.",
            id="kakoclaw.W004",
        )
    ]


def _first_words(patterns: Iterable[Any]) -> Iterator[str]:
    """Yield the first word of each address."""
    for pattern in patterns:
        text = str(pattern.pattern)
        if text:
            yield text.partition("/")[0]
        else:
            yield from _first_words(getattr(pattern, "url_patterns", ()))
