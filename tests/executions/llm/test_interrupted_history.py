"""A turn may be stopped at any point; what it leaves must always be a conversation that servers accept."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.messages import (
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
)

from executions.agents.llm import history

texts = st.text(max_size=8)


@st.composite
def stopped_turns(draw):
    """Rounds of calls and results as the loop records them, cut anywhere, and perhaps half an answer."""
    messages = [ModelRequest.user_text_prompt(draw(texts))]
    for number in range(draw(st.integers(0, 3))):
        calls = [ToolCallPart("t", "{}", tool_call_id=f"{number}.{n}") for n in range(draw(st.integers(1, 3)))]
        messages.append(ModelResponse(parts=[*map(TextPart, draw(st.lists(texts, max_size=1))), *calls]))
        results = [ToolReturnPart(call.tool_name, "ok", tool_call_id=call.tool_call_id) for call in calls]
        messages.append(ModelRequest(parts=results))
    last = messages[-1]
    if len(messages) > 1:
        done = draw(st.integers(0, len(last.parts)))
        messages[-1] = ModelRequest(parts=list(last.parts[:done]))
        if done == 0 and draw(st.booleans()):
            messages.pop()  # stopped before the first call
        complete = done == len(last.parts)
    else:
        complete = True
    partial = None
    if complete and draw(st.booleans()):
        parts = [ThinkingPart(draw(texts)), TextPart(draw(texts)), ToolCallPart("t", '{"half', tool_call_id="half")]
        partial = ModelResponse(parts=draw(st.lists(st.sampled_from(parts), max_size=3, unique_by=id)))
    return messages, partial


@given(stopped_turns())
def test_roles_alternate_and_every_call_has_exactly_one_result(turn):
    dumped = history.dump(*turn)
    messages = ModelMessagesTypeAdapter.validate_python(dumped)
    assert [message.kind for message in messages] == ["request", "response"] * (len(messages) // 2)
    for response, following in zip(messages[1::2], [*messages[2::2], ModelRequest(parts=[])], strict=True):
        calls = [part.tool_call_id for part in response.parts if isinstance(part, ToolCallPart)]
        results = [part.tool_call_id for part in following.parts if isinstance(part, ToolReturnPart)]
        assert sorted(calls) == sorted(results)
    assert any(isinstance(part, TextPart) and part.content.strip() for part in messages[-1].parts)


@given(stopped_turns())
def test_closing_what_is_closed_changes_nothing(turn):
    closed = ModelMessagesTypeAdapter.validate_python(history.dump(*turn))
    assert history.close(closed) == closed
