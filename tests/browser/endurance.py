"""``python -m tests.browser.endurance``: how the chat page bears a run of 10,000 events and a session of 1,000 turns.

It starts a server of its own in a temporary home and measures in Chromium: elements in the page, memory after a garbage
collection, time spent in scripts and in layout, and how long the screen stood still. What the server says of the long
run and of the long day is said by the test in its place, so that it comes as quickly as a server could say it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, WebSocketRoute, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM, PASSWORD, WIDE, sign_in
from tests.servers import Server, Servers, manage

EVENTS = 10_000
TURNS = 1_000
#: Notes how long each frame of the screen took, in ms.
FRAMES = """() => {
  window.frames_ = [];
  let last = performance.now();
  const next = (now) => { frames_.push(now - last); last = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""
SEED = f"""
from django.contrib.auth.models import User
from chat.models import Message, Session
from executions.models import Execution
from django.utils import timezone
ada, now = User.objects.get(username="ada"), timezone.now()
runs = Execution.objects.bulk_create(Execution(owner=ada, session_id="long", agent="demo", model="demo", prompt="p",
    state="finished", outcome="succeeded", started_at=now, finished_at=now, changed_at=now) for _ in range({TURNS}))
session = Session.objects.create(owner=ada, session_id="long", title="A thousand turns", turns={TURNS})
text = "Some **words** of an answer.\\n\\n- one\\n- two\\n\\n```python\\nprint(1)\\n```\\n"
Message.objects.bulk_create(Message(session=session, execution=run, turn=turn, role=role, content=f"{{turn}} {{text}}")
    for turn, run in enumerate(runs, 1) for role in ("user", "assistant"))
"""


class Meter:
    """What a page has cost since it was made."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.devtools: CDPSession = page.context.new_cdp_session(page)
        self.devtools.send("Performance.enable")
        page.evaluate(FRAMES)
        self.before = self._metrics()

    def _metrics(self) -> dict[str, float]:
        return {one["name"]: one["value"] for one in self.devtools.send("Performance.getMetrics")["metrics"]}

    def line(self, what: str) -> str:
        """Return a row of the table in docs/benchmarks.md."""
        now = self._metrics()
        frames = sorted(self.page.evaluate("frames_"))
        self.devtools.send("HeapProfiler.collectGarbage")
        heap = self.devtools.send("Runtime.getHeapUsage")["usedSize"] / 1e6
        nodes = self.page.evaluate("document.querySelectorAll('*').length")
        spent = {
            name: now[name] - self.before[name] for name in ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
        }
        layout = spent["LayoutDuration"] + spent["RecalcStyleDuration"]
        return (
            f"| {what} | {nodes:,} | {heap:.1f} MB | {spent['ScriptDuration']:.2f} s | {layout:.2f} s | "
            f"{frames[len(frames) * 95 // 100]:.0f} ms | {frames[-1]:.0f} ms |"
        )


def run_of(events: int) -> Iterator[dict[str, Any]]:
    """Return the frames of a run that writes, thinks, and works with tools."""
    yield {"type": "queued", "prompt": "Work all day", "turn": 1 + TURNS}
    yield {"type": "stream_start", "agent": "llm", "model": "m"}
    for number in range(events):
        place = number % 40
        call = {"call_id": f"c{number // 40}", "name": "exec"}
        if place == 20:
            yield {"type": "tool_call", **call, "args": {"command": f"make test-{number}"}, "status": "started"}
        elif 20 < place < 35:
            yield {"type": "tool_output", "call_id": call["call_id"], "content": f"line {number} of the output\n"}
        elif place == 35:
            yield {"type": "tool_call", **call, "args": {}, "status": "finished", "result": "ok\n" * 20}
        else:
            text = f"Some **words** of `{number}`, and more of them. "
            yield {"type": "stream", "content": text if number % 7 else f"{text}\n\n- a point\n"}


def day_of(turns: int) -> Iterator[dict[str, Any]]:
    """Return the frames of a conversation that goes on."""
    for turn in range(2, turns + 2):
        about = {"execution_id": 10**9 + turn}
        yield {"type": "queued", "prompt": f"Question {turn}", "turn": turn, **about}
        yield {"type": "stream_start", "agent": "llm", "model": "m", **about}
        yield {"type": "stream", "content": f"The **answer** to {turn}.\n\n- one\n- two\n", **about}
        yield {
            "type": "stream_end",
            "content": "x",
            "html": f"<p>The answer to {turn}.</p>",
            "outcome": "succeeded",
            **about,
        }


def say(socket: WebSocketRoute, session: str, frames: Iterable[dict[str, Any]], page: Page, per_second: float) -> None:
    """Send frames to a page at a pace, some at a time, as the hub does."""
    began = time.monotonic()
    for number, frame in enumerate(frames, 1):
        socket.send(json.dumps({"session_id": session, "execution_id": 10**9, "seq": number, **frame}))
        if number % 20 == 0:
            ahead = number / per_second - (time.monotonic() - began)
            page.wait_for_timeout(max(1, ahead * 1000))


def live(page: Page) -> list[str]:
    """Measure a run of many events, and then a day of turns, in one tab."""
    sockets: list[WebSocketRoute] = []

    def opened(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/ws/chat", opened)
    session = "long"
    page.goto("/chat/" + session)
    meter = Meter(page)
    page.wait_for_timeout(2000)
    rows = [meter.line("a session of 1,000 turns, opened")]
    meter = Meter(page)
    say(sockets[-1], session, run_of(EVENTS), page, 1000)
    page.wait_for_timeout(500)
    rows.append(meter.line(f"{EVENTS:,} events of one run, 1,000 a second"))
    sockets[-1].send(json.dumps({"type": "stream_end", "content": "x", "html": "<p>x</p>", "outcome": "succeeded",
                                 "execution_id": 10**9, "session_id": session, "seq": 10**6}))  # fmt: skip
    meter = Meter(page)
    say(
        sockets[-1], session, ({**f, "turn": f["turn"] + TURNS} if "turn" in f else f for f in day_of(TURNS)), page, 400
    )
    page.wait_for_timeout(500)
    rows.append(meter.line(f"{TURNS:,} more turns in the same tab"))
    return rows


def climbing(page: Page) -> str:
    """Measure scrolling up from the end of a session to its beginning."""
    page.goto("/chat/long")
    page.wait_for_timeout(1000)
    meter = Meter(page)
    first = page.locator("[data-turn]").first
    page.mouse.move(640, 400)
    for _ in range(4000):
        page.mouse.wheel(0, -1500)
        page.wait_for_timeout(15)
        if first.get_attribute("data-number") == "1":
            break
    expect(first).to_have_attribute("data-number", "1")
    return meter.line("scrolled up to the first of 1,000 turns")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="kakoclaw-endurance-") as directory:
        prepared = Path(directory) / "prepared"
        done = manage(prepared, "setup")
        assert done.returncode == 0, done.stderr
        servers = Servers(prepared, Path(directory))
        try:
            server: Server = servers.start()
            server.add_user("ada", PASSWORD)
            done = manage(server.home, "shell", "--command", SEED)
            assert done.returncode == 0, done.stderr
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                context = browser.new_context(base_url=server.url, viewport=WIDE)  # type: ignore[arg-type]
                page = context.new_page()
                page.goto("/login")
                sign_in(page, "ada")
                rows = [*live(page), climbing(context.new_page())]
                browser.close()
        finally:
            servers.close()
    head = "| | elements | memory | scripts | layout | p95 of frames | longest frame |\n|---|---|---|---|---|---|---|"
    sys.stdout.write("\n".join([head, *rows]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
