"""The loop of one run: ask the model, show its answer as it comes, run the tools it wants, ask again.

This is pydantic-ai one level below its own agent loop: its models, messages, prices and tool definitions, but our own
twenty lines between them. They keep everything in the run's one task, so that a cancellation arrives exactly where
the run is; run tools one after the other, so that none starts after Stop; and leave a transcript at any point.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.messages import (
    InstructionPart,
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse

from executions import tracing
from executions.agents.base import AgentFailure, LimitExceeded, Run
from executions.agents.llm import clients, failures, history
from executions.agents.llm.prompt import instructions
from executions.agents.llm.telling import Teller
from executions.agents.llm.toolbox import Toolbox, open_toolbox
from executions.agents.llm.usage import Meter
from executions.events import Notice

CUT_SHORT: dict[str | None, str] = {
    "length": "The model reached its longest answer; what it wanted to say is cut off here.",
    None: "The model's server ended the answer without saying that it is complete; it may be cut off here.",
    "content_filter": "The provider's content filter ended the answer.",
}


async def work(run: Run, mcp_config: Path | str | None, history_chars: int) -> None:
    """Answer ``run.prompt``; see :meth:`executions.agents.llm.LLMAgent.run`."""
    model = await clients.model(run.model)
    failure: AgentFailure | None = None
    async with open_toolbox(run, mcp_config) as toolbox:
        try:
            await Session(run, model, toolbox, history.load(await run.history(), history_chars)).work()
        except AgentFailure as error:
            # Carried out by hand: the task groups of MCP clients would wrap it in an exception group.
            failure = error
    if failure:
        raise failure


class Session:
    """What one run has said, heard and used so far."""

    def __init__(self, run: Run, model: Model, toolbox: Toolbox, past: list[ModelMessage]) -> None:
        self._run = run
        self._model = model
        self._toolbox = toolbox
        self._past = past
        self._new: list[ModelMessage] = [ModelRequest.user_text_prompt(run.prompt)]
        self._meter = Meter()
        self._teller = Teller(run)
        self._parameters = ModelRequestParameters(
            function_tools=toolbox.definitions, instruction_parts=[InstructionPart(content=instructions(run))]
        )
        #: The answer that is being streamed right now.
        self._stream: StreamedResponse | None = None

    async def work(self) -> None:
        """Go on until the model has answered without wanting a tool. See the module for what a cancellation leaves."""
        try:
            while not await self._step():
                pass
        finally:
            partial = self._stream.get() if self._stream else None
            self._run.transcript = history.dump(self._new, partial)

    async def _step(self) -> bool:
        """Ask the model once and run the tools it wants; return whether it is done."""
        response = await self._ask_model()
        self._new.append(response)
        if notice := CUT_SHORT.get(response.finish_reason):
            await self._run.emit(Notice(notice, "warning"))
        if not response.tool_calls:
            if not self._teller.said_anything:
                raise AgentFailure(f"The model {self._run.model} gave an empty answer.", "model_error")
            return True
        self._check_limits()
        results: list[ModelRequestPart] = []
        self._new.append(ModelRequest(parts=results))
        for call in response.tool_calls:
            results.append(await self._toolbox.call(call))  # noqa: PERF401 - kept as far as it came, also after Stop
        return False

    def _check_limits(self) -> None:
        """Raise LimitExceeded when the model may not be asked once more, before it runs tools for nothing."""
        limits, used = self._run.limits, self._meter
        if used.requests >= limits.steps:
            text = f"Stopped after {limits.steps} steps, the limit of an execution; ask it to continue."
            raise LimitExceeded(text, "step_limit")
        if used.tokens >= limits.tokens:
            text = f"Stopped after {used.tokens:,} tokens; the limit of an execution is {limits.tokens:,}."
            raise LimitExceeded(text, "token_limit")

    async def _ask_model(self) -> ModelResponse:
        """Send the conversation and tell the answer as it comes.

        Cancellation: the connection is closed; the partial answer stays in ``self._stream``.
        """
        self._meter.requests += 1
        self._teller.next_answer()
        try:
            async with self._metered(), self._request() as stream:
                self._stream = stream
                async for event in stream:
                    await self._teller.tell(event)
        except AgentRunError as error:
            raise failures.explain(error, self._run.model) from error
        self._stream = None
        return stream.get()

    @asynccontextmanager
    async def _request(self) -> AsyncIterator[StreamedResponse]:
        messages = [*self._past, *self._new]
        async with model_request_stream(
            self._model, messages, model_request_parameters=self._parameters, instrument=tracing.of_models()
        ) as stream:
            yield stream

    @asynccontextmanager
    async def _metered(self) -> AsyncIterator[None]:
        """Count what the request used, also when it was interrupted, as far as its server has told."""
        try:
            yield
        finally:
            if self._stream is not None:
                self._meter.add(self._stream.get())
            await self._run.emit(self._meter.event())
