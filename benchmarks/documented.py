"""``python -m benchmarks.documented RESULT.json``: writes what was measured, and what follows, into the documentation.

Only what stands between ``<!-- NAME: written by benchmarks.documented -->`` and ``<!-- end -->`` is replaced. Without a
result, the plans are computed from the defaults of the unit costs.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.plan import SLOTS, Plan, Units

DOCS = Path(__file__).resolve().parent.parent / "docs"
SIZES = (10, 1_000, 100_000)
#: Figures of the distributed form, by what their name begins with; all others of it stay in the JSON.
WORKERS = (1, 2, 4)
KINDS = ("web", "workers", "postgres", "redis", "client")
RUNNING = (10, 100, 500)
READERS = (0, 1, 10)

Figures = dict[str, dict[str, Any]]


def main() -> None:
    """Parse the command line, and rewrite the blocks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.documented", description=__doc__)
    parser.add_argument("result", nargs="*", type=Path, help="files that `make bench` wrote; later ones win")
    figures: Figures = {}
    for path in parser.parse_args().result:
        figures |= {figure["name"]: figure["spread"] for figure in json.loads(path.read_text())["figures"]}
    units = Units.measured({name: spread["median"] for name, spread in figures.items()})
    _write(DOCS / "capacity.md", "units", table(("what", "cost", "measured as"), units.rows()))
    _write(DOCS / "capacity.md", "plans", plans(units))
    if figures:
        for name, block in (("throughput", throughput), ("cancel", cancel), ("event cost", event_cost)):
            _write(DOCS / "benchmarks.md", name, block(figures))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def plans(units: Units) -> str:
    """Return what each size asks of each part."""
    made = [Plan.of(size, units) for size in SIZES]
    return table(
        ("executions at once", *(f"{plan.executions:,}" for plan in made)),
        [
            (f"workers of {SLOTS} slots", *(f"{p.workers:,}" for p in made)),
            ("their cores", *(_number(p.worker_cores) for p in made)),
            ("web processes", *(f"{p.webs:,}" for p in made)),
            ("their cores", *(_number(p.web_cores) for p in made)),
            ("rows of the journal a second", *(_number(p.rows) for p in made)),
            ("cores of PostgreSQL", *(_number(p.postgres_cores) for p in made)),
            ("its statements a second", *(_number(p.statements) for p in made)),
            ("its write-ahead log, MB a second", *(_number(p.log_megabytes) for p in made)),
            ("its connections", *(f"{p.connections:,}" for p in made)),
            ("turns begun and ended a second", *(_number(p.turns) for p in made)),
            ("the same, in parts of what all workers together can do",
             *(f"{100 * p.turns / units.turns_per_second:.3g}%" for p in made)),
            ("messages of Redis a second", *(_number(p.redis_messages) for p in made)),
            ("the same, MB a second", *(_number(p.redis_megabytes) for p in made)),
        ],
    )  # fmt: skip


def throughput(figures: Figures) -> str:
    """Return short executions a second by number of workers, and where the time goes."""
    rows = []
    for count in WORKERS:
        name = f"{count} worker{'s' if count > 1 else ''}"
        for how, what in (("queue", "a queue of 2,000, nobody reads"), ("clients", "32 clients, each reads")):
            if (rate := figures.get(f"{name}: {how}, short executions")) is None:
                continue
            shares = [
                f"{figures[f'{name}: {how}, CPU of {kind} for each']['median']:.2g} ms, "
                f"{figures[f'{name}: {how}, CPU of {kind}']['median']:.0f}%"
                for kind in KINDS
            ]
            rows.append((str(count), what, _number(rate["median"]), *shares))
    return table(("workers", "load", "1/s", *KINDS), rows)


def cancel(figures: Figures) -> str:
    """Return the latencies of a cancel that goes through one web process to an execution read at another."""
    rows = []
    loads = [name.partition(":")[0] for name in figures if name.endswith(": cancel to agent stopped")]
    for load in loads:
        if "2 workers" not in load:
            continue
        cells = [
            f"{spread['median']:.1f} / {spread['p99']:.0f} ms"
            for what in ("cancel by WebSocket to its answer", "cancel by REST to its answer",
                         "cancel to agent stopped", "cancel to receipt at the reader")
            for spread in [figures[f"{load}: {what}"]]
        ]  # fmt: skip
        rows.append((load, *cells))
    return table(("median / p99", "answer, WebSocket", "answer, REST", "agent stopped", "receipt"), rows)


def event_cost(figures: Figures) -> str:
    """Return what an event costs, by number of executions and of readers."""
    columns = {
        "statements": "database statements per event",
        "transactions": "database transactions per event",
        "database ms": "database time per event",
        "log bytes": "write-ahead log per event",
        "Redis messages": "Redis messages per event",
        "Redis bytes": "Redis output per event",
        "CPU of workers, µs": "CPU of workers per event",
        "CPU of PostgreSQL, µs": "CPU of postgres per event",
        "CPU of web, µs a delivery": "CPU of web per delivery",
    }
    rows = []
    for running in RUNNING:
        for readers in READERS:
            name = f"{running} running, {readers} reader{'' if readers == 1 else 's'} each"
            cells = [figures.get(f"{name}: {figure}") for figure in columns.values()]
            if cells[0] is not None:
                rows.append((str(running), str(readers), *("" if c is None else _number(c["median"]) for c in cells)))
    return table(("running", "readers of each", *columns), rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"


def _write(path: Path, name: str, block: str) -> None:
    """Replace one block. Raises ValueError when the page has none of that name."""
    begin = f"<!-- {name}: written by benchmarks.documented -->"
    pattern = re.compile(f"({re.escape(begin)}\n).*?(<!-- end -->)", re.DOTALL)
    text, found = pattern.subn(lambda match: f"{match[1]}{block}\n{match[2]}", path.read_text())
    if found != 1:
        raise ValueError(f"{path} has {found} blocks {name!r} instead of one")
    path.write_text(text)


if __name__ == "__main__":
    main()
