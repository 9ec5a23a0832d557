"""Template tags that show executions: icons, statuses, durations, costs, receipts."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from executions import holding, wording
from executions.conf import conf
from executions.events import Entry
from executions.models import Execution, Hold
from executions.pictures import WIDTH
from executions.status import LOOKS, look

register = template.Library()

#: What may be chosen besides what the system has.
THEMES = ("light", "dark")


@register.filter
def duration(value: Any) -> str:
    """Return a duration in words, nothing for what is not there."""
    return "" if value in (None, "") else wording.duration(value)


@register.filter
def milliseconds(value: Any) -> str:
    """Return milliseconds in words, nothing for what is not there."""
    return "" if value in (None, "") else wording.duration(value / 1000)


@register.filter
def cost(value: Any) -> str:
    """Return dollars, nothing where the price is not known."""
    return "" if value in (None, "") else wording.cost(value)


@register.filter
def receipt(value: Any, reader: Any = None) -> str:
    """Return one line of what a stop did; it does not tell ``reader`` that it was they."""
    return wording.receipt(value, reader.get_username() if reader else "")


@register.filter
def confirmed(value: dict[str, Any]) -> str:
    """Return how long it took from the request to stop to its confirmation."""
    return wording.duration(value["elapsed_ms"] / 1000)


@register.simple_tag
def stopped(execution: Execution, reader: Any) -> str:
    """Return who stopped an execution, how fast, and why."""
    by = execution.cancel_requested_by
    name = "you" if by == reader else by.get_username() if by else None
    return wording.stopped(name, execution.cancel_source, execution.cancel_reason, execution.receipt.get("elapsed_ms"))


@register.simple_tag
def stopper(execution: Execution, reader: Any) -> str:
    """Return who asked for a stop, and from where."""
    by = execution.cancel_requested_by
    return wording.stopper("" if by == reader else by.get_username() if by else None, execution.cancel_source)


@register.filter
def percent(x: float) -> str:
    """Return a place in a picture as a percentage of its width."""
    return f"{x / WIDTH * 100:.2f}"


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """Return an icon of the sprite; it is decoration, the word beside it (or ``aria-label``) says the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        classes,
        static("kakoclaw/icons.svg"),
        name,
    )


@register.simple_tag
def status(value: str) -> SafeString:
    """Return the icon and the word of a status, in its colour."""
    shown = look(value)
    return format_html(
        '<span class="status" data-status="{}">{}<span>{}</span></span>', value, icon(shown.icon, "state"), shown.word
    )


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> str:
    """Return the theme that this browser has chosen, empty for the system's."""
    request = context.get("request")
    chosen: str = request.COOKIES.get("theme", "") if request is not None else ""
    return chosen if chosen in THEMES else ""


@register.simple_tag
def statuses() -> dict[str, dict[str, str]]:
    """Return all looks, for the scripts of the page."""
    return {name: {"word": shown.word, "icon": shown.icon} for name, shown in LOOKS.items()}


@register.simple_tag
def unfinished_count(user: Any) -> int:
    """Return how many executions of ``user`` can still be stopped."""
    return Execution.objects.filter(owner=user).unfinished().count() if user.is_authenticated else 0


@register.simple_tag
def held_queue(user: Any) -> list[Hold]:
    """Return the holds of the queue that whoever starts something has to know of."""
    return holding.in_force() if user.is_authenticated else []


@register.simple_tag
def show_projects() -> bool:
    """Return whether there is a page of projects to lead to: the agent that works in them may."""
    return bool("claude" in conf.agents and conf.project_roots)


@register.filter
def iso(value: Any) -> str:
    """Return a datetime as RFC 3339, empty for none."""
    return value.isoformat().replace("+00:00", "Z") if value else ""


@register.simple_tag
def status_word(value: str) -> str:
    """Return the word of a status alone."""
    return look(value).word


@register.filter
def place(value: int) -> str:
    """Return a place in the queue: ``next in line``, ``2nd in line``."""
    return wording.place(value)


@register.filter
def ordinal(value: int) -> str:
    """Return ``2nd``, ``3rd``, ``11th``; a plain number in other languages than English."""
    return wording.ordinal(value)


@register.filter
def number(value: Any) -> str:
    """Return a number as the reader writes it, nothing for what is not there. Not for what scripts or forms read."""
    return "" if value in (None, "") else wording.number(value)


@register.filter
def told(value: Any) -> str:
    """Return what is stored of a failure, in the reader's language as far as it is in words of ours."""
    return wording.error(value or "")


@register.filter
def moment(value: datetime | None) -> str:
    """Return a moment by the reader's clock; where that is not known, in UTC, and it says so."""
    if value is None:
        return ""
    zone = timezone.get_current_timezone()
    text = formats.date_format(value.astimezone(zone), "DATETIME_FORMAT")
    return f"{text} UTC" if zone == timezone.get_default_timezone() else text


@register.filter
def local(value: datetime) -> SafeString:
    """Return a moment as an element whose text is by the reader's clock, also where only the browser knows it."""
    return format_html('<time datetime="{}" data-local>{}</time>', iso(value), moment(value))


@register.filter
def ago(value: datetime | None) -> str:
    """Return how long ago something was, for lists: ``now``, ``5 m``, ``3 h``, or the day."""
    return "" if value is None else wording.ago(value, timezone.now())


@register.filter
def since(value: datetime | None) -> SafeString:
    """Return how long ago something was, as an element that goes on counting."""
    if value is None:
        return SafeString("")
    passed = (timezone.now() - value).total_seconds()
    return format_html('<time data-since="{}">{}</time>', iso(value), wording.whole(passed))


@register.filter
def seconds_after(moment: datetime, start: datetime) -> float:
    return max((moment - start).total_seconds(), 0.0)


@register.filter
def pretty(data: dict[str, Any]) -> str:
    """Return the data of an event as JSON to read."""
    return json.dumps(data, indent=2, ensure_ascii=False)


@register.filter
def summary(entry: Entry) -> dict[str, str]:
    """Return an event in words: its kind, and one line of what it says."""
    kind, text = wording.event(entry.type, entry.data)
    return {"kind": kind, "text": " ".join(text.split())[:300]}
