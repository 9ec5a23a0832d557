"""Executions of a server elsewhere, for the command line: what the token may see and do there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.core.management.base import CommandError

from executions.management.executions_cli.backend import COUNTED, Row, Selection, Stopped
from executions.management.executions_cli.exit_codes import USAGE
from executions.states import UNFINISHED
from kakoclaw.client import Client, Execution, NotFound, WaitedTooLong

#: Executions named in one request to stop them.
BATCH = 5_000
#: The most that the API tells at once.
PAGE = 200


class Remote:
    """The backend on the API."""

    def __init__(self, client: Client, program: str, options: Sequence[str]) -> None:
        self.client = client
        self._program, self._options = program, options

    def hint(self, *words: object) -> str:
        return " ".join(map(str, (self._program, *words, *self._options)))

    def active(self, chosen: Selection) -> tuple[list[Row], int]:
        filters = _filters(chosen)
        queued = islice(self.client.history(**filters, state=["queued"]), COUNTED + 1)
        return [execution.raw for execution in self.client.active(**filters)], sum(1 for _ in queued)

    def history(self, chosen: Selection, limit: int) -> list[Row]:
        return [
            execution.raw
            for execution in islice(self.client.history(**_filters(chosen), limit=min(limit, PAGE)), limit)
        ]

    def get(self, execution: int) -> Row:
        return self.client.get(execution).raw

    def follow(self, execution: int, after: int) -> Iterator[Row]:
        """Yield events; through an outage of the server, too."""
        for event in self.client.follow(execution, after):
            yield event.raw

    def start(self, prompt: str, owner: str | None, given: dict[str, Any]) -> Row:
        if owner is not None:
            raise CommandError("--owner can't be said to a server: it is whose token this is.", returncode=USAGE)
        return self.client.start(prompt, **given).raw

    def answer(self, execution: int, question_id: str, answer: dict[str, Any]) -> None:
        self.client.answer(execution, question_id, answer)

    def retry(self, execution: int) -> Row:
        return self.client.retry(execution).raw

    def unfinished(self, chosen: Selection) -> int:
        return sum(1 for _ in self._unfinished(chosen))

    def cancel(self, chosen: Sequence[int] | Selection, reason: str, wait: float) -> Stopped:
        if isinstance(chosen, Selection):
            found, early, missing = self._cancel_all([e.id for e in self._unfinished(chosen)], chosen, reason)
        else:
            found, early, missing = self._cancel_each(chosen, reason)
        pending = [pk for pk, execution in found.items() if not execution.finished]
        for execution in self._confirmed(pending, wait):
            found[execution.id] = execution
        unconfirmed = sum(not execution.finished for execution in found.values()) if wait else 0
        return Stopped([found[pk].raw for pk in sorted(found)], early, missing, unconfirmed)

    def _unfinished(self, chosen: Selection) -> Iterator[Execution]:
        return self.client.history(**_filters(chosen), state=[str(state) for state in UNFINISHED])

    def _cancel_each(self, ids: Sequence[int], reason: str) -> tuple[dict[int, Execution], set[int], list[int]]:
        """Stop the executions that a person has named, one by one, and say of each how it was."""
        found: dict[int, Execution] = {}
        early: set[int] = set()
        missing: list[int] = []
        for pk in sorted(set(ids)):
            try:
                done = self.client.cancel(pk, reason=reason)
            except NotFound:
                missing.append(pk)
                continue
            assert done.execution is not None  # the answer about one has it
            found[pk] = done.execution
            if done.execution.finished and not done.canceled:
                early.add(pk)
        return found, early, missing

    def _cancel_all(
        self, ids: list[int], chosen: Selection, reason: str
    ) -> tuple[dict[int, Execution], set[int], list[int]]:
        """Stop many with few requests, and read them again from the list that they are in."""
        for first in range(0, len(ids), BATCH):
            self.client.cancel_many(ids[first : first + BATCH], reason=reason)
        wanted = set(ids)
        found: dict[int, Execution] = {}
        for execution in self.client.history(**_filters(chosen)):
            if execution.id in wanted:
                found[execution.id] = execution
            if len(found) == len(wanted) or execution.id < min(wanted):
                break
        early = {pk for pk, execution in found.items() if execution.finished and execution.raw["cancel"] is None}
        return found, early, sorted(wanted - set(found))

    def _confirmed(self, ids: list[int], seconds: float) -> Iterator[Execution]:
        """Yield those that finish within ``seconds``, as they are then."""
        end = time.monotonic() + seconds
        for pk in ids if seconds else ():
            try:
                yield self.client.wait(pk, max(0.0, end - time.monotonic()))
            except WaitedTooLong:
                continue


def _filters(chosen: Selection) -> dict[str, Any]:
    """Return the list's filters that select the same."""
    filters = {"owner": chosen.owner, "session_id": chosen.session, "outcome": list(chosen.outcomes)}
    if chosen.states:
        filters["state"] = list(chosen.states)
    return {name: value for name, value in filters.items() if value}
