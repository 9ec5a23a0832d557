"""The client: one method for each thing that can be done with executions."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx

from kakoclaw.client.connection import Connection
from kakoclaw.client.errors import ClientError, Unreachable, WaitedTooLong
from kakoclaw.client.patience import Patience, Trouble
from kakoclaw.client.values import Cancellation, Event, Execution

T = TypeVar("T")

#: Seconds that the server holds a question back, at most.
LONG_POLL = 25
PAGE = 200


class Client:
    """A server and a token. All methods raise :class:`ClientError`; one client may be used by several threads.

    ``start``, ``wait`` and ``follow`` go on through an outage of a server that has answered before, for ``patience``
    seconds (``None``: for ever): a start is never done twice, no event is missed or repeated. ``on_trouble`` is told
    when an outage begins and ends. Everything else is tried once.
    """

    def __init__(
        self,
        server: str,
        token: str,
        *,
        timeout: float = 30.0,
        patience: float | None = 300.0,
        ca_file: str | None = None,
        on_trouble: Trouble | None = None,
    ) -> None:
        self._connection = Connection(server, token, timeout=timeout, ca_file=ca_file)
        self._patience = patience
        self._trouble = on_trouble

    @property
    def server(self) -> str:
        return self._connection.server

    def close(self) -> None:
        """Close all connections. Executions go on."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Acting -----------------------------------------------------------------------------------------------------------

    def start(self, prompt: str, *, key: str = "", **more: Any) -> Execution:
        """Start an execution and return it, queued.

        ``more`` is as the API has it: ``session_id``, ``agent``, ``model``, ``options``, ``limits``, ``priority``,
        ``on_busy``. ``key`` names this start: with the same one, within 24 hours, nothing more is started.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        body = {"prompt": prompt, **{name: value for name, value in more.items() if value not in (None, "")}}
        return self._execution(
            self._patiently(lambda: self._connection.json("POST", "executions/", body=body, headers=headers))
        )

    def answer(self, execution: int, question_id: str, answer: dict[str, Any]) -> Execution:
        """Answer the question in ``question``: ``{"answers": {question: label}}`` or ``{"approved": bool}``."""
        body = {"question_id": question_id, "answer": answer}
        return self._execution(self._connection.json("POST", f"executions/{execution}/answer/", body=body))

    def cancel(self, execution: int, *, reason: str = "", wait: float = 0.0) -> Cancellation:
        """Stop an execution with all that it has started; with ``wait``, for so many seconds until it is confirmed."""
        body = {"reason": reason, "wait": min(wait, LONG_POLL)}
        path, timeout = f"executions/{execution}/cancel/", self._connection.timeout + wait
        data = self._connection.json("POST", path, body=body, timeout=timeout)
        return self._checked(
            lambda: Cancellation(data["canceled"], data["requested"], data["message"], Execution.of(data["execution"]))
        )

    def cancel_many(self, executions: Iterable[int], *, reason: str = "") -> Cancellation:
        """Stop these executions; what is not there, or not yours, is passed over."""
        return self._cancel({"ids": list(executions)}, reason)

    def cancel_matching(self, *, reason: str = "", **filters: Any) -> Cancellation:
        """Stop everything unfinished that matches the list's filters."""
        return self._cancel({"filter": filters}, reason)

    def cancel_all(self, *, reason: str = "") -> Cancellation:
        """Stop everything unfinished that you may see: your own, and as staff everybody's."""
        return self._cancel({"all": True}, reason)

    def retry(self, execution: int) -> Execution:
        """Start a finished execution's request again, and return the new one."""
        return self._execution(self._connection.json("POST", f"executions/{execution}/retry/"))

    def set_priority(self, execution: int, priority: int) -> Execution:
        """Move a queued execution in the queue."""
        body = {"priority": priority}
        return self._execution(self._connection.json("POST", f"executions/{execution}/priority/", body=body))

    # Reading ----------------------------------------------------------------------------------------------------------

    def get(self, execution: int) -> Execution:
        """Return an execution with its answer."""
        return self._execution(self._connection.json("GET", f"executions/{execution}/"))

    def history(self, **filters: Any) -> Iterator[Execution]:
        """Yield executions, newest first, page by page; filters are the API's, lists for several values of one."""
        params: dict[str, Any] = {"limit": PAGE, **filters}
        while params:
            page = self._connection.json("GET", "executions/", params=params)
            yield from self._executions(page)
            # Only its query: the token goes nowhere but to the address that it was given for.
            params = parse_qs(urlsplit(page["next"] or "").query)

    def active(self, **filters: Any) -> list[Execution]:
        """Return what runs or waits for an answer, longest first."""
        rows = self._connection.json("GET", "executions/active/", params=filters)
        return self._checked(lambda: [Execution.of(row) for row in rows])

    def wait(self, execution: int, timeout: float | None = None, *, for_questions: bool = False) -> Execution:
        """Return the execution once it has finished, or (``for_questions``) waits for an answer.

        Raises WaitedTooLong after ``timeout`` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        etag, found = "", None
        while True:
            left = LONG_POLL if end is None else max(0.0, min(LONG_POLL, end - time.monotonic()))
            response = self._patiently(partial(self._poll, execution, left, etag))
            if response.status_code != 304:
                etag, found = response.headers.get("etag", ""), self._execution(self._connection.parsed(response.text))
                if found.finished or (for_questions and found.state == "waiting"):
                    return found
            if end is not None and time.monotonic() >= end:
                raise WaitedTooLong(f"Execution {execution} has not finished within {timeout:g} s.")

    def follow(self, execution: int, after: int = 0) -> Iterator[Event]:
        """Yield every event after ``after`` exactly once, as they come, until the last one.

        Through a server that goes away and comes back, too. Leaving the loop stops nothing but the reading.
        """
        patience, path = self._new_patience(), f"executions/{execution}/events/stream/"
        while True:
            try:
                with self._connection.stream(path, params={"after": after}) as stream:
                    patience.over()
                    if stream.status_code == 204:
                        return
                    for line in stream.iter_lines():
                        if not line.startswith("data:"):
                            continue
                        event = self._event(line)
                        yield event
                        after = event.seq
                        if event.type == "finished":
                            return
                error: ClientError = Unreachable(f"{self.server} has ended the stream.", "connection_lost")
            except ClientError as caught:
                error = caught
            patience.bear(error)

    # ------------------------------------------------------------------------------------------------------------------

    def _new_patience(self) -> Patience:
        return Patience(self._patience if self._connection.reached else 0.0, self._trouble)

    def _patiently(self, ask: Callable[[], T]) -> T:
        patience = self._new_patience()
        while True:
            try:
                answer = ask()
            except ClientError as error:
                patience.bear(error)
            else:
                patience.over()
                return answer

    def _poll(self, execution: int, seconds: float, etag: str) -> httpx.Response:
        headers = {"If-None-Match": etag} if etag else {}
        path, timeout = f"executions/{execution}/", self._connection.timeout + seconds
        return self._connection.request(
            "GET", path, params={"wait": round(seconds, 3)}, headers=headers, timeout=timeout
        )

    def _cancel(self, chosen: dict[str, Any], reason: str) -> Cancellation:
        data = self._connection.json("POST", "executions/cancel/", body={**chosen, "reason": reason})
        return self._checked(lambda: Cancellation(data["canceled"], data["requested"], data["message"]))

    def _executions(self, page: Any) -> Iterable[Execution]:
        return self._checked(lambda: [Execution.of(row) for row in page["results"]])

    def _event(self, line: str) -> Event:
        data = self._connection.parsed(line.removeprefix("data:"))
        return self._checked(lambda: Event.of(data))

    def _execution(self, data: Any) -> Execution:
        return self._checked(lambda: Execution.of(data))

    def _checked(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._connection.unexpected() from None
