"""From the messages of the CLI to the events of an execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executions.agents.base import Run
from executions.agents.claude.usage import Meter
from executions.agents.tools.excerpt import shortened
from executions.events import Notice, Text, Thinking, ToolFinished, ToolStarted

PARAGRAPH = "\n\n"
#: Shown as questions of their own.
QUESTIONS = frozenset({"AskUserQuestion", "ExitPlanMode"})
#: What the CLI says itself, such as the words for an error of the model's server.
SYNTHETIC = "<synthetic>"
#: Longer texts in a tool's input are shown by their beginning: a whole file is in the project.
MAX_ARG_CHARS = 20_000


class Teller:
    """Emits what one run of the CLI says. ``tools`` are calls without a result, ``background`` what outlives them."""

    def __init__(self, run: Run, meter: Meter) -> None:
        self._run = run
        self._meter = meter
        self._streamed: set[str] = set()
        self._message = ""
        self._gap = False
        self.said_anything = False
        self.tools: dict[str, str] = {}
        self.background: list[str] = []

    async def say(self, text: str) -> None:
        """Emit a piece of the answer; pieces that tools stand between become paragraphs."""
        if not text or (not self.said_anything and not text.strip()):
            return
        if self._gap:
            text, self._gap = PARAGRAPH + text.lstrip("\n"), False
        self.said_anything = True
        await self._run.emit(Text(text))

    async def stream(self, message: Mapping[str, Any]) -> None:
        """Take a ``stream_event``: text and thinking as they come, and the usage."""
        event = message.get("event") or {}
        nested = bool(message.get("parent_tool_use_id"))
        match event.get("type"):
            case "message_start":
                self._begin(event.get("message") or {}, nested=nested)
                await self._tell_usage()
            case "content_block_start" if not nested and (event.get("content_block") or {}).get("type") == "text":
                self._gap = self.said_anything
            case "content_block_delta" if not nested:
                await self._delta(event.get("delta") or {})
            case "message_delta":
                self._meter.add(str(message.get("api_message_id") or self._message), event.get("usage"))
                await self._tell_usage()

    async def _tell_usage(self) -> None:
        await self._meter.reckon()
        await self._run.emit(self._meter.event())

    def _begin(self, message: Mapping[str, Any], *, nested: bool) -> None:
        self._message = str(message.get("id", ""))
        self._meter.begin(message)
        if not nested:
            self._streamed.add(self._message)

    async def _delta(self, delta: Mapping[str, Any]) -> None:
        if delta.get("type") == "text_delta":
            await self.say(str(delta.get("text", "")))
        elif delta.get("type") == "thinking_delta" and delta.get("thinking"):
            await self._run.emit(Thinking(str(delta["thinking"])))

    async def assistant(self, message: Mapping[str, Any]) -> None:
        """Take a block of the model's message: its tool calls, and text that was not streamed."""
        inner = message.get("message") or {}
        for block in _blocks(inner):
            if block.get("type") == "tool_use":
                await self._started(block)
            elif block.get("type") == "text" and self._is_news(message, inner):
                self._gap = self.said_anything
                await self.say(str(block.get("text", "")))

    def _is_news(self, message: Mapping[str, Any], inner: Mapping[str, Any]) -> bool:
        seen = str(inner.get("id", "")) in self._streamed
        return not seen and not message.get("parent_tool_use_id") and inner.get("model") != SYNTHETIC

    async def _started(self, block: Mapping[str, Any]) -> None:
        call_id, name = str(block.get("id")), str(block.get("name"))
        if name in QUESTIONS:
            return
        args = block.get("input")
        self.tools[call_id] = name
        await self._run.emit(ToolStarted(call_id, name, _shown(args) if isinstance(args, dict) else {}))

    async def user(self, message: Mapping[str, Any]) -> None:
        """Take the results of tools."""
        for block in _blocks(message.get("message") or {}):
            call_id = str(block.get("tool_use_id"))
            if block.get("type") != "tool_result" or call_id not in self.tools:
                continue
            result = shortened(_text_of(block.get("content")), self._run.limits.tool_output_chars)
            status = "error" if block.get("is_error") else "finished"
            await self._run.emit(ToolFinished(call_id, self.tools.pop(call_id), result, status))

    async def system(self, message: Mapping[str, Any]) -> None:
        """Take what the CLI tells of itself."""
        match message.get("subtype"):
            case "background_tasks_changed":
                tasks = message.get("tasks") or ()
                self.background = [str(task.get("description", "")) for task in tasks if isinstance(task, Mapping)]
            case "api_retry":
                text = (
                    f"The model's server did not answer; the CLI tries again (attempt {message.get('attempt', '?')})."
                )
                await self._run.emit(Notice(text, "warning"))
            case "compact_boundary":
                await self._run.emit(Notice("The conversation became too long and was summarized by the CLI."))


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content")
    return [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []


def _text_of(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(
            str(part.get("text", f"[{part.get('type')}]")) for part in content if isinstance(part, Mapping)
        )
    return str(content or "")


def _shown(value: Any) -> Any:
    """Return a tool's input with its longest texts cut."""
    match value:
        case str() if len(value) > MAX_ARG_CHARS:
            return f"{value[:MAX_ARG_CHARS]}\n[… {len(value) - MAX_ARG_CHARS:,} characters more …]"
        case dict():
            return {key: _shown(item) for key, item in value.items()}
        case list():
            return [_shown(item) for item in value]
    return value
