"""What a cancel has come to: waiting for its confirmation, and saying it in words."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from channels.db import database_sync_to_async
from django.db.models import Max
from django.utils.translation import get_language, gettext_noop, pgettext
from django.utils.translation import gettext as _

from executions import readers
from executions.models import EventRow
from executions.services import CancelReport
from executions.states import Outcome, State
from executions.status import look
from executions.wording import number


async def wait(execution_id: int, seconds: float) -> bool:
    """Wait until the execution has finished; ``False`` when it has not within ``seconds``.

    Cancellation: nothing is left behind.
    """
    last = await database_sync_to_async(_last_seq)(execution_id)
    try:
        async with asyncio.timeout(seconds), aclosing(readers.follow(execution_id, last)) as batches:
            async for _batch in batches:
                pass
    except TimeoutError:
        return False
    return True


def _last_seq(execution_id: int) -> int:
    """Return a seq before the last event, so that only the tail of the journal is read."""
    return max(0, (EventRow.objects.filter(execution=execution_id).aggregate(seq=Max("seq"))["seq"] or 0) - 1)


def result(report: CancelReport, execution: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to the cancel of one execution, given as JSON as it is now."""
    canceled = bool(report.count) and execution["outcome"] == Outcome.CANCELED
    finished = execution["state"] == State.FINISHED
    if report.already_finished:
        message = _("Nothing to cancel: already finished: %(outcome)s.") % {"outcome": _word(execution["outcome"])}
    elif canceled:
        message = _("Canceled.")
    elif finished:
        message = _("It finished before it could be stopped: %(outcome)s.") % {"outcome": _word(execution["outcome"])}
    elif report.already_requested:
        message = _("It was told to stop already; it has not confirmed yet.")
    else:
        message = _("Told to stop; the receipt follows when it has.")
    return {
        "canceled": int(canceled),
        "requested": int(bool(report.requested) and not finished),
        "message": message,
        "execution": execution,
    }


def result_of_many(report: CancelReport, not_found: list[int]) -> dict[str, Any]:
    """Return the answer to the cancel of many executions."""
    counts = {
        "canceled": len(report.canceled),
        "requested": len(report.requested),
        "already_requested": len(report.already_requested),
        "already_finished": len(report.already_finished),
    }
    parts = [_(_COUNTED[name]) % {"count": number(count)} for name, count in counts.items() if count]
    parts += [_("%(count)s not found") % {"count": number(len(not_found))}] if not_found else []
    said = pgettext("between the parts of a list", ", ").join(parts)
    message = pgettext("a list as a sentence", "%(list)s.") % {"list": said} if parts else _("Nothing to cancel.")
    return {**counts, "not_found": not_found, "message": message}


_COUNTED = {
    "canceled": gettext_noop("%(count)s canceled"),
    "requested": gettext_noop("%(count)s told to stop"),
    "already_requested": gettext_noop("%(count)s told to stop before"),
    "already_finished": gettext_noop("%(count)s already finished"),
}


def _word(outcome: str) -> str:
    return outcome.replace("_", " ") if (get_language() or "en").startswith("en") else look(outcome).word
