"""Numbers, receipts and events as people read them, in the language in use. What is stored is never one of these."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import formats
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

from executions.status import look
from executions.told import in_words


def number(value: float, decimals: int | None = None) -> str:
    """Return a number with separators for thousands, as the reader writes it."""
    return formats.number_format(value, decimals, use_l10n=True, force_grouping=True)


def duration(value: timedelta | float | None) -> str:
    """Return ``340 ms``, ``4.2 s``, ``3 m 05 s`` or ``1 h 02 m``; a number is seconds, ``None`` is empty."""
    if value is None:
        return ""
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 1:
        return _("%(number)s ms") % {"number": f"{max(seconds, 0) * 1000:.0f}"}
    if seconds < 10:
        return _("%(number)s s") % {"number": number(round(seconds, 1), 1)}
    return whole(seconds)


def whole(value: float) -> str:
    """Return seconds as ``4 s``, ``3 m 05 s`` or ``1 h 02 m``, as a clock shows them that ticks."""
    seconds = max(int(value), 0)
    if seconds < 60:
        return _("%(number)s s") % {"number": seconds}
    if seconds < 3600:
        return _("%(minutes)s m %(seconds)s s") % {"minutes": seconds // 60, "seconds": f"{seconds % 60:02d}"}
    return _("%(hours)s h %(minutes)s m") % {"hours": seconds // 3600, "minutes": f"{seconds % 3600 // 60:02d}"}


def ago(moment: datetime, now: datetime) -> str:
    """Return how long before ``now`` a moment was, for lists: ``now``, ``5 m``, ``3 h``, or the day."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return _("now")
    if minutes < 60:
        return _("%(number)s m") % {"number": minutes}
    if minutes < 24 * 60:
        return _("%(number)s h") % {"number": minutes // 60}
    return formats.date_format(localtime(moment), "SHORT_DATE_FORMAT")


def cost(value: Any) -> str:
    """Return dollars, with as many digits as a small amount needs; ``None`` (price not known) is empty."""
    if value is None:
        return ""
    amount = float(value)
    return _("$%(amount)s") % {"amount": number(amount, 2 if amount >= 0.1 or amount == 0 else 4)}


def percent(part: float) -> str:
    """Return a part of one as whole percents."""
    return _("%(number)s%%") % {"number": f"{part * 100:.0f}"}


def processes(count: int) -> str:
    return ngettext("%(count)s process", "%(count)s processes", count) % {"count": count}


def place(number: int) -> str:
    """Return a place in the queue, from 1."""
    if number == 1:
        return _("next in line")
    # Translators: the place is 2nd, 3rd and so on in English, and a plain number in every other language.
    return _("%(place)s in line") % {"place": ordinal(number)}


def ordinal(number: int) -> str:
    if not (get_language() or "en").startswith("en"):
        return str(number)
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def error(text: str) -> str:
    """Return why an execution has failed, as far as it was told in words of ours."""
    return in_words(text)


def receipt(value: Mapping[str, Any] | None, reader: str = "") -> str:
    """Return one line of what a confirmed stop did: how fast, what was killed, during what, by whom, why.

    Who it was is left out where it was ``reader`` (a user name).
    """
    if not value:
        return ""
    elapsed = value.get("elapsed_ms")
    parts = [_("Stopped") if elapsed is None else _("Stopped in %(duration)s") % {"duration": duration(elapsed / 1000)}]
    if killed := value.get("processes"):
        count = len(killed)
        parts.append(ngettext("killed %(count)s process", "killed %(count)s processes", count) % {"count": count})
    if tool := value.get("tool"):
        parts.append(_("during %(tool)s") % {"tool": tool})
    if (by := value.get("by")) and by != reader:
        parts.append(_("by %(name)s") % {"name": by})
    if reason := value.get("reason"):
        parts.append(_("“%(text)s”") % {"text": reason})
    return " · ".join(parts)


#: By who or what has stopped an execution: the sentence without and with how fast it was.
_STOPPED = {
    "you": (gettext_noop("Stopped by you"), gettext_noop("Stopped by you in %(duration)s")),
    "name": (gettext_noop("Stopped by %(name)s"), gettext_noop("Stopped by %(name)s in %(duration)s")),
    "disconnect": (
        gettext_noop("Stopped by leaving its page"),
        gettext_noop("Stopped by leaving its page in %(duration)s"),
    ),
    "interrupt": (
        gettext_noop("Stopped by a newer message"),
        gettext_noop("Stopped by a newer message in %(duration)s"),
    ),
    "server": (gettext_noop("Stopped by the server"), gettext_noop("Stopped by the server in %(duration)s")),
}


def stopped(by: str | None, source: str, reason: str, elapsed_ms: float | None) -> str:
    """Return who stopped an execution, how fast, and why; ``by`` is ``you``, a user name, or ``None`` for nobody."""
    who = source if source in ("disconnect", "interrupt") else "server"
    if by:
        who = "you" if by == "you" else "name"
    quick = "" if elapsed_ms is None else duration(elapsed_ms / 1000)
    said = _(_STOPPED[who][bool(quick)]) % {"name": by, "duration": quick}
    return _("%(what)s: “%(reason)s”") % {"what": said, "reason": reason} if reason else said


#: From where a stop was asked for: by the reader, by somebody, by nobody.
_STOPPERS = {
    "page": (gettext_noop("you, on the page"), gettext_noop("%(name)s, on the page"), ""),
    "api": (gettext_noop("you, over the API"), gettext_noop("%(name)s, over the API"), ""),
    "interrupt": (gettext_noop("you, by a newer message"), gettext_noop("%(name)s, by a newer message"), ""),
    "admin": (gettext_noop("you, on a page of the staff"), gettext_noop("%(name)s, on a page of the staff"), ""),
    "command": (
        gettext_noop("you, by a command"),
        gettext_noop("%(name)s, by a command"),
        gettext_noop("somebody, by a command"),
    ),
    "disconnect": (gettext_noop("you, by leaving its page"), gettext_noop("%(name)s, by leaving its page"), ""),
}


def stopper(name: str | None, source: str) -> str:
    """Return who asked for a stop and from where; ``name`` is empty for the reader, ``None`` for nobody."""
    words = _STOPPERS.get(source, (gettext_noop("you"), "%(name)s", ""))
    said = words[2] if name is None else words[1 if name else 0]
    return _(said) % {"name": name} if said else _("the server")


#: From where somebody acted.
_SOURCES = {
    "page": gettext_noop("page"),
    "api": gettext_noop("API"),
    "admin": gettext_noop("staff page"),
    "command": gettext_noop("command"),
    "disconnect": gettext_noop("leaving the page"),
    "interrupt": gettext_noop("newer message"),
    "server": gettext_noop("server"),
}


def source(name: str) -> str:
    """Return from where somebody acted, as a word for lists."""
    return _(_SOURCES[name]) if name in _SOURCES else name


_ENDED = {
    "finished": gettext_noop("%(tool)s is done"),
    "error": gettext_noop("%(tool)s failed"),
    "canceled": gettext_noop("%(tool)s was stopped"),
}
#: What an event is called where what it says is too long to be looked at.
_KINDS = {
    "text": gettext_noop("Writing"),
    "thinking": gettext_noop("Thinking"),
    "tool_started": gettext_noop("Tool started"),
    "tool_output": gettext_noop("Output"),
    "tool_finished": gettext_noop("Tool finished"),
    "question": gettext_noop("Asks"),
    "answered": gettext_noop("Answered"),
    "notice": gettext_noop("Notice"),
    "finished": gettext_noop("Finished"),
}


def kind(name: str) -> str:
    """Return what an event is called."""
    return _(_KINDS[name]) if name in _KINDS else name.replace("_", " ").capitalize()


def event(kind: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """Return an event in words: its kind, and what it says."""
    match kind:
        case "started":
            return _("Started"), ""
        case "text":
            return _("Text"), data["text"]
        case "thinking":
            return _("Thinking"), data["text"]
        case "tool_started":
            return _("%(tool)s begins") % {"tool": data["name"]}, ", ".join(str(v) for v in data["args"].values())
        case "tool_output":
            return _("Output"), data["text"]
        case "tool_finished":
            ended = _ENDED.get(data["status"])
            head = _(ended) % {"tool": data["name"]} if ended else f"{data['name']} {data['status']}"
            return head, in_words(data["result"])
        case "question":
            asked = " · ".join(str(item.get("question", "")) for item in data["questions"])
            return (_("Asks for approval"), data["plan"]) if data["kind"] == "plan" else (_("Asks"), asked)
        case "answered":
            answer = data["answer"]
            if answer.get("answers"):
                return _("Answered"), ", ".join(str(value) for value in answer["answers"].values())
            return (_("Approved") if answer.get("approved") else _("Rejected")), str(answer.get("comment", ""))
        case "usage":
            tokens = {"input": number(data["input_tokens"]), "output": number(data["output_tokens"])}
            used = _("%(input)s in, %(output)s out") % tokens
            return _("Usage"), f"{used} {cost(data['cost_usd'])}"
        case "cli_session":
            where = {"session": data["session_id"], "project": data["project"]}
            return (_("Session resumed") if data["resumed"] else _("Session")), _("%(session)s in %(project)s") % where
        case "notice":
            return _("Notice"), in_words(data["text"])
        case "cancel_requested":
            by = _("by %(name)s") % {"name": data["by"]} if data["by"] else ""
            return _("Stop requested"), " ".join(filter(None, [by, data["reason"]]))
        case "finished":
            ended = _("Ended: %(outcome)s") % {"outcome": look(data["outcome"]).word}
            return ended, in_words(data["error"]) or receipt(data["receipt"])
        case _:
            return kind, ""
