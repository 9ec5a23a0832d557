"""A call of a tool: events, arguments, limits."""

import pytest

from executions.agents.tools import TOOLS
from executions.agents.tools.arguments import checked
from executions.agents.tools.excerpt import Excerpt
from executions.agents.tools.tool import ToolError, parameters
from executions.events import ToolFinished, ToolStarted
from tests.executions.tools.conftest import Bench

SCHEMA = parameters(
    ["text"],
    text={"type": "string", "minLength": 1, "maxLength": 5},
    count={"type": "integer", "minimum": 1, "maximum": 9},
    seconds={"type": "number", "exclusiveMinimum": 0},
    flag={"type": "boolean"},
)


def test_there_are_the_eight_tools_each_with_a_schema() -> None:
    expected = ["read_file", "write_file", "edit_file", "append_file", "list_dir", "exec", "web_search", "web_fetch"]
    assert list(TOOLS) == expected
    for name, tool in TOOLS.items():
        assert tool.name == name
        assert tool.description
        assert set(tool.parameters["required"]) <= set(tool.parameters["properties"])


async def test_a_call_is_recorded_from_start_to_end(use: Bench) -> None:
    result = await use("write_file", path="a.txt", content="x")
    started, finished = use.recorder.events
    assert started == ToolStarted(result.call_id, "write_file", {"path": "a.txt", "content": "x"})
    assert finished == ToolFinished(result.call_id, "write_file", "Wrote a.txt (1 bytes).", "finished")


async def test_an_unknown_tool_is_a_result_that_names_the_tools(use: Bench) -> None:
    assert "There is no tool 'bake'. There are read_file, " in await use.error("bake")
    assert [event.type for event in use.recorder.events] == ["tool_started", "tool_finished"]


async def test_an_excluded_tool_is_not_called(use: Bench) -> None:
    use.options["exclude_tools"] = ["write_file"]
    assert "switched off" in await use.error("write_file", path="a", content="b")
    assert not (use.workspace / "a").exists()


async def test_what_cannot_be_stored_is_replaced_in_events(use: Bench) -> None:
    await use("write_file", path="a\0b", content="\ud83d")
    started = use.recorder.of(ToolStarted)[0]
    assert started.args == {"path": "a\ufffdb", "content": "\ufffd"}


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({}, "'text' is missing"),
        ({"text": ""}, "must not be empty"),
        ({"text": "123456"}, "has 6 characters, at most 5"),
        ({"text": 3}, "must be a text, not int"),
        ({"text": "\ud83d"}, "half of a surrogate pair"),
        ({"text": "a", "count": 0}, "must be between 1 and 9"),
        ({"text": "a", "count": "many"}, "must be a whole number, not 'many'"),
        ({"text": "a", "count": 1.5}, "must be a whole number"),
        ({"text": "a", "count": True}, "must be a whole number"),
        ({"text": "a", "seconds": 0}, "must be more than 0"),
        ({"text": "a", "seconds": "nan"}, "must be a number"),
        ({"text": "a", "flag": "yes"}, "must be true or false"),
        ({"text": "a", "more": 1}, "unknown argument 'more'"),
        ([], "must be a JSON object, not list"),
    ],
)
def test_wrong_arguments_are_told_with_what_would_be_right(args: object, problem: str) -> None:
    with pytest.raises(ToolError) as caught:
        checked(SCHEMA, args)
    assert problem in str(caught.value)
    assert "It takes text, count, seconds, flag." in str(caught.value)


def test_numbers_may_come_as_text_and_null_is_absent() -> None:
    values = checked(SCHEMA, {"text": "a", "count": "3", "seconds": 2, "flag": None})
    assert values == {"text": "a", "count": 3, "seconds": 2.0}


def test_an_excerpt_keeps_head_and_tail() -> None:
    excerpt = Excerpt(10)
    for piece in ("01234", "56789"):
        excerpt.add(piece)
    assert str(excerpt) == "0123456789"
    for _ in range(1000):
        excerpt.add("abc")
    excerpt.add("the end")
    assert str(excerpt) == "01234\n[… 3,007 of 3,017 characters are left out here …]\ne end"
