"""A scriptable Anthropic Messages API on loopback, for the Claude CLI.

Run it with ``python -m executions.testing.fake_anthropic --port 8766`` and point the product at it::

    ANTHROPIC_BASE_URL=http://127.0.0.1:8766 ANTHROPIC_API_KEY=any KAKOCLAW_PROJECT_ROOTS=~/src make run

What it answers is scripted in the prompt, as :mod:`executions.testing.script` says. The CLI puts messages of its own
around the prompt (reminders, results of tools), so the newest message of the user *that holds a script* counts, and the
replies are those to the requests since then; many CLIs, resumed ones too, can share one server. A prompt without any
script is answered by ``You said: …``. In the input of a scripted tool, ``@PLANFILE@`` stands for the file in which the
CLI wants its plan. A reply with a ``status`` is an error that the CLI does not try again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from asyncio import StreamWriter
from typing import Any
from uuid import uuid4

from executions.testing import anthropic_wire
from executions.testing.fake_openai import FakeOpenAI, Request, send_json
from executions.testing.script import MARKER, Reply, reply_to

PLAN_FILE = re.compile(r"/[^\s\"\\]*/plans/[^\s\"\\]+?\.md")
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class FakeAnthropic(FakeOpenAI):
    """The server, as an async context manager; ``url`` is what ``ANTHROPIC_BASE_URL`` is set to."""

    name = "Anthropic Messages API"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def _answer(self, request: Request, writer: StreamWriter) -> None:
        asked = request.path.partition("?")[0]
        if request.method == "HEAD":
            await send_json(request, writer, 200, {})
        elif asked.endswith("/count_tokens"):
            await send_json(request, writer, 200, {"input_tokens": 42})
        elif request.method == "POST" and asked.endswith("/messages"):
            try:
                reply = reply_in(request.body)
            except (ValueError, KeyError, TypeError) as error:
                reply = Reply(status=400, text=f"The script in the prompt is not valid: {error}")
            await self._complete(request, reply, writer)
        else:
            await super()._answer(request, writer)

    async def _complete(self, request: Request, reply: Reply, writer: StreamWriter) -> None:
        if reply.status == 200 and request.body.get("stream"):
            await super()._complete(request, reply, writer)
            return
        await asyncio.sleep(reply.delay)
        if reply.status == 200:
            await send_json(request, writer, 200, anthropic_wire.whole(reply, request.body))
            return
        kind = ERROR_TYPES.get(reply.status, "api_error")
        error = {"type": kind, "message": reply.text or f"scripted {kind}"}
        await send_json(request, writer, reply.status, {"type": "error", "error": error}, "x-should-retry: false\r\n")


def reply_in(body: dict[str, Any]) -> Reply:
    """Return the reply to a request of the CLI. Raises ValueError for a script that is not understood."""
    messages = [m for m in anthropic_wire.as_openai(body["messages"]) if m["role"] != "system"]
    scripted = [at for at, m in enumerate(messages) if m["role"] == "user" and MARKER.search(str(m["content"]))]
    begin = scripted[-1] if scripted else 0
    # What the CLI has put in since then is no prompt of its own.
    since = [messages[begin], *(m for m in messages[begin + 1 :] if m["role"] != "user")] if messages else []
    reply = reply_to(since)
    for tool in reply.tools:
        tool.setdefault("id", f"toolu_{uuid4().hex[:24]}")
    if "@PLANFILE@" in (tools := json.dumps(reply.tools)):
        found = PLAN_FILE.findall(json.dumps(body))
        reply.tools = json.loads(tools.replace("@PLANFILE@", found[-1] if found else "no-plan.md"))
    return reply


async def _serve(host: str, port: int) -> None:
    async with FakeAnthropic(host, port) as server:
        print(f"Serving an Anthropic Messages API at {server.url} (Ctrl-C ends it).", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m executions.testing.fake_anthropic",
        description="A scriptable Anthropic Messages API on loopback, for the Claude CLI.",
        epilog="Script it in the prompt: <<fake [REPLY, ...]>>, see executions/testing/script.py.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8766, help="port to listen on, 0 for any (default: %(default)s)")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.host, options.port))
    except KeyboardInterrupt:
        return
    except (OSError, OverflowError) as error:
        parser.exit(1, f"{parser.prog}: cannot listen on {options.host}:{options.port}: {error}\n")


if __name__ == "__main__":
    main()
