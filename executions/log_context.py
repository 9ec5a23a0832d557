"""What a line of the log is about, wherever it is written: the execution that a task runs, the request of a thread."""

from __future__ import annotations

from contextvars import ContextVar

#: Set in the tasks of an execution.
execution_id: ContextVar[int | None] = ContextVar("execution_id", default=None)
#: Set while a request is answered.
request_id: ContextVar[str] = ContextVar("request_id", default="")
