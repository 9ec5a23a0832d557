"""What a model, a tool or a user writes is text, wherever it is shown: nothing of it runs, and nothing is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, WebSocketRoute, expect

from tests.browser.chromium import PASSWORD, WIDE, sign_in
from tests.browser.conftest import SECONDS
from tests.browser.payloads import ALL, BLOCKS, LINE, MARKDOWN, MARKUP, answer
from tests.browser.test_chat import newest, send
from tests.servers import Server, Servers, manage
from tests.support import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: Notes whatever runs that should not, and what the Content-Security-Policy has to hold back.
WATCH = """
window.hits = [];
window.hit = (what) => window.hits.push(what);
const blocked = ({ violatedDirective, blockedURI }) => hits.push(`${violatedDirective} ${blockedURI}`);
document.addEventListener("securitypolicyviolation", blocked);
"""
#: Elements and attributes that no text may have become, and links that lead to a script.
FOUND = r"""() => {
  const bad = [];
  const ours = new Set(["http:", "https:", "mailto:", ":"]);
  const foreign = /^(iframe|object|embed|base|math|video|audio|plaintext|xmp|frameset|animate|style)$/i;
  for (const node of document.querySelectorAll("*")) {
    const shown = node.outerHTML.slice(0, 160);
    if (foreign.test(node.localName)) bad.push(shown);
    if (node.localName === "script" && !node.src && !/json|importmap/.test(node.type)) bad.push(shown);
    if (node.localName === "meta" && node.httpEquiv) bad.push(shown);
    for (const { name } of node.attributes) if (/^on/i.test(name) || name === "srcdoc") bad.push(`${name}: ${shown}`);
    if (node.hasAttribute("style") && /evil/.test(node.getAttribute("style"))) bad.push(shown);
    const drawn = node.localName === "a" && node.protocol === undefined;  // a link in a picture
    const { protocol } = drawn ? new URL(node.getAttribute("href"), location.href) : node;
    if (node.localName === "a" && !ours.has(protocol)) bad.push(`${protocol} ${shown}`);
    if (node.localName === "img" && new URL(node.src || "/", location.href).origin !== location.origin) bad.push(shown);
  }
  return bad;
}"""


@pytest.fixture(scope="module")
def hostile(prepared_home: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site whose user ada, of the staff, has a history of hostile texts."""
    servers = Servers(prepared_home, tmp_path_factory.mktemp("hostile"))
    server = servers.start()
    server.add_user("ada", PASSWORD, staff=True)
    made = "from django.contrib.auth.models import User; from tests.browser.payloads import fill; fill('ada'); "
    made += "User.objects.filter(username='ada').update(is_superuser=True)"
    done = manage(server.home, "shell", "--command", made)
    assert done.returncode == 0, done.stderr
    yield server
    servers.close()
    assert "Traceback" not in server.log, server.log


@pytest.fixture
def watched(hostile: Server, browser: Browser) -> Iterator[Callable[[], Page]]:
    """Sign ada in, in a browser that notes what runs and who is asked for something."""
    wrong: list[str] = []
    contexts = []

    def asked(request: Request) -> None:
        if not request.url.startswith((hostile.url, "data:", "blob:")):
            wrong.append(f"asked {request.url}")

    def dialog(box: Dialog) -> None:
        wrong.append(f"a dialog: {box.message}")
        box.dismiss()

    def open_page() -> Page:
        context = browser.new_context(base_url=hostile.url, viewport=WIDE)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(SECONDS)
        context.add_init_script(WATCH)
        context.on("request", asked)
        context.on("dialog", dialog)
        context.on("weberror", lambda problem: wrong.append(str(problem.error)))
        page = context.new_page()
        page.goto("/login")
        sign_in(page, "ada")
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            wrong += [f"{page.url}: {hit}" for hit in page.evaluate("window.hits")]
        context.close()
    assert wrong == []


def harmless(page: Page) -> None:
    """Fail when anything has run, or stands there ready to."""
    # What reacts to being looked at, pointed at, or given the focus has had its chance.
    page.mouse.move(640, 400)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    assert page.evaluate("window.hits") == [], page.url
    assert page.evaluate(FOUND) == [], page.url


