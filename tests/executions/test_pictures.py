"""The pictures of a run: where the time went, and how long the last ones took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from executions import wording
from executions.events import Entry
from executions.pictures import STRIP_HEIGHT, WIDTH, strip, timeline
from executions.timeline import Span, merged, spans, totals

START = datetime(2026, 1, 1, tzinfo=UTC)


def entry(seconds: float, kind: str, **data: Any) -> Entry:
    return Entry(1, 1, kind, data, START + timedelta(seconds=seconds))


def test_time_is_divided_between_agent_tools_and_waiting() -> None:
    run = [
        entry(1, "started", worker="w"),
        entry(3, "tool_started", call_id="a", name="exec", args={}),
        entry(5, "tool_finished", call_id="a", name="exec", result="", status="finished"),
        entry(6, "question", question_id="q"),
        entry(9, "answered", question_id="q", answer={}),
        entry(10, "finished", outcome="succeeded"),
    ]
    assert spans(run, START, START + timedelta(seconds=99)) == [
        Span("queue", "Queued", 0, 1),
        Span("model", "Model", 1, 3),
        Span("tool", "exec", 3, 5),
        Span("model", "Model", 5, 6),
        Span("waiting", "Waiting for you", 6, 9),
        Span("model", "Model", 9, 10),
    ]


def test_tools_side_by_side_are_not_the_agents_time() -> None:
    run = [
        entry(0, "started", worker="w"),
        entry(1, "tool_started", call_id="a", name="one", args={}),
        entry(2, "tool_started", call_id="b", name="two", args={}),
        entry(3, "tool_finished", call_id="a", name="one", result="", status="finished"),
        entry(4, "tool_finished", call_id="b", name="two", result="", status="finished"),
    ]
    lanes = [(span.label, span.start, span.end) for span in spans(run, START, START + timedelta(seconds=5))]
    assert lanes == [("Model", 0, 1), ("one", 1, 3), ("two", 2, 4), ("Model", 4, 5)]


def test_what_is_open_lasts_until_now() -> None:
    run = [entry(1, "started", worker="w"), entry(1, "tool_started", call_id="a", name="exec", args={})]
    assert spans(run, START, START + timedelta(seconds=7))[-1] == Span("tool", "exec", 1, 7)
    assert spans([], START, START + timedelta(seconds=7)) == [Span("queue", "Queued", 0, 7)]


def test_time_side_by_side_counts_once_and_near_spans_are_joined() -> None:
    tools = [Span("tool", "a", 0, 2), Span("tool", "b", 1, 3), Span("tool", "c", 3.0625, 3.125)]
    run = [*tools[:2], Span("model", "Model", 3, 4), tools[2]]
    assert totals(run) == {"tool": 3.0625, "model": 1}
    assert merged(run, 0.1) == [Span("tool", "3 calls", 0, 3.125), Span("model", "Model", 3, 4)]
    many = [Span("tool", "exec", n / 8, n / 8 + 1 / 16) for n in range(10_000)]
    picture = timeline(many)
    assert len(picture.bars) <= 500
    assert picture.lanes == [("tool", "Tools", "10 m 25 s", "50%")]


@given(
    st.lists(st.tuples(st.sampled_from(["queue", "model", "tool", "waiting"]), st.floats(0, 1e5), st.floats(0, 1e5)))
)
def test_a_timeline_stays_inside_its_frame(given_spans: list[tuple[str, float, float]]) -> None:
    picture = timeline([Span(lane, lane, start, start + length) for lane, start, length in given_spans])
    assert all(bar.x >= 0 and bar.x <= WIDTH and bar.y + bar.height <= picture.height for bar in picture.bars)
    assert len(picture.ticks) <= 7


def test_the_newest_bar_of_the_strip_is_on_the_right() -> None:
    bars = strip([(1, 0.1, "succeeded"), (2, 3600, "timed_out")], 60, "/runs/{}".format)
    assert [bar.href for bar in bars] == ["/runs/1", "/runs/2"]
    assert bars[-1].x == round(59 * WIDTH / 60, 2)
    assert all(0 < bar.height <= STRIP_HEIGHT for bar in bars)
    assert bars[1].title == "Run 2: Timed out, 1 h 00 m"


def test_durations_costs_and_receipts_read_well() -> None:
    assert [wording.duration(s) for s in (0.0381, 4.24, 42, 185, 3725)] == [
        "38 ms",
        "4.2 s",
        "42 s",
        "3 m 05 s",
        "1 h 02 m",
    ]
    assert [wording.cost(c) for c in (None, 0.0012, 1.5)] == ["", "$0.0012", "$1.50"]
    receipt = {"elapsed_ms": 38.2, "processes": [{}, {}, {}], "tool": "exec", "by": "ada", "reason": "wrong way"}
    assert wording.receipt(receipt) == "Stopped in 38 ms · killed 3 processes · during exec · by ada · “wrong way”"
    assert "ada" not in wording.receipt(receipt, "ada")
    assert wording.receipt({}) == ""
