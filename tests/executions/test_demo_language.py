"""The demo agent's language is a contract: every step, every spelling of a duration, and what is no step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.agents.demo.language import Step, parse, seconds, step


@pytest.mark.parametrize(
    ("text", "expected"),
    [("250ms", 0.25), ("3s", 3), ("2m", 120), ("5", 5), ("0.5s", 0.5), ("1.5 m", 90), ("3S", 3), ("0", 0)],
)
def test_durations(text, expected):
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1h", "1e3", "nan", "inf", "1s2", "٣s٣", "9" * 400])
def test_what_is_no_duration(text):
    assert seconds(text) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("say hello  world", Step("say", text="hello  world")),
        ("SAY Hi", Step("say", text="Hi")),
        ("count 3", Step("count", count=3)),
        ("count 3 every 50ms", Step("count", count=3, seconds=0.05)),
        ("Count 100000 EVERY 1 s", Step("count", count=100_000, seconds=1)),
        ("wait 3s", Step("wait", seconds=3)),
        ("think hard", Step("think", text="hard")),
        ("run echo a | grep a", Step("run", text="echo a | grep a")),
        ("read a.txt", Step("read", text="a.txt")),
        ("list", Step("list", text=".")),
        ("list folder", Step("list", text="folder")),
        ("write a.txt some text", Step("write", text="some text", parts=("a.txt",))),
        ("write a.txt", Step("write", text="", parts=("a.txt",))),
        ('edit a.txt "old \\"x\\"" "new\\nline"', Step("edit", parts=("a.txt", 'old "x"', "new\nline"))),
        ("fetch https://example.org/", Step("fetch", text="https://example.org/")),
        ("search cats", Step("search", text="cats")),
        ("ask Which? | Red | Blue", Step("ask", text="Which?", parts=("Red", "Blue"))),
        ("ask Which?", Step("ask", text="Which?")),
        ("plan Tidy up", Step("plan", text="Tidy up")),
        ("fail out of paper", Step("fail", text="out of paper")),
        ("hang", Step("hang")),
    ],
)
def test_steps(line, expected):
    assert step(line) == expected


@pytest.mark.parametrize(
    "line",
    ["hello", "say", "count", "count x", "count 100001", "count 3 every", "count 3 every day", "wait", "wait long",
     "run", "write", "edit a b c", "ask", "ask | Red", "hang on", "saying hi"],
)  # fmt: skip
def test_what_is_no_step_is_kept_as_it_is(line):
    assert parse(line) == [line]


def test_a_message_is_a_list_of_steps_one_a_line():
    assert parse("say a\n\n  WAIT 1s \r\nwhat?\n") == [Step("say", text="a"), Step("wait", seconds=1.0), "what?"]


@given(st.text())
def test_no_message_breaks_the_parser(message):
    for item in parse(message):
        assert isinstance(item, Step) or item.strip() == item
