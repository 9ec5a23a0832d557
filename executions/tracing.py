"""Where traces are begun, told of, and ended. Without a recorder, which the site sets when they are wanted, nothing is
done and nothing is imported: OpenTelemetry is known to :mod:`executions.otel` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from executions.events import Event, Finished

#: One of the models; agents, which know of none, import this as well.
Execution = Any


class Trace(Protocol):
    """The spans of one execution that this process holds."""

    def enter(self) -> None:
        """Make what the calling task does a part of the run."""

    def event(self, event: Event) -> None:
        """Take note of what the agent does."""

    def stopping(self) -> None:
        """Note that the agent is told to stop now."""

    def end(self, event: Finished, usage: Any) -> None:
        """The execution has ended so, and that is written."""

    def drop(self) -> None:
        """Somebody else has finished it, and tells of it."""


class Recorder(Protocol):
    """What makes traces."""

    def parent(self) -> str:
        """Return the ``traceparent`` of what is done now, of which the execution that it starts is a part."""

    def begin(self, execution: Execution) -> Trace:
        """Begin the trace of an execution that this process runs from now on."""

    def finished(self, executions: Iterable[Execution]) -> None:
        """Record what has finished without a worker: canceled while it was queued, or lost with its worker."""

    def of_models(self) -> Any:
        """Return pydantic-ai's settings for requests to models."""

    def flush(self, seconds: float) -> None:
        """Send what was recorded, within that time."""


_recorder: Recorder | None = None


def set_recorder(recorder: Recorder | None) -> None:
    """Set what makes traces from now on; ``None`` for none."""
    global _recorder
    _recorder = recorder


def parent() -> str:
    """Return the ``traceparent`` to be stored with an execution that is started now, empty without traces."""
    return "" if _recorder is None else _recorder.parent()


def begin(execution: Execution) -> Trace | None:
    """Begin the trace of an execution; ``None`` without traces."""
    return None if _recorder is None else _recorder.begin(execution)


def of_models() -> Any:
    """Return what pydantic-ai is to record of its requests to models: nothing without traces."""
    return False if _recorder is None else _recorder.of_models()


def finished(sender: Any, executions: Iterable[Execution], **_: Any) -> None:
    """Receiver of ``executions_finished``."""
    if _recorder is not None:
        _recorder.finished(executions)


def flush(seconds: float = 3.0) -> None:
    """Send what was recorded before the process ends; a collector that is away does not hold it up for longer."""
    if _recorder is not None:
        _recorder.flush(seconds)
