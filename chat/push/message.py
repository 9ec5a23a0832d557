"""What a notification says, in the language of its browser."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from chat.models.session import title_of
from executions.models import Execution
from executions.states import Outcome, State
from executions.told import in_words

#: By status; the same words as of a page that is open.
HEADINGS = {
    State.WAITING: gettext_noop("It asks you something"),
    Outcome.SUCCEEDED: gettext_noop("It has finished"),
    Outcome.FAILED: gettext_noop("It failed"),
    Outcome.TIMED_OUT: gettext_noop("It took too long"),
    Outcome.LOST: gettext_noop("It was lost"),
}
MAX_CHARS = 200
#: Kinds of notifications that are about no execution.
TEST, WEBHOOK_OFF = "test", "webhook_off"


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened. ``kind`` is the status of the execution, :data:`TEST` or :data:`WEBHOOK_OFF`."""

    kind: str
    execution: int | None = None
    session: str = ""
    text: str = ""
    #: Of the webhook that it is about.
    name: str = ""

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def fact_of(kind: str, execution: Execution) -> Fact:
    """Return what is to be told of an execution."""
    return Fact(kind, execution.pk, execution.session_id, title_of(execution.prompt))


def worded(fact: Fact, language: str) -> dict[str, Any]:
    """Return what the service worker gets: the words, where a click leads, and in which views it is seen already.

    ``path`` is relative to the service worker's scope, wherever the site is mounted.
    """
    with override(language):
        return {
            "title": _heading(fact),
            "body": _text(fact)[:MAX_CHARS],
            "tag": f"kakoclaw-{fact.execution}-{fact.kind}" if fact.execution else f"kakoclaw-{fact.kind}",
            "path": _path(fact),
            "views": [f"run:{fact.execution}", *([f"session:{fact.session}"] if fact.session else [])]
            if fact.execution
            else [],
            "lang": language,
            # A question stays until somebody has seen to it.
            "stays": fact.kind == State.WAITING,
        }


def _heading(fact: Fact) -> str:
    if fact.kind == TEST:
        return _("Notifications work")
    if fact.kind == WEBHOOK_OFF:
        return _("A webhook was switched off")
    return _(HEADINGS[fact.kind])  # type: ignore[index]  # a status is equal to its member


def _text(fact: Fact) -> str:
    if fact.kind == TEST:
        return _("This browser is told also when no page of KakoClaw is open.")
    return f"{fact.name}: {in_words(fact.text)}" if fact.kind == WEBHOOK_OFF else fact.text


def _path(fact: Fact) -> str:
    if fact.session:
        path = reverse("chat_session", args=[fact.session])
    elif fact.execution:
        path = reverse("execution", args=[fact.execution])
    else:
        path = reverse("settings") + ("#webhooks" if fact.kind == WEBHOOK_OFF else "#notifications")
    return path.removeprefix(reverse("chat"))
