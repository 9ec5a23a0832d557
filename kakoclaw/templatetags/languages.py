"""Template tags about the reader's language and time zone."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone

from kakoclaw.languages import LANGUAGES, words_address

register = template.Library()


@register.simple_tag
def words() -> str:
    """Return the address of the words of the page's scripts."""
    return words_address()


@register.simple_tag(takes_context=True)
def chosen_language(context: dict[str, Any]) -> str:
    """Return the language that this browser has chosen, empty for what it asks for by itself."""
    request = context.get("request")
    chosen: str = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "") if request is not None else ""
    return chosen if chosen in LANGUAGES else ""


@register.simple_tag
def languages() -> dict[str, str]:
    """Return the languages there are, each by its own name."""
    return LANGUAGES


@register.simple_tag
def zone() -> str:
    """Return the time zone in which this page tells times."""
    return timezone.get_current_timezone_name()
