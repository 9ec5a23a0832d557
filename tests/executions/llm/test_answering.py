from executions.agents.base import Answer
from executions.events import Question, Text, Thinking, ToolFinished, ToolOutput, ToolStarted, Usage

from .conftest import as_text, said_by_server, tool


async def test_text_is_told_as_it_comes(complete, server):
    run, recorder = await complete({"text": "Hello there, friend."})
    assert recorder.text == "Hello there, friend."
    assert len(recorder.of(Text)) == 3
    assert run.transcript[-1]["kind"] == "response"
    assert server.requests[0].body["stream"] is True


async def test_the_model_is_told_its_workspace_its_owner_and_the_day(complete, server, tmp_path):
    await complete(prompt="hi")
    (system,) = said_by_server(server.requests[0].body["messages"], "system")
    assert str(tmp_path) in system
    assert "tester" in system


async def test_reasoning_is_told_apart_from_the_answer(complete):
    _, recorder = await complete({"thinking": "Let me think.", "text": "Yes."})
    assert "".join(event.text for event in recorder.of(Thinking)) == "Let me think."
    assert recorder.text == "Yes."


async def test_two_tools_of_one_answer_run_one_after_the_other_in_their_order(complete, server, tmp_path):
    calls = [tool("write_file", path="a.txt", content="first"), tool("read_file", path="a.txt")]
    _, recorder = await complete({"text": "Working.", "tools": calls}, {"text": "Done."})
    steps = [
        (type(event).__name__, event.name) for event in recorder.events if isinstance(event, ToolStarted | ToolFinished)
    ]
    assert steps == [
        ("ToolStarted", "write_file"),
        ("ToolFinished", "write_file"),
        ("ToolStarted", "read_file"),
        ("ToolFinished", "read_file"),
    ]
    assert (tmp_path / "a.txt").read_text() == "first"
    assert recorder.text == "Working.\n\nDone."
    results = said_by_server(server.requests[1].body["messages"], "tool")
    assert "first" in results[1]


async def test_a_tool_streams_its_output(complete):
    _, recorder = await complete({"tools": [tool("exec", command="echo one; echo two")]}, {"text": "ok"})
    assert "".join(event.text for event in recorder.of(ToolOutput)) == "one\ntwo\n"


async def test_call_ids_are_unique_although_the_server_counts_from_one_in_every_answer(complete):
    _, recorder = await complete(*[{"tools": [tool("list_dir", path=".")]}] * 2, {"text": "ok"})
    assert [event.call_id for event in recorder.of(ToolStarted)] == ["call_1", "call_1-2"]


async def test_an_unknown_tool_and_wrong_arguments_go_back_to_the_model(complete, server):
    calls = [tool("no_such_tool"), {"name": "read_file", "args": "{not json"}]
    _, recorder = await complete({"tools": calls}, {"text": "I see."})
    assert [event.status for event in recorder.of(ToolFinished)] == ["error", "error"]
    results = said_by_server(server.requests[1].body["messages"], "tool")
    assert "There is no tool 'no_such_tool'" in results[0]
    assert "not a valid JSON object" in results[1]
    assert recorder.text == "I see."


async def test_excluded_tools_are_not_offered(complete, server):
    await complete(prompt="hi", options={"exclude_tools": ["exec", "ask_user"], "web_search": False})
    offered = {each["function"]["name"] for each in server.requests[0].body["tools"]}
    assert "read_file" in offered
    assert not offered & {"exec", "ask_user", "web_search"}


async def test_an_excluded_tool_that_is_called_all_the_same_does_not_run(complete, tmp_path):
    options = {"exclude_tools": ["write_file"]}
    replies = {"tools": [tool("write_file", path="a.txt", content="x")]}, {"text": "ok"}
    _, recorder = await complete(*replies, options=options)
    assert recorder.of(ToolFinished)[0].status == "error"
    assert not (tmp_path / "a.txt").exists()


async def test_the_model_asks_its_owner(complete, server):
    answer = Answer({"Which one?": "blue"})
    question = tool("ask_user", question="Which one?", options=["red", "blue"])
    _, recorder = await complete({"tools": [question]}, {"text": "Blue then."}, answers=[answer])
    (asked,) = recorder.questions
    assert isinstance(asked, Question)
    assert [option["label"] for option in asked.questions[0]["options"]] == ["red", "blue"]
    assert said_by_server(server.requests[1].body["messages"], "tool") == ["Your owner answered: blue"]


async def test_a_question_without_text_is_not_asked(complete):
    _, recorder = await complete({"tools": [tool("ask_user", question="  ")]}, {"text": "ok"})
    assert recorder.questions == []


async def test_usage_is_the_sum_of_all_requests(complete):
    replies = {"tools": [tool("list_dir", path=".")], "usage": [100, 10]}, {"text": "ok", "usage": [200, 20]}
    _, recorder = await complete(*replies)
    assert recorder.of(Usage) == [Usage(100, 10, 1, None), Usage(300, 30, 2, None)]


async def test_a_server_without_usage_counts_the_requests(complete):
    _, recorder = await complete({"text": "ok", "usage": None})
    assert recorder.of(Usage) == [Usage(0, 0, 1, None)]


async def test_an_emoji_cut_in_two_and_a_nul_are_made_storable(complete):
    run, recorder = await complete({"text": "a\u0000b \ud83d\ude00 c"})
    recorder.text.encode()
    assert "\0" not in recorder.text
    assert "😀" in recorder.text
    assert as_text(run.transcript)
