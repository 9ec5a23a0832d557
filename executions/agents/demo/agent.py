"""Runs the steps of the demo language on the same protocol and the same tools as the agents with a model."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from typing import Any

from executions.agents import tools
from executions.agents.base import AgentFailure, LimitExceeded, Run
from executions.agents.demo.language import MAX_COUNT, Step, parse
from executions.events import Notice, Question, Text, Thinking

HANG_SECONDS = 60.0

HELP = f"""\
I am the demo agent: I work offline and do what each line of your message says. Try one of these:

- `count 50 every 100ms`
- `run for i in 1 2 3; do echo line $i; sleep 1; done`
- `ask Which colour? | Red | Blue`
- `plan Tidy up the workspace`

I also know `say`, `think`, `wait 3s`, `read`, `list`, `write`, `edit`, `fetch`, `search`, `fail` and `hang` \
(`count` goes up to {MAX_COUNT:,}).

To talk to a real model, set `KAKOCLAW_MODEL` and the provider's key, and start again: the README shows how.
"""


class DemoAgent:
    """The offline agent."""

    async def run(self, run: Run) -> None:
        """Do the steps of ``run.prompt``, one after the other.

        Cancellation: ends at the current step; ``hang`` ignores the first one.
        """
        steps = parse(run.prompt)
        if not any(isinstance(step, Step) for step in steps):
            await run.emit(Text(HELP))
            return
        script = _Script(run)
        for step in steps:
            if isinstance(step, str):
                await run.emit(Notice(f"The demo does not understand this line and went on: {step[:200]}", "warning"))
            elif not await script.do(step):
                return


class _Script:
    def __init__(self, run: Run) -> None:
        self.run = run
        self._spoke = False
        self._steps = 0

    async def do(self, step: Step) -> bool:
        """Do one step; returns ``False`` when the rest is to be skipped."""
        self._steps += 1
        if self._steps > self.run.limits.steps:
            raise LimitExceeded(f"The limit of {self.run.limits.steps} steps was reached.", "step_limit")
        match step.keyword:
            case "say":
                await self._say(step.text)
            case "count":
                await self._count(step.count, step.seconds)
            case "wait":
                await asyncio.sleep(step.seconds)
            case "think":
                await self.run.emit(Thinking(step.text))
            case "ask":
                await self._ask(step.text, step.parts)
            case "plan":
                return await self._plan(step.text)
            case "fail":
                raise AgentFailure(step.text)
            case "hang":
                await _hang()
            case _:
                await self._tool(*_tool_call(step))
        return True

    async def _text(self, text: str) -> None:
        """Emit text; each step's begins on a line of its own."""
        await self.run.emit(Text(text))
        self._spoke = True

    async def _new_line(self) -> None:
        if self._spoke:
            await self._text("\n")

    async def _say(self, text: str) -> None:
        await self._new_line()
        words = text.split(" ")
        for index, word in enumerate(words):
            await self._text(word if index == len(words) - 1 else word + " ")
            await asyncio.sleep(0)

    async def _count(self, count: int, every: float) -> None:
        await self._new_line()
        loop = asyncio.get_running_loop()
        due = loop.time()
        for number in range(1, count + 1):
            await self._text(str(number) if number == 1 else f" {number}")
            if every and number < count:
                # Ticks are at fixed times: what one tick takes is not added to all that follow.
                due += every
                await asyncio.sleep(max(0.0, due - loop.time()))

    async def _ask(self, question: str, options: tuple[str, ...]) -> None:
        asked = {
            "question": question,
            "header": "",
            "options": [{"label": option, "description": ""} for option in options],
            "multiSelect": False,
        }
        answer = await self.run.ask(Question(uuid.uuid4().hex, questions=[asked]))
        chosen = answer.answers.get(question, next(iter(answer.answers.values()), ""))
        await self._new_line()
        await self._text(f"You chose: {', '.join(chosen) if isinstance(chosen, list) else chosen}")

    async def _plan(self, text: str) -> bool:
        answer = await self.run.ask(Question(uuid.uuid4().hex, kind="plan", plan=text))
        await self._new_line()
        if answer.approved:
            await self._text("The plan was approved.")
            return True
        comment = f" You said: {answer.comment}" if answer.comment else ""
        await self._text(f"The plan was rejected; the rest was skipped.{comment}")
        return False

    async def _tool(self, name: str, args: dict[str, Any]) -> None:
        if name in self.run.excluded_tools or (name == "web_search" and self.run.options.get("web_search") is False):
            await self.run.emit(Notice(f"{name} is switched off for this message; the step was skipped.", "warning"))
            return
        await tools.call(self.run, name, args)


def _tool_call(step: Step) -> tuple[str, dict[str, Any]]:
    match step.keyword:
        case "run":
            return "exec", {"command": step.text}
        case "read":
            return "read_file", {"path": step.text}
        case "list":
            return "list_dir", {"path": step.text}
        case "write":
            return "write_file", {"path": step.parts[0], "content": step.text}
        case "edit":
            path, old, new = step.parts
            return "edit_file", {"path": path, "old": old, "new": new}
        case "fetch":
            return "web_fetch", {"url": step.text}
        case "search":
            return "web_search", {"query": step.text}
    raise ValueError(f"not a tool step: {step}")


async def _hang() -> None:
    """Block a thread for a minute and ignore one cancellation: what a badly written agent does.

    The thread is a daemon, so that it can't keep the process from exiting either.
    """
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not over.done():
            over.set_result(None)

    def block() -> None:
        time.sleep(HANG_SECONDS)
        if not loop.is_closed():
            loop.call_soon_threadsafe(wake)

    threading.Thread(target=block, daemon=True, name="demo-hang").start()
    try:
        await asyncio.shield(over)
    except asyncio.CancelledError:
        await over
