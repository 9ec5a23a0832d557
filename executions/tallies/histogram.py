"""Histograms of times whose buckets are the same for ever, so that those of any stretches can be added. Pure.

A bucket's bounds are a factor of 2^¼ apart, so a percentile is wrong by at most 9 %: from a millisecond to twelve days
with 120 buckets, of which few are ever used at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

PER_DOUBLING = 4
LAST = 120


def bucket_of(seconds: float) -> int:
    """Return the bucket of a time: 0 for less than a millisecond."""
    milliseconds = seconds * 1000
    return 0 if milliseconds < 1 else min(LAST, 1 + math.floor(math.log2(milliseconds) * PER_DOUBLING))


def lower(bucket: int) -> float:
    """Return the seconds that a bucket begins at; those of the next one are its upper bound."""
    return 0.0 if bucket <= 0 else 2 ** ((bucket - 1) / PER_DOUBLING) / 1000


def percentile(counts: Mapping[int, int], part: float) -> float | None:
    """Return the seconds that ``part`` (0 to 1) of what was counted took at most; ``None`` when nothing was."""
    total = sum(counts.values())
    if not total:
        return None
    wanted, seen = part * total, 0
    for bucket in sorted(counts):
        if seen + counts[bucket] >= wanted:
            inside = (wanted - seen) / counts[bucket]
            return lower(bucket) + (lower(bucket + 1) - lower(bucket)) * inside
        seen += counts[bucket]
    return lower(max(counts) + 1)
