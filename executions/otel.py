"""Traces by OpenTelemetry: for each execution a span from the queue to its end, and in it what took the time.

An execution is a part of the trace of the request that has started it, in whichever process it runs: the request's
``traceparent`` is stored with it. What people wrote and what tools were told or said is in no span, unless ``content``.

Invariant: whoever holds an execution makes its spans, and ends them when its outcome is written; what ends without a
worker is made into a span by whoever has ended it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from functools import cache, partial
from typing import Any

from django.db import transaction
from opentelemetry import context as contexts
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from executions.events import Answered, Event, Finished, Question, ToolFinished, ToolStarted
from executions.models import Execution
from executions.states import Outcome

#: Outcomes that are nobody's wish.
BAD = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST)
MAX_CONTENT_CHARS = 10_000
TOLD_OF_A_STOP = ("source", "tool", "elapsed_ms")


class OpenTelemetry:
    """The recorder. ``content`` adds what was asked, and what tools were told and said."""

    def __init__(self, provider: TracerProvider, *, content: bool = False) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("kakoclaw.executions")
        self._content = content
        self._held: set[int] = set()

    def parent(self) -> str:
        carrier: dict[str, str] = {}
        if trace.get_current_span().get_span_context().is_valid:
            propagate.inject(carrier)
        else:
            # A message of a WebSocket, or a command: nobody else has said what this is a part of.
            span = self._tracer.start_span("start execution", kind=SpanKind.PRODUCER)
            propagate.inject(carrier, trace.set_span_in_context(span))
            span.end()
        return carrier.get("traceparent", "")

    def begin(self, execution: Execution) -> RunningTrace:
        self._held.add(execution.pk)
        return RunningTrace(self._tracer, execution, self._content, lambda: self._held.discard(execution.pk))

    def finished(self, executions: Iterable[Execution]) -> None:
        for execution in executions:
            if execution.pk not in self._held:
                transaction.on_commit(partial(self._tell, execution))

    def _tell(self, execution: Execution) -> None:
        span = _start(self._tracer, execution, self._content)
        inside = trace.set_span_in_context(span)
        ended = _nanoseconds(execution.finished_at) or time.time_ns()
        _span(self._tracer, "queue", inside, execution.created_at, execution.started_at or ended)
        if execution.started_at is not None:
            _span(self._tracer, "run", inside, execution.started_at, ended)
        _finish(span, execution.outcome, execution.error_code)
        span.end(ended)

    def of_models(self) -> Any:
        return _of_models(self._provider, self._content)

    def flush(self, seconds: float) -> None:
        # Its own limit is not for a collector that accepts and never answers.
        thread = threading.Thread(target=self._provider.force_flush, args=(int(seconds * 1000),), daemon=True)
        thread.start()
        thread.join(seconds)


class RunningTrace:
    """The spans of an execution in the hands of this process."""

    def __init__(self, tracer: Tracer, execution: Execution, content: bool, over: Any) -> None:
        self._tracer, self._content, self._over = tracer, content, over
        self._whole = _start(tracer, execution, content)
        inside = trace.set_span_in_context(self._whole)
        _span(tracer, "queue", inside, execution.created_at, execution.started_at or time.time_ns())
        self._run = tracer.start_span("run", inside, start_time=_nanoseconds(execution.started_at))
        self._inside_whole, self._inside_run = inside, trace.set_span_in_context(self._run)
        self._open: dict[str, Span] = {}
        self._stop: Span | None = None

    def enter(self) -> None:
        contexts.attach(self._inside_run)

    def event(self, event: Event) -> None:
        match event:
            case ToolStarted(call_id, name, args):
                attributes = {"gen_ai.tool.name": name, "gen_ai.tool.call.id": call_id}
                if self._content:
                    attributes["gen_ai.tool.call.arguments"] = _text(args)
                self._open[call_id] = self._begin(f"execute_tool {name}", attributes)
            case ToolFinished(call_id, _, result, status):
                self._close(call_id, str(status), {"gen_ai.tool.call.result": _text(result)} if self._content else {})
            case Question(question_id, kind):
                self._open[question_id] = self._begin("wait for an answer", {"kakoclaw.question.kind": kind})
            case Answered(question_id):
                self._close(question_id, "answered", {})

    def stopping(self) -> None:
        if self._stop is None:
            self._stop = self._tracer.start_span("stop", self._inside_whole)

    def end(self, event: Finished, usage: Any) -> None:
        for key in list(self._open):
            self._close(key, "interrupted", {})
        self._run.end()
        if self._stop is not None:
            receipt = event.receipt or {}
            self._stop.set_attributes({
                "kakoclaw.stop.processes": len(receipt.get("processes", ())),
                **{f"kakoclaw.stop.{name}": receipt[name] for name in TOLD_OF_A_STOP if name in receipt},
            })  # fmt: skip
            self._stop.end()
        self._whole.set_attributes({
            "gen_ai.usage.input_tokens": usage.input_tokens, "gen_ai.usage.output_tokens": usage.output_tokens,
        })  # fmt: skip
        if usage.cost_usd is not None:
            self._whole.set_attribute("kakoclaw.cost_usd", float(usage.cost_usd))
        _finish(self._whole, event.outcome, event.error_code)
        self._whole.end()
        self._over()

    def drop(self) -> None:
        self._over()

    def _begin(self, name: str, attributes: dict[str, str]) -> Span:
        return self._tracer.start_span(name, self._inside_run, attributes=attributes)

    def _close(self, key: str, status: str, more: dict[str, str]) -> None:
        if (span := self._open.pop(key, None)) is not None:
            span.set_attributes({"kakoclaw.status": status, **more})
            if status == "error":
                span.set_status(Status(StatusCode.ERROR))
            span.end()


def _start(tracer: Tracer, execution: Execution, content: bool) -> Span:
    """Begin the span of a whole execution, at the time at which it was queued."""
    attributes: dict[str, Any] = {
        "kakoclaw.execution.id": execution.pk,
        "kakoclaw.agent": execution.agent,
        "kakoclaw.model": execution.model,
        "kakoclaw.priority": execution.priority,
        "kakoclaw.session": execution.session_id,
    }
    if execution.retry_of_id is not None:
        attributes["kakoclaw.retry_of"] = execution.retry_of_id
    if content:
        attributes["kakoclaw.prompt"] = execution.prompt[:MAX_CONTENT_CHARS]
    inside = (
        propagate.extract({"traceparent": execution.traceparent}, Context()) if execution.traceparent else Context()
    )
    return tracer.start_span(
        f"execution {execution.agent}",
        inside,
        kind=SpanKind.CONSUMER,
        attributes=attributes,
        start_time=_nanoseconds(execution.created_at),
    )


def _finish(span: Span, outcome: str, error_code: str) -> None:
    """Say how an execution has ended; the text of an error may hold anything, its code does not."""
    span.set_attribute("kakoclaw.outcome", str(outcome))
    if outcome in BAD:
        span.set_attribute("error.type", error_code or str(outcome))
        span.set_status(Status(StatusCode.ERROR, error_code or str(outcome)))


def _span(tracer: Tracer, name: str, inside: Context, begin: datetime, end: datetime | int) -> None:
    """Record a span that is over."""
    span = tracer.start_span(name, inside, start_time=_nanoseconds(begin))
    span.end(end if isinstance(end, int) else _nanoseconds(end))


def _nanoseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1_000_000) * 1_000


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text[:MAX_CONTENT_CHARS]


@cache
def _of_models(provider: TracerProvider, content: bool) -> Any:
    # Imported where a model is used, which has imported it already.
    from pydantic_ai.models.instrumented import InstrumentationSettings

    return InstrumentationSettings(
        tracer_provider=provider, include_content=content, include_binary_content=False,
        include_model_request_parameters=content,
    )  # fmt: skip
