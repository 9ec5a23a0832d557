"""Writes what the outside is to be told, in the transaction in which it happens.

It runs whenever an execution ends or asks, so it costs those who have no receiver one prepared statement for each
batch of the journal, whatever the number of executions in it or of channels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Value

from executions import bus
from executions.deliveries.channel import Channel, News, channel_of, channels
from executions.models import Execution
from executions.prepared import Among, Prepared
from executions.signals import executions_finished, executions_waiting

WAKE = {"type": "execution.deliver"}


def connect() -> None:
    """Begin to write down what the engine tells."""
    executions_finished.connect(_happened, dispatch_uid="executions.outbox.finished")
    executions_waiting.connect(_happened, dispatch_uid="executions.outbox.waiting")


def _happened(sender: Any, executions: Sequence[Execution], **kwargs: Any) -> None:
    write(executions)


def write(executions: Sequence[Execution]) -> None:
    """Write to every receiver that wants to know what these executions are now; it is sent after the commit."""
    wanted = _wanted_by({execution.owner_id for execution in executions})
    news: dict[str, list[News]] = defaultdict(list)
    for execution in executions:
        for channel, target_id, kinds in wanted.get(execution.owner_id, ()):
            if execution.status in kinds:
                news[channel].append(News(execution.status, execution, target_id))
    for channel, its_news in news.items():
        channel_of(channel).write(its_news)
    if news:
        wake()


def wake() -> None:
    """Have the workers look at the outbox, after the current transaction has committed."""
    transaction.on_commit(partial(bus.ring, bus.WORKERS, WAKE))


def _wanted_by(owners: set[int]) -> dict[int, list[tuple[str, int, list[str]]]]:
    """Return the receivers of these users: channel, id, and the kinds of news they want."""
    served = tuple(channels())
    if not served:
        return {}
    wanted = defaultdict(list)
    for channel, target_id, owner_id, kinds in _receivers(served).rows(owners=owners):
        wanted[owner_id].append((channel, target_id, kinds.split()))
    return wanted


_statements: dict[tuple[Channel, ...], Prepared] = {}


def _receivers(served: tuple[Channel, ...]) -> Prepared:
    """Return the one statement that finds the receivers of all channels."""
    if served not in _statements:

        def build() -> Any:
            first, *more = (
                channel.receivers()
                .filter(Among("owner", "owners"))
                .order_by()
                .values_list(Value(channel.name), "pk", "owner_id", "wanted")
                for channel in served
            )
            return first.union(*more, all=True) if more else first

        _statements[served] = Prepared(build)
    return _statements[served]
