"""The charts of the dashboard: each is a picture, what it says in words, and the same as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from executions import wording
from executions.admin.dashboard.geometry import (
    HEIGHT,
    TIMES,
    Tick,
    bounds,
    covers,
    every,
    nice,
    part,
    polylines,
    stack,
)  # fmt: skip
from executions.pictures import Bar
from executions.states import Outcome
from executions.status import look
from executions.tallies.histogram import LAST, PER_DOUBLING, lower, percentile
from executions.tallies.reading import Figures

#: From the bottom to the top of a column.
STACKED = tuple(
    outcome.value for outcome in (Outcome.SUCCEEDED, Outcome.CANCELED, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST)
)
PERCENTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))


@dataclass(slots=True)
class Chart:
    """What a template draws. ``lines`` are (kind, points); ``legend`` is (kind, word, status or empty)."""

    name: str
    title: str
    said: str
    bars: list[Bar] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    covers: list[Bar] = field(default_factory=list)
    across: list[Tick] = field(default_factory=list)
    up: list[Tick] = field(default_factory=list)
    legend: list[tuple[str, str, str]] = field(default_factory=list)
    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    height = HEIGHT


def outcomes(figures: Figures, labels: Sequence[str]) -> Chart:
    """Draw what was asked for as a line, and how what ended did so as columns."""
    series = [(outcome, figures.ended.get(outcome, [0] * len(labels))) for outcome in STACKED]
    sums = [sum(values) for values in zip(*(values for _, values in series), strict=True)]
    top = nice(max([*sums, *figures.created, 1]))
    rows = [
        [label, _number(figures.created[n]), *(_number(values[n]) for _, values in series)]
        for n, label in enumerate(labels)
    ]
    words = [look(outcome).word for outcome in STACKED]
    head = [_("Time"), _("Asked for"), *words]
    said = ", ".join(f"{word}: {_number(figures.total(outcome))}" for outcome, word in zip(STACKED, words, strict=True))
    chart = Chart("outcomes", _("Runs over time"), f"{_('Asked for')}: {_number(sum(figures.created))}, {said}")
    chart.bars = stack(series, [""] * len(labels), top)
    chart.lines = [("created", points) for points in polylines(figures.created, 0, top, logarithmic=False)]
    chart.covers = covers([_told(head, row) for row in rows])
    chart.across, chart.up = _across(labels), _counts(top)
    chart.legend = [("created", _("Asked for"), ""), *((outcome, look(outcome).word, outcome) for outcome in STACKED)]
    chart.head, chart.rows = head, [row for row in rows if set(row[1:]) != {"0"}]
    return chart


def percentiles(name: str, title: str, histograms: Sequence[Counter[int]], labels: Sequence[str]) -> Chart:
    """Draw how long half, nine in ten, and 99 in a hundred of something took at most, in each stretch."""
    whole: Counter[int] = sum(histograms, Counter())
    found = {word: [percentile(counts, share) for counts in histograms] for word, share in PERCENTILES}
    low, high = bounds([value for values in found.values() for value in values if value is not None])
    totals = [(word, percentile(whole, share)) for word, share in PERCENTILES]
    said = ", ".join(f"{word}: {wording.duration(value)}" for word, value in totals if value is not None)
    chart = Chart(name, title, said or _("Nothing yet."))
    rows = [
        [label, *(wording.duration(found[word][n]) for word, _ in PERCENTILES), _number(histograms[n].total())]
        for n, label in enumerate(labels)
    ]
    chart.head = [_("Time"), *(word for word, _ in PERCENTILES), _("Runs")]
    chart.rows = [row for row in rows if row[-1] != "0"]
    if not whole:
        return chart
    for word, values in found.items():
        chart.lines += [(word, points) for points in polylines(values, low, high, logarithmic=True)]
    chart.covers = covers([_told(chart.head, row) for row in rows])
    chart.across = _across(labels)
    steps = [time for time in TIMES if low <= time <= high]
    chart.up = [Tick(_from_top(part(t, low, high, logarithmic=True)), _short(t)) for t in steps]
    chart.legend = [(word, f"{word} {wording.duration(value)}", "") for word, value in totals]
    return chart


def cancels(figures: Figures) -> Chart:
    """Draw how long it took from the request to stop to its confirmation, a column for each doubling."""
    chart = Chart("cancels", _("Time to stop, from the request to its confirmation"), _("Nothing was stopped."))
    if not figures.cancels:
        return chart
    doubled: Counter[int] = Counter()
    for bucket, count in figures.cancels.items():
        doubled[-(-bucket // PER_DOUBLING)] += count
    first, last = max(0, min(doubled) - 1), min(LAST // PER_DOUBLING, max(doubled) + 1)
    places = range(first, last + 1)
    values = [doubled[place] for place in places]
    names = [f"≤ {wording.duration(_upper(place))}" for place in places]
    top = nice(max(values))
    chart.head = [_("At most"), _("Runs")]
    chart.rows = [[name, _number(value)] for name, value in zip(names, values, strict=True) if value]
    told = [(word, percentile(figures.cancels, share)) for word, share in PERCENTILES]
    chart.said = ", ".join(f"{word}: {wording.duration(value)}" for word, value in told)
    chart.legend = [(word, f"{word} {wording.duration(value)}", "") for word, value in told]
    chart.bars = stack([("stopped", values)], [""] * len(values), top)
    chart.covers = covers([f"{name}: {_number(value)}" for name, value in zip(names, values, strict=True)])
    chart.across = _across(names)
    chart.up = _counts(top)
    return chart


def _upper(place: int) -> float:
    """Return the seconds that a column of :func:`cancels` ends at: a millisecond, then its doubles."""
    return lower(place * PER_DOUBLING + 1)


def _told(head: Iterable[str], row: Iterable[str]) -> str:
    """Return a row in words: what it is about, and each of its values that is not nothing."""
    (_, label), *values = zip(head, row, strict=True)
    return "\n".join([label, *(f"{name}: {value}" for name, value in values if value not in {"", "0"})])


def _across(labels: Sequence[str]) -> list[Tick]:
    step = every(len(labels))
    return [Tick(round((n + 0.5) / len(labels) * 100, 2), label) for n, label in enumerate(labels) if n % step == 0]


def _counts(top: int) -> list[Tick]:
    marks = [0, top / 2, top] if top > 1 else [0, top]
    return [Tick(_from_top(mark / top), _number(int(mark))) for mark in marks if mark == int(mark)]


def _short(seconds: float) -> str:
    """Return one of the round times of a scale, without its noughts."""
    return wording.duration(seconds).removesuffix(" 00 s").removesuffix(" 00 m").replace(".0 ", " ")


def _from_top(share: float) -> float:
    return round(100 * (1 - share), 2)


def _number(value: int) -> str:
    return str(number_format(value, force_grouping=True))