def test_nothing_of_an_answer_runs_while_it_streams_nor_when_it_stands(watched: Callable[[], Page]) -> None:
    page = watched()
    lines = [text for text in ALL if len(text.splitlines()) == 1 and "\0" not in text]
    send(page, "\n".join(["count 20 every 20ms", *(f"say {text}" for text in lines), "wait 0.1", "say **end**"]))
    expect(page.locator("[data-turn] .blocks").last).to_contain_text("hit(2)")
    harmless(page)
    newest(page, "succeeded")
    harmless(page)
    page.reload()
    expect(page.locator("[data-turn] .blocks").last).to_contain_text("hit(57)")
    harmless(page)
    for link in page.locator("[data-turn] .blocks a").all():
        assert link.evaluate("node => node.protocol") in ("https:", "http:", "mailto:", ":")
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"


def test_tools_questions_plans_thoughts_and_errors_are_text(watched: Callable[[], Page]) -> None:
    page = watched()
    quoted = MARKUP[1].replace("'", "")
    options = " | ".join(text.replace("|", "") for text in MARKUP[:8])
    send(page, f"think {LINE}\nrun echo '{quoted}'; echo '{MARKUP[0]}' >&2\nask {MARKUP[2]} | {options}\nfail {LINE}")
    newest(page, "waiting")
    page.locator(".tool summary").first.click()
    page.locator(".thinking summary").first.click()
    harmless(page)
    page.reload()
    newest(page, "waiting")
    harmless(page)
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Answer").click()
    newest(page, "failed")
    harmless(page)
    send(page, f"plan {LINE}")
    newest(page, "waiting")
    harmless(page)
    page.keyboard.press("Escape")
    newest(page, "canceled")


def frames(session: str) -> list[dict[str, Any]]:
    """Return what a server says of a run, hostile wherever it passes on what others wrote."""
    about = {"execution_id": 10**9, "session_id": session}
    question = {
        "header": MARKUP[1],
        "question": f"{MARKUP[2]}\n\n{LINE}",
        "options": [{"label": LINE, "description": LINE}],
    }
    said: list[dict[str, Any]] = [
        {"type": "queued", "prompt": answer(), "turn": 900},
        {"type": "stream_start", "agent": MARKUP[1], "model": LINE},
        *({"type": "stream", "content": text + "\n\n"} for text in (*MARKUP, *MARKDOWN, *BLOCKS)),
        *({"type": "stream", "content": letter} for letter in answer()[:3000]),
        {"type": "thinking", "content": answer()},
        {"type": "tool_call", "call_id": "1", "name": LINE, "args": {MARKUP[1]: LINE}, "status": "started"},
        {"type": "tool_output", "call_id": "1", "content": answer()},
        {"type": "tool_call", "call_id": "1", "name": LINE, "args": {}, "status": MARKUP[20], "result": answer()},
        {"type": "tool_call", "call_id": "2", "name": "__proto__", "args": {"constructor": LINE}, "status": "started"},
        {"type": "notice", "content": LINE, "level": MARKUP[20]},
        {"type": "question", "question_id": LINE, "kind": "question", "questions": [question]},
        {"type": "answered", "question_id": LINE, "answer": {"answers": {"a": LINE}}},
        {"type": "question", "question_id": "2", "kind": "plan", "plan": answer()},
        {"type": "cli_session", "cli_session_id": LINE},
        {"type": "usage", "cost_usd": 1.5},
        {"type": "stopping", "by": LINE, "reason": LINE, "requested_at": LINE, "source": LINE},
        {"type": "stream_end", "content": answer(), "outcome": LINE, "error": LINE,
         "receipt": {"elapsed_ms": LINE, "tool": LINE, "by": LINE, "reason": LINE, "processes": [LINE]}},
    ]  # fmt: skip
    return [*({**about, "seq": seq, **frame} for seq, frame in enumerate(said)), {"type": "error", "content": LINE}]


