"""The benchmarks still run against the product as it is; what they find here means nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    "suite", ["streaming", "short", "waiting", "llm", "claude", pytest.param("distributed", marks=pytest.mark.services)]
)
def test_a_quick_run_measures_and_reports(suite: str, tmp_path: Path, repository: Path) -> None:
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", str(report), suite],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(report.read_text())["figures"]
    assert figures
    for figure in figures:
        assert figure["name"] in done.stdout
        assert figure["spread"]["count"] >= 1


def test_an_unknown_suite_is_refused_by_name(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "everything"], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "everything" in done.stderr
    assert "streaming" in done.stderr
