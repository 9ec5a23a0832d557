"""The wire format of the fake model server: what an OpenAI-compatible server sends, as dictionaries."""

from __future__ import annotations

import json
from typing import Any

from executions.testing.script import Reply

ID = "chatcmpl-fake"
DONE = b"data: [DONE]\n\n"


def deltas(reply: Reply) -> list[dict[str, Any]]:
    """Return the deltas of a streamed reply in order: reasoning, text, tool calls (arguments in two pieces)."""
    pieces: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    pieces += [{"reasoning_content": word} for word in Reply(text=reply.thinking).words()]
    pieces += [{"content": word} for word in reply.words()]
    for index, call in enumerate(tool_calls(reply)):
        function = call["function"]
        half = len(function["arguments"]) // 2
        head = {**call, "index": index, "function": {"name": function["name"], "arguments": ""}}
        pieces.append({"tool_calls": [head]})
        for piece in (function["arguments"][:half], function["arguments"][half:]):
            pieces.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    return pieces


def tool_calls(reply: Reply) -> list[dict[str, Any]]:
    """Return the reply's tool calls in the wire format."""
    calls = []
    for number, tool in enumerate(reply.tools, start=1):
        args = tool.get("args", {})
        arguments = args if isinstance(args, str) else json.dumps(args)
        call_id = tool.get("id", f"call_{number}")
        calls.append({"id": call_id, "type": "function", "function": {"name": tool["name"], "arguments": arguments}})
    return calls


def chunk(body: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """Return one streamed event."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": ID, "object": "chat.completion.chunk", "created": 1, "model": body.get("model"), "choices": [choice]}


def events(reply: Reply, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a streamed reply in order, the usage last where it is asked for."""
    streamed = [*(chunk(body, delta) for delta in deltas(reply)), last(reply, body)]
    wants_usage = (body.get("stream_options") or {}).get("include_usage")
    return [*streamed, usage_chunk(reply, body)] if wants_usage and reply.usage is not None else streamed


def encode(event: dict[str, Any]) -> bytes:
    """Return the event as it is sent."""
    return f"data: {json.dumps(event)}\n\n".encode()


def last(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Return the event that says why the answer ended."""
    return chunk(body, {}, "tool_calls" if reply.tools else "stop")


def usage_chunk(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Return the event that carries the usage of the request."""
    return {**chunk(body, {}), "choices": [], "usage": usage(reply, body)}


def usage(reply: Reply, body: dict[str, Any]) -> dict[str, int]:
    """Return the scripted usage, or the number of words."""
    wanted_input, wanted_output = reply.usage or [-1, -1]
    prompt = wanted_input if wanted_input >= 0 else len(json.dumps(body.get("messages", [])).split())
    completion = wanted_output if wanted_output >= 0 else len(deltas(reply))
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def whole(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a request that does not ask for a stream."""
    message = {"role": "assistant", "content": "".join(reply.words()), "tool_calls": tool_calls(reply) or None}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if reply.tools else "stop"}
    answer = {"id": ID, "object": "chat.completion", "created": 1, "model": body.get("model"), "choices": [choice]}
    return {**answer, "usage": usage(reply, body)}
