"""Times are counted in buckets, and percentiles come back nearly as they were."""

from __future__ import annotations

import random
import statistics
from collections import Counter

import pytest

from executions.tallies.histogram import LAST, bucket_of, lower, percentile


@pytest.mark.parametrize("seconds", [0.001, 0.0042, 0.5, 1, 59, 3_600, 86_400, 900_000])
def test_a_time_is_within_the_bounds_of_its_bucket(seconds: float) -> None:
    bucket = bucket_of(seconds)
    assert lower(bucket) <= seconds * 1.000001
    assert seconds < lower(bucket + 1)


def test_nothing_is_too_short_or_too_long_to_be_counted() -> None:
    assert bucket_of(0) == bucket_of(0.0009) == 0
    assert bucket_of(10**9) == LAST


@pytest.mark.parametrize("part", [0.5, 0.9, 0.99])
def test_a_percentile_is_wrong_by_at_most_a_bucket(part: float) -> None:
    chance = random.Random(3)
    times = [chance.lognormvariate(1, 2) for _ in range(20_000)]
    found = percentile(Counter(map(bucket_of, times)), part)
    exact = statistics.quantiles(times, n=100)[round(part * 100) - 1]
    assert found == pytest.approx(exact, rel=0.19)


def test_there_is_no_percentile_of_nothing() -> None:
    assert percentile({}, 0.5) is None
