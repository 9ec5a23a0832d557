"""The figures as a table for people, and as JSON for comparisons."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

PACKAGES = ("django", "channels", "daphne", "pydantic-ai-slim")
MARKS = {True: "met", False: "MISSED", None: ""}
HEADINGS = ("", "median", "p99", "max", "min", "n", "target", "", "load")


def machine() -> dict[str, Any]:
    """Describe where the figures come from."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "packages": {name: version(name) for name in PACKAGES},
    }


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as an aligned table."""
    rows = [HEADINGS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(w) if c in (0, 6, 7) else cell.rjust(w)
            for c, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    spread = figure.spread
    numbers = [_number(value) for value in (spread.median, spread.p99, spread.maximum, spread.minimum)]
    if spread.count == 1:
        numbers[1:] = ["", "", ""]
    target = "" if figure.target is None else str(figure.target)
    name = f"{figure.name} [{figure.unit}]"
    return (name, *numbers, str(spread.count), target, MARKS[figure.met], f"{figure.load:.1f}")


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 100 else f"{value:.1f}"


def write_json(path: Path, figures: Iterable[Figure], about: dict[str, Any]) -> None:
    """Write the figures and where they come from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": about, "figures": [figure.as_json() for figure in figures]}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