def test_whatever_the_sockets_say_is_text(watched: Callable[[], Page]) -> None:
    page = watched()
    sockets: list[WebSocketRoute] = []

    def opened(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/ws/*", opened)
    page.goto("/chat/hostile:0")
    expect(page.locator("[data-turn]")).to_have_count(1)
    wait_until(lambda: page.title() and len(sockets) == 2, SECONDS / 1000)
    chat = next(socket for socket in sockets if socket.url.endswith("chat"))
    tasks = next(socket for socket in sockets if socket.url.endswith("tasks"))

    def heard() -> bool:
        chat.send(json.dumps({"type": "error", "content": "It listens."}))
        return "It listens." in page.locator("[data-toast]").inner_text()

    wait_until(heard, SECONDS / 1000)
    for frame in frames("hostile:0"):
        chat.send(json.dumps(frame))
        if frame["type"] in ("stream_end", "question", "tool_call"):
            harmless(page)
    expect(page.locator("[data-toast]")).to_contain_text("hit(1)")
    task = {"id": 10**9, "session_id": f"x{LINE}", "title": LINE, "status": LINE, "created_at": LINE}
    tasks.send(json.dumps({"type": "task_created", "task_id": 10**9, "task": task}))
    expect(page.locator("[data-session-list] li").first).to_contain_text("hit(1)")
    harmless(page)


PLACES = (
    "/chat/hostile:0",
    "/chat/hostile:1",
    "/?q=%3Cimg+src%3Dx+onerror%3Dhit(1)%3E",
    "/?archived=1",
    "/activity",
    "/activity?who=all",
    "/history",
    "/history?q=%22%3E%3Cscript%3Ehit(0)%3C/script%3E",
    "/settings",
    "/nowhere/%3Cscript%3Ehit(0)%3C/script%3E",
    "/chat/%3Cscript%3Ehit(0)%3C",
    "/login?next=javascript:hit(1)",
)


def test_no_page_takes_it_for_more_than_text(watched: Callable[[], Page]) -> None:
    page = watched()
    running = page.context.new_page()
    running.goto("/")
    send(running, f"run echo '{MARKUP[1]}'; sleep 600 # {LINE}")
    expect(running.locator(".tool .output")).to_contain_text("hit(1)")
    for place in PLACES:
        page.goto(place)
        harmless(page)
    page.goto("/chat/hostile:1")
    page.get_by_role("button", name="Show steps").click()
    expect(page.locator(".steps .tool")).to_have_count(2)
    for summary in page.locator(".steps summary").all():
        summary.click()
    harmless(page)
    page.get_by_label("Search chats").fill("onerror")
    expect(page.locator("[data-found] li").first).to_be_visible()
    harmless(page)
    page.goto("/history")
    runs = [str(link.get_attribute("href")) for link in page.locator("li.run a.title").all()]
    assert len(runs) >= 3
    for run in runs[:4]:
        page.goto(run)
        for summary in page.locator(".events summary").all():
            summary.click()
        harmless(page)
    page.goto("/activity")
    page.get_by_role("button", name="Stop all").click()
    expect(page.locator("[data-confirm]")).to_be_visible()
    harmless(page)
    page.locator("[data-confirm-yes]").click()
    expect(page.get_by_text("Nothing runs right now")).to_be_visible()


def test_no_staff_page_takes_it_for_more_than_text(watched: Callable[[], Page]) -> None:
    page = watched()
    page.goto("/admin/")
    lists = {urlsplit(str(link.get_attribute("href"))).path for link in page.locator("a[href*='/admin/']").all()}
    seen = 0
    for address in sorted(one for one in lists if re.fullmatch(r"/admin/\w+/\w+/", one)):
        page.goto(address)
        harmless(page)
        rows = page.locator("#result_list a[href*='/change/']")
        for row in [str(link.get_attribute("href")) for link in rows.all()[:4]]:
            page.goto(row)
            harmless(page)
            seen += 1
    assert seen > 5


def test_an_export_is_a_file_and_not_a_page(watched: Callable[[], Page]) -> None:
    page = watched()
    for form in ("csv", "ndjson"):
        answered = page.request.get(f"/history/export?format={form}")
        assert "onerror" in answered.text()
        assert "html" not in answered.headers["content-type"]
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert answered.headers["content-disposition"].startswith("attachment")
