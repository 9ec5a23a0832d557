"""Plans follow from unit costs, and the documentation's tables from results."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from benchmarks import documented
from benchmarks.documented import KINDS, READERS, RUNNING, WORKERS
from benchmarks.plan import Plan, Units


def test_a_plan_grows_with_what_runs_and_with_what_a_token_costs() -> None:
    small, large = Plan.of(1_000, Units()), Plan.of(100_000, Units())
    assert large.worker_cores == pytest.approx(100 * small.worker_cores, rel=0.1)
    assert large.workers > 90 * small.workers
    assert Plan.of(1_000, Units(model_token=400)).worker_cores > 1.8 * small.worker_cores
    assert Plan.of(10, Units()).workers == 1


def test_every_unit_cost_is_measured_by_a_figure_of_its_own() -> None:
    names = [f.metadata["figure"] for f in fields(Units)]
    assert len(set(names)) == len(names)
    measured = Units.measured(dict.fromkeys(names, 8.0))
    assert measured.model_token == 8
    assert measured.rest == 2, "of four processes"


def test_results_are_written_into_the_documentation(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = Path(shutil.copytree(repository / "docs", tmp_path / "docs"))
    monkeypatch.setattr(documented, "DOCS", docs)
    names = [f.metadata["figure"] for f in fields(Units)]
    for count in WORKERS:
        name = f"{count} worker{'s' if count > 1 else ''}"
        for how in ("queue", "clients"):
            names += [f"{name}: {how}, CPU of {kind}{each}" for kind in KINDS for each in ("", " for each")]
            names.append(f"{name}: {how}, short executions")
    for what in ("by WebSocket to its answer", "by REST to its answer", "to agent stopped", "to receipt at the reader"):
        names.append(f"500 running over 2 workers: cancel {what}")
    for running in RUNNING:
        for readers in READERS:
            name = f"{running} running, {readers} reader{'' if readers == 1 else 's'} each"
            names.append(f"{name}: database statements per event")
    result = tmp_path / "result.json"
    spread = {"median": 1234.5, "p99": 77.7}
    result.write_text(json.dumps({"figures": [{"name": name, "spread": spread} for name in names]}))
    monkeypatch.setattr(sys, "argv", ["documented", str(result)])
    documented.main()
    benchmarks = (docs / "benchmarks.md").read_text()
    assert "Not measured" not in benchmarks
    assert "| 500 running over 2 workers | 1234.5 / 78 ms |" in benchmarks
    assert "| 500 | 10 | 1,234 |" in benchmarks
    assert "1,234 µs | model" in (docs / "capacity.md").read_text()
