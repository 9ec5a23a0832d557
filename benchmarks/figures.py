"""What a benchmark has found: figures with their spread, their target, and how busy the machine was."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Spread:
    """How samples are distributed."""

    count: int
    minimum: float
    median: float
    p99: float
    maximum: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        """Summarise one sample or more; the p99 of fewer than a hundred is the greatest but the outliers' share."""
        ordered = sorted(samples)
        last = len(ordered) - 1
        return cls(len(ordered), ordered[0], statistics.median(ordered), ordered[int(last * 0.99)], ordered[-1])


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be; ``None`` where nothing is asked for. ``at_least`` is about the smallest sample."""

    median: float | None = None
    p99: float | None = None
    at_least: float | None = None
    worst: float | None = None

    def met_by(self, spread: Spread) -> bool:
        """Whether a spread reaches all that is asked for."""
        return (
            (self.median is None or spread.median <= self.median)
            and (self.p99 is None or spread.p99 <= self.p99)
            and (self.at_least is None or spread.minimum >= self.at_least)
            and (self.worst is None or spread.maximum <= self.worst)
        )

    def __str__(self) -> str:
        parts = []
        if self.median is not None:
            parts.append(f"≤ {self.median:g}")
        if self.p99 is not None:
            parts.append(f"p99 ≤ {self.p99:g}")
        if self.worst is not None:
            parts.append(f"worst ≤ {self.worst:g}")
        if self.at_least is not None:
            parts.append(f"≥ {self.at_least:g}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. ``load`` is the machine's load average of the last minute when it was made."""

    name: str
    unit: str
    spread: Spread
    target: Target | None = None
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    @property
    def met(self) -> bool | None:
        """Whether the target was reached; ``None`` when there is none."""
        return None if self.target is None else self.target.met_by(self.spread)

    def as_json(self) -> dict[str, Any]:
        """Return it for the JSON report."""
        return asdict(self) | {"met": self.met}


def figure(name: str, unit: str, samples: Sequence[float] | float, target: Target | None = None) -> Figure:
    """Make a figure of samples, or of a single number."""
    return Figure(name, unit, Spread.of([samples] if isinstance(samples, int | float) else samples), target)
