"""The other wire format of the fake model server: Anthropic's messages, for models named ``anthropic:NAME``."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from executions.testing import chunks
from executions.testing.script import Reply


def as_openai(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the conversation with tool results under a role of their own, as scripts count the turns."""
    return [
        {**message, "role": "tool"} if _is_tool_result(message) else {**message, "content": _text(message)}
        for message in messages
    ]


def events(reply: Reply, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a streamed reply in order."""
    usage = chunks.usage(reply, body)
    started = {"input_tokens": usage["prompt_tokens"], "output_tokens": 1}
    head = {"id": f"msg_{uuid4().hex[:24]}", "type": "message", "role": "assistant", "model": body.get("model")}
    message: dict[str, Any] = {**head, "content": [], "stop_reason": None, "stop_sequence": None, "usage": started}
    blocks = []
    if reply.thinking:
        thought = [{"type": "thinking_delta", "thinking": word} for word in Reply(text=reply.thinking).words()]
        signature = {"type": "signature_delta", "signature": "fake-signature"}
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, [*thought, signature]))
    if reply.words():
        blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": word} for word in reply.words()]))
    for call in chunks.tool_calls(reply):
        function = call["function"]
        block = {"type": "tool_use", "id": call["id"], "name": function["name"], "input": {}}
        blocks.append((block, [{"type": "input_json_delta", "partial_json": function["arguments"]}]))
    streamed: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    for index, (block, deltas) in enumerate(blocks):
        streamed.append({"type": "content_block_start", "index": index, "content_block": block})
        streamed += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        streamed.append({"type": "content_block_stop", "index": index})
    stop = {"stop_reason": "tool_use" if reply.tools else "end_turn", "stop_sequence": None}
    ended = {"output_tokens": usage["completion_tokens"]}
    return [*streamed, {"type": "message_delta", "delta": stop, "usage": ended}, {"type": "message_stop"}]


def whole(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a request that does not ask for a stream."""
    usage = chunks.usage(reply, body)
    content: list[dict[str, Any]] = [{"type": "text", "text": "".join(reply.words())}] if reply.words() else []
    for call, tool in zip(chunks.tool_calls(reply), reply.tools, strict=True):
        content.append({"type": "tool_use", "id": call["id"], "name": tool["name"], "input": tool.get("args", {})})
    return {
        "id": f"msg_{uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": content,
        "stop_reason": "tool_use" if reply.tools else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]},
    }


def encode(event: dict[str, Any]) -> bytes:
    """Return the event as it is sent."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _is_tool_result(message: dict[str, Any]) -> bool:
    content = message.get("content")
    return isinstance(content, list) and any(part.get("type") == "tool_result" for part in content)


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
