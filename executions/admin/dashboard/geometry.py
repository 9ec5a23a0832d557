"""Where things are in a chart that is :data:`WIDTH` wide and :data:`HEIGHT` high. Pure: no Django.

The picture is stretched to the width of its place; what is text stands beside it, at a part of its width or height.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from executions.pictures import WIDTH, Bar

HEIGHT = 160
#: Of a place, how much its column fills.
FILLED = 0.72
#: Bounds of a scale of times, in seconds; a scale begins and ends with one of them.
TIMES = (0.001, 0.01, 0.1, 1, 10, 60, 600, 3_600, 21_600, 86_400, 864_000, 8_640_000, 86_400_000)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of a scale: where, in percent of the picture from its top or its left, and what it says."""

    percent: float
    label: str


def nice(value: float) -> int:
    """Return the next number from ``value`` on that people like on a scale: 1, 2, 5, 10, 20, 50…"""
    if value <= 1:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= value)


def stack(series: Sequence[tuple[str, Sequence[int]]], titles: Sequence[str], top: float) -> list[Bar]:
    """Lay out columns, one for each of ``titles``, in which the values of all ``series`` (kind, values) are stacked."""
    slot = WIDTH / max(1, len(titles))
    bars = []
    for place, title in enumerate(titles):
        bottom = float(HEIGHT)
        for kind, values in series:
            if not values[place]:
                continue
            # What is there can be seen, however little it is beside the rest.
            height = max(values[place] / top * HEIGHT, 1.5)
            bottom -= height
            x = place * slot + slot * (1 - FILLED) / 2
            bars.append(
                Bar(round(x, 2), round(max(bottom, 0), 2), round(slot * FILLED, 2), round(height, 2), kind, title)
            )
    return bars


def covers(titles: Sequence[str]) -> list[Bar]:
    """Return a rectangle over each place of a chart, to say what is there when it is pointed at."""
    slot = WIDTH / max(1, len(titles))
    return [Bar(round(n * slot, 2), 0, round(slot, 2), HEIGHT, "cover", title) for n, title in enumerate(titles)]


def polylines(values: Sequence[float | None], low: float, high: float, *, logarithmic: bool) -> list[str]:
    """Return the points of the lines through ``values`` as SVG writes them; where there is none, the line is broken.

    A value alone is a short line, as wide as half of its place.
    """
    slot = WIDTH / max(1, len(values))
    lines: list[list[str]] = []
    before: float | None = None
    for place, value in enumerate(values):
        if value is not None:
            y = HEIGHT * (1 - part(value, low, high, logarithmic=logarithmic))
            alone = before is None and (place + 1 == len(values) or values[place + 1] is None)
            offsets = (0.25, 0.75) if alone else (0.5,)
            points = [f"{(place + offset) * slot:.2f},{y:.2f}" for offset in offsets]
            if before is None:
                lines.append(points)
            else:
                lines[-1] += points
        before = value
    return [" ".join(points) for points in lines]


def part(value: float, low: float, high: float, *, logarithmic: bool) -> float:
    """Return where ``value`` is between ``low`` and ``high``, from 0 to 1."""
    if logarithmic:
        value, low, high = (math.log(max(number, TIMES[0])) for number in (value, low, high))
    return min(1.0, max(0.0, (value - low) / (high - low)))


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """Return the bounds of a logarithmic scale of times that has all ``values`` on it."""
    least, most = min(values, default=0.1), max(values, default=1.0)
    low = max((time for time in TIMES if time <= least), default=TIMES[0])
    high = min((time for time in TIMES if time >= most and time > low), default=TIMES[-1])
    return low, high


def every(count: int, wanted: int = 6) -> int:
    """Return how many places of ``count`` are between two labels, so that there are some ``wanted``."""
    return max(1, math.ceil(count / wanted))
