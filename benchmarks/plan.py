"""What to run for a number of executions at once, computed from what one of each thing costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

#: What an execution is taken to be: an agent with a model that streams, one reader, a turn of half a minute.
TOKENS_PER_SECOND = 20
TURN_SECONDS = 30
READERS = 1
#: The journal's writer pauses 20 ms at rest and 250 ms under load (``executions/journal.py``).
WRITES_PER_SECOND = 4
WRITES_PER_SECOND_AT_REST = 20
#: Below so many executions in a process, its writer is mostly at rest.
BUSY_FROM = 50
SLOTS = 64
#: A process is planned for so much of a core: the rest is for the moments when all want something at once.
SHARE = 0.6
CONNECTIONS_OF_WORKER = 5
CONNECTIONS_OF_WEB = 34


def _unit(default: float, unit: str, what: str, figure: str) -> float:
    """A unit cost: its value until it was measured, and the figure that measures it."""
    return field(default=default, metadata={"unit": unit, "what": what, "figure": figure})  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Units:
    """Unit costs by name. Each names the figure of ``make bench`` that it comes from."""

    model_token: float = _unit(
        200, "µs", "a token of an agent with a model, in the worker", "model: 50 streaming: server CPU per token"
    )
    event_worker: float = _unit(
        120, "µs", "an event written, in the worker", "500 running, 0 readers each: CPU of workers per event"
    )
    event_postgres: float = _unit(
        60, "µs", "an event written, in PostgreSQL", "500 running, 0 readers each: CPU of postgres per event"
    )
    event_log: float = _unit(
        330, "bytes", "an event in the write-ahead log", "500 running, 0 readers each: write-ahead log per event"
    )
    delivery: float = _unit(
        77,
        "µs",
        "an event delivered to a reader, in the web process (Daphne)",
        "500 running, 10 readers each: CPU of web per delivery",
    )
    turn_web: float = _unit(
        11, "ms", "a turn's start and end, in the web process", "1 worker: clients, CPU of web for each"
    )
    turn_worker: float = _unit(
        1.4, "ms", "a turn's start and end, in the worker", "1 worker: queue, CPU of workers for each"
    )
    turn_postgres: float = _unit(
        4.8, "ms", "a turn's start and end, in PostgreSQL", "1 worker: clients, CPU of postgres for each"
    )
    turns_per_second: float = _unit(
        450, "1/s", "turns that all workers together can begin and end", "4 workers: queue, short executions"
    )
    rest: float = _unit(
        3.5,
        "1/s",
        "statements of a process of the site at rest",
        "2 web processes and 2 workers at rest: database statements",
    )
    message: float = _unit(
        150, "bytes", "an event in Redis's messages, with readers at two web processes",
        "500 running, 10 readers each: Redis output per event")  # fmt: skip

    @classmethod
    def measured(cls, figures: Mapping[str, float]) -> Units:
        """Return the costs that the figures (by name) tell, and the defaults of those that they do not."""
        values = {f.name: figures[f.metadata["figure"]] for f in fields(cls) if f.metadata["figure"] in figures}
        if "rest" in values:
            values["rest"] /= 4  # measured of four processes
        return cls(**values)

    def rows(self) -> list[tuple[str, str, str]]:
        """Return ``(what, cost, figure)`` of each."""
        return [
            (f.metadata["what"], f"{_three_digits(getattr(self, f.name))} {f.metadata['unit']}", f.metadata["figure"])
            for f in fields(self)
        ]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a number of executions at once asks of each part."""

    executions: int
    rows: float
    turns: float
    worker_cores: float
    workers: int
    web_cores: float
    webs: int
    postgres_cores: float
    statements: float
    log_megabytes: float
    redis_messages: float
    redis_megabytes: float
    connections: int

    @classmethod
    def of(cls, executions: int, units: Units) -> Plan:
        """Compute it."""
        busy = executions >= BUSY_FROM
        rows = executions * (WRITES_PER_SECOND if busy else WRITES_PER_SECOND_AT_REST)
        turns = executions / TURN_SECONDS
        worker = executions * TOKENS_PER_SECOND * units.model_token / 1e6 + rows * units.event_worker / 1e6
        worker += turns * units.turn_worker / 1e3
        web = rows * READERS * units.delivery / 1e6 + turns * units.turn_web / 1e3
        workers = max(1, math.ceil(executions / SLOTS), math.ceil(worker / SHARE))
        webs = max(2 if busy else 1, math.ceil(web / SHARE))
        writes = workers * (WRITES_PER_SECOND if busy else WRITES_PER_SECOND_AT_REST)
        return cls(
            executions=executions,
            rows=rows,
            turns=turns,
            worker_cores=worker,
            workers=workers,
            web_cores=web,
            webs=webs,
            postgres_cores=rows * units.event_postgres / 1e6 + turns * units.turn_postgres / 1e3,
            statements=(workers + webs) * units.rest + 4 * writes + 40 * turns,
            log_megabytes=rows * units.event_log / 1e6,
            # A worker tells each web process that watches any of its executions, once for each write.
            redis_messages=writes * webs,
            redis_megabytes=rows * units.message / 1e6,
            connections=workers * CONNECTIONS_OF_WORKER + webs * CONNECTIONS_OF_WEB,
        )


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
