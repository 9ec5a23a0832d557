"""What the fake model server is asked to do, written into the prompt: so that many runs can share one server.

A prompt that holds ``<<fake [REPLY, REPLY, …]>>`` is answered by these replies, one for each model request of that
turn (the first, the one after the tool results, and so on; past the end, the last one again). Every ``REPLY`` is a
JSON object whose keys are the fields of :class:`Reply`. A prompt without a script is answered by ``You said: …``.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any

MARKER = re.compile(r"<<fake (\[.*?\])>>", re.DOTALL)


@dataclass(slots=True)
class Reply:
    """One answer of the model. Delays are in seconds."""

    #: Streamed word by word.
    text: str = ""
    #: Streamed as ``reasoning_content`` before the text.
    thinking: str = ""
    #: Tool calls: ``[{"name": …, "args": {…} or "raw text"}]``.
    tools: list[dict[str, Any]] = field(default_factory=list)
    #: Stream this many numbered words after ``text``.
    count: int = 0
    #: Before the first byte of the answer, headers included.
    delay: float = 0.0
    #: Between two chunks.
    chunk_delay: float = 0.0
    #: Stop for ever: ``start`` (no byte), ``headers`` (no event) or ``middle`` (after half of the text).
    hang: str = ""
    #: An HTTP error instead of an answer, with ``text`` as its message.
    status: int = 200
    #: ``json`` (an event that is not JSON) or ``cut`` (the connection breaks) after half of the text.
    broken: str = ""
    #: ``[input_tokens, output_tokens]``; ``None`` reports no usage; by default the words are counted.
    usage: list[int] | None = field(default_factory=lambda: [-1, -1])

    def words(self) -> list[str]:
        """Return the pieces of the answer's text in the order they are streamed."""
        return re.findall(r"\s*\S+|\s+$", self.text) + [f" {number}" for number in range(1, self.count + 1)]


def script(*replies: Reply | dict[str, Any]) -> str:
    """Return the text to put into a prompt for these replies."""
    plain = [asdict(reply) if isinstance(reply, Reply) else reply for reply in replies]
    return f"<<fake {json.dumps(plain)}>>"


def reply_to(messages: list[dict[str, Any]]) -> Reply:
    """Return the reply that the conversation asks for.

    Raises ``ValueError`` when a script is there and not understood: the message says what is wrong with it.
    """
    asked = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=-1)
    prompt = _text(messages[asked]) if asked >= 0 else ""
    found = MARKER.search(prompt)
    if not found:
        return Reply(text=f"You said: {prompt}")
    replies = json.loads(found[1])
    names = {each.name for each in fields(Reply)}
    if not replies or not all(isinstance(reply, dict) and reply.keys() <= names for reply in replies):
        raise ValueError(f"a script is a list of objects with the keys {sorted(names)}")
    answered = sum(message["role"] == "assistant" for message in messages[asked:])
    return Reply(**replies[min(answered, len(replies) - 1)])


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
