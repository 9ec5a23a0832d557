"""The one place where outcomes are written.

Every function here takes part in the caller's transaction and is guarded: a row that is finished already, or held by
somebody else, is left as it is and not reported.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils import timezone

from executions.changes import announce, change_of
from executions.events import Finished, Text, Usage
from executions.models import EventRow, Execution
from executions.signals import executions_finished
from executions.states import State

logger = logging.getLogger(__name__)


#: What an execution that nobody finishes in order still has in its journal.
_FROM_THE_JOURNAL = ["output", "last_seq", "input_tokens", "output_tokens", "requests", "cost_usd"]


def finish_unheld(ids: Sequence[int], state: State, event: Finished) -> list[int]:
    """Finish queued executions, or those of a lost worker, by primary key; the caller holds their locks in ``state``.

    The output is put together from the journal, the final event gets the next ``seq``. Returns the ids that were
    finished by this call.
    """
    if not ids:
        return []
    # The guard comes first: whoever else finishes one of these at this moment has won or waits for our commit.
    won = list(Execution.objects.lock().filter(pk__in=ids, state=state))
    last = dict(
        EventRow.objects.filter(execution__in=won).values("execution").annotate(seq=Max("seq"))
        .values_list("execution", "seq")
    )  # fmt: skip
    begun = [e for e in won if e.pk in last]
    parts: dict[int, list[str]] = {}
    texts = EventRow.objects.filter(execution__in=begun, type=Text.type)
    for pk, data in texts.order_by("execution_id", "seq").values_list("execution_id", "data"):
        parts.setdefault(pk, []).append(data["text"])
    used = _last_usage(begun)
    now = timezone.now()
    for execution in won:
        usage = used.get(execution.pk, Usage())
        execution.input_tokens, execution.output_tokens = usage.input_tokens, usage.output_tokens
        execution.requests, execution.cost_usd = usage.requests, cost(usage.cost_usd)
        execution.output = "".join(parts.get(execution.pk, ()))
        execution.last_seq = last.get(execution.pk, 0) + 1
        execution.state, execution.outcome = State.FINISHED, event.outcome
        execution.error, execution.error_code, execution.receipt = event.error, event.error_code, event.receipt
        execution.finished_at = execution.changed_at = now
    Execution.objects.filter(pk__in=[e.pk for e in won], state=state).update(
        state=State.FINISHED,
        outcome=event.outcome,
        error=event.error,
        error_code=event.error_code,
        receipt=event.receipt,
        question=None,
        last_seq=1,
        finished_at=Now(),
        changed_at=Now(),
    )
    Execution.objects.bulk_update(begun, _FROM_THE_JOURNAL, batch_size=200)
    data = event.data()
    EventRow.objects.bulk_create(
        [EventRow(execution=e, seq=e.last_seq, type=event.type, data=data, created_at=now) for e in won]
    )
    if won:
        tell_finished(won)
        announce([change_of(e, "finished") for e in won])
    return [e.pk for e in won]


def cost(dollars: float | None) -> Decimal | None:
    """Return a cost as the database keeps it, to a millionth of a dollar."""
    return None if dollars is None else Decimal(str(round(dollars, 6)))


def _last_usage(executions: Sequence[Execution]) -> dict[int, Usage]:
    """Return what each execution had used by the last time it said so; what is no usage is left out."""
    rows = EventRow.objects.filter(execution__in=executions, type=Usage.type).order_by("execution_id", "seq")
    return {pk: Usage(**data) for pk, data in rows.values_list("execution_id", "data") if _is_usage(data)}


def _is_usage(data: dict[str, Any]) -> bool:
    """Whether an agent's numbers are such that the columns can hold them."""
    counts = [value for name, value in data.items() if name != "cost_usd"]
    dollars = data["cost_usd"]
    return all(isinstance(count, int) and 0 <= count < 2**31 for count in counts) and (
        dollars is None or (isinstance(dollars, int | float) and 0 <= dollars < 1_000_000)
    )


def tell_finished(executions: Sequence[Execution]) -> None:
    """Let the applications above take part in the transaction that finishes ``executions``."""
    tell(executions_finished, executions)


def tell(signal: Signal, executions: Sequence[Execution]) -> None:
    """Send one of the signals that take part in a transaction.

    A receiver that fails loses its own work for that execution and nothing else: what has happened has happened.
    """
    try:
        with transaction.atomic():
            signal.send(sender=Execution, executions=executions)
    except (OperationalError, InterfaceError):
        raise  # the database is away: so is the whole transaction, and whoever began it tries again
    except Exception:  # whatever a receiver of another application raises
        if len(executions) > 1:
            for execution in executions:
                tell(signal, [execution])
        else:
            logger.exception("a receiver failed for %s, which is %s without it", executions[0], executions[0].state)
