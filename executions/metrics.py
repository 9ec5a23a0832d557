"""What this process has counted, for Prometheus, and what the database knows at the moment.

Counters and histograms are of the process that saw it happen: an outcome counts where it is written, once it is
committed. What is there right now is asked of the database when somebody scrapes, by indexes of what is unfinished, so
a scrape costs the same after a million executions. With PROMETHEUS_MULTIPROC_DIR set, the processes of one machine
keep their counts in that directory together.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Min, Q, Sum
from django.db.models.functions import Now
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import mark_process_dead

from executions.counters import CANCEL, COST, DURATION, FAILURES, FINISHED, QUEUE_WAIT, QUEUED, TOKENS
from executions.models import Execution, Worker
from executions.signals import execution_queued, executions_finished
from executions.states import Outcome, State


def connect() -> None:
    """Begin to count what the engine tells."""
    execution_queued.connect(_queued, dispatch_uid="executions.metrics.queued")
    executions_finished.connect(_finished, dispatch_uid="executions.metrics.finished")
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        atexit.register(mark_process_dead, os.getpid())  # its readers are gone, what it has counted stays


def _queued(sender: Any, execution: Execution, **kwargs: Any) -> None:
    transaction.on_commit(QUEUED.labels(execution.agent).inc)


def _finished(sender: Any, executions: Sequence[Execution], **kwargs: Any) -> None:
    transaction.on_commit(partial(count, executions))


def count(executions: Sequence[Execution]) -> None:
    """Count executions that have finished."""
    for execution in executions:
        agent, outcome, ended = execution.agent, execution.outcome, execution.finished_at
        FINISHED.labels(agent, outcome).inc()
        if outcome == Outcome.FAILED:
            FAILURES.labels(agent, execution.error_code).inc()
        if execution.started_at and ended:
            DURATION.labels(agent, outcome).observe(max(0.0, (ended - execution.started_at).total_seconds()))
            waited = (execution.started_at - execution.created_at).total_seconds()
            QUEUE_WAIT.labels(agent).observe(max(0.0, waited))
        if outcome == Outcome.CANCELED and execution.cancel_requested_at and ended:
            CANCEL.observe(max(0.0, (ended - execution.cancel_requested_at).total_seconds()))
        if execution.requests:
            TOKENS.labels(execution.model, "input").inc(execution.input_tokens)
            TOKENS.labels(execution.model, "output").inc(execution.output_tokens)
        if execution.cost_usd:
            COST.labels(execution.model).inc(float(execution.cost_usd))


class InTheDatabase:
    """A collector of what is there right now: the queue, what runs, the workers."""

    def collect(self) -> Iterator[Metric]:
        """Ask the database. Reads what is unfinished and what is alive, not the history."""
        yield from _executions()
        yield from _workers()


def _executions() -> Iterator[Metric]:
    states = GaugeMetricFamily("kakoclaw_executions", "Unfinished executions.", labels=["state", "agent"])
    rows = Execution.objects.unfinished().order_by().values_list("state", "agent").annotate(n=Count("pk"))
    seen = set()
    for state, agent, number in rows:
        states.add_metric([state, agent], number)
        seen.add(state)
    for state in (State.QUEUED, State.RUNNING, State.WAITING):
        if state not in seen:
            states.add_metric([state, ""], 0)
    yield states
    stopping = Execution.objects.active().filter(cancel_requested_at__isnull=False).order_by().count()
    yield GaugeMetricFamily("kakoclaw_executions_stopping", "Asked to stop and not confirmed.", value=stopping)
    oldest = Execution.objects.queued().order_by().aggregate(age=_age(Min("created_at")))["age"]
    yield GaugeMetricFamily("kakoclaw_queue_oldest_seconds", "Age of the oldest in the queue.", value=_seconds(oldest))


def _workers() -> Iterator[Metric]:
    alive = Worker.objects.alive().order_by().aggregate(
        n=Count("pk"),
        draining=Count("pk", filter=Q(draining_at__isnull=False)),
        slots=Sum("slots", default=0),
        silent=Max(ExpressionWrapper(Now() - F("heartbeat_at"), output_field=DurationField())),
    )  # fmt: skip
    yield GaugeMetricFamily("kakoclaw_workers", "Workers that are alive.", value=alive["n"])
    yield GaugeMetricFamily(
        "kakoclaw_workers_draining", "Of these, those that take nothing new.", value=alive["draining"]
    )
    yield GaugeMetricFamily("kakoclaw_worker_slots", "Executions that they can run at once.", value=alive["slots"])
    yield GaugeMetricFamily(
        "kakoclaw_worker_silence_seconds", "Longest time since a heartbeat of theirs.", value=_seconds(alive["silent"])
    )


def _age(moment: Any) -> Any:
    return ExpressionWrapper(Now() - moment, output_field=DurationField())


def _seconds(duration: Any) -> float:
    return 0.0 if duration is None else max(0.0, float(duration.total_seconds()))
