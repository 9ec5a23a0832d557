"""From the stream of a model to the events of an execution."""

from __future__ import annotations

from pydantic_ai.messages import (
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
)

from executions.agents.base import Run
from executions.agents.llm.pieces import Pieces
from executions.events import Text, Thinking

PARAGRAPH = "\n\n"


class Teller:
    """Emits text and thinking as they come; answers between tool calls become paragraphs of one answer."""

    def __init__(self, run: Run) -> None:
        self._emit = run.emit
        self._text = Pieces()
        self._thinking = Pieces()
        self._gap = False
        self.said_anything = False

    def next_answer(self) -> None:
        """Another answer of the model begins; what it says is set apart from what was said before."""
        self._gap = self.said_anything

    async def tell(self, event: ModelResponseStreamEvent) -> None:
        """Emit what is new in this event of the stream."""
        match event:
            case PartStartEvent(part=TextPart(content=piece)):
                await self._say(piece)
            case PartDeltaEvent(delta=TextPartDelta(content_delta=piece)):
                await self._say(piece)
            case PartStartEvent(part=ThinkingPart(content=piece)):
                await self._think(piece)
            case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=str(piece))):
                await self._think(piece)
            case _:
                return

    async def _say(self, piece: str) -> None:
        piece = self._text.feed(piece)
        if not piece or (not self.said_anything and not piece.strip()):
            return
        if self._gap:
            piece, self._gap = PARAGRAPH + piece.lstrip("\n"), False
        self.said_anything = True
        await self._emit(Text(piece))

    async def _think(self, piece: str) -> None:
        if piece := self._thinking.feed(piece):
            await self._emit(Thinking(piece))
