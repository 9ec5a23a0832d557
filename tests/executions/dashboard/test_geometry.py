"""Charts are laid out within their picture, and their scales are numbers that people like."""

from __future__ import annotations

import pytest

from executions.admin.dashboard.geometry import HEIGHT, bounds, every, nice, part, polylines, stack
from executions.pictures import WIDTH


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 1), (1, 1), (3, 5), (7, 10), (11, 20), (99, 100), (101, 200), (4_001, 5_000)]
)
def test_a_scale_ends_with_the_next_round_number(value: int, expected: int) -> None:
    assert nice(value) == expected


def test_what_is_stacked_stays_in_the_picture_and_does_not_overlap() -> None:
    bars = stack([("succeeded", [8, 0]), ("failed", [2, 1])], ["a", "b"], 10)
    first, second, alone = bars[0], bars[1], bars[2]
    assert [bar.kind for bar in bars] == ["succeeded", "failed", "failed"]
    assert second.y + second.height == first.y
    assert first.y + first.height == alone.y + alone.height == HEIGHT
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.y >= 0 for bar in bars)


def test_one_among_a_million_can_still_be_seen() -> None:
    assert stack([("succeeded", [1_000_000]), ("lost", [1])], ["a"], 1_000_000)[1].height > 1


def test_a_line_is_broken_where_there_is_nothing_and_a_value_alone_is_seen() -> None:
    lines = polylines([1, 2, None, 3, None], 0, 4, logarithmic=False)
    assert [len(points.split()) for points in lines] == [2, 2]
    assert polylines([None, None], 0, 1, logarithmic=True) == []


@pytest.mark.parametrize("values", [[0.0], [0.005, 3], [5, 5], [100_000.0], [10_000_000.0], []])
def test_every_time_is_on_its_scale(values: list[float]) -> None:
    low, high = bounds(values)
    assert low < high
    assert all(0 <= part(value, low, high, logarithmic=True) <= 1 for value in values)


def test_labels_are_as_many_as_there_is_room_for() -> None:
    assert [len(range(0, count, every(count))) for count in (3, 24, 60, 90)] == [3, 6, 6, 6]
