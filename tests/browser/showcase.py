"""``python -m tests.browser.showcase FOLDER``: the pictures of the README, in English and Japanese.

A real server and a real agent, whose model is a scripted one on this machine: what it says is written here.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from executions.testing import fake_openai
from executions.testing.script import Reply
from tests.browser.chromium import ARGUMENTS, CHROMIUM, PASSWORD, sign_in
from tests.browser.screenshots import FORMS, ZONES
from tests.servers import Server, Servers, manage

MAKEFILE = """test:
\t@for t in claim cancel lease journal resume health; do echo "tests/test_$$t.py ... ok"; sleep 0.2; done; sleep 600
"""
CODE = """```python
@api.get("/health")
def health() -> dict[str, str]:
    database.ping()
    return {"status": "ok"}
```"""


def _file(text: str) -> Reply:
    return Reply(text, tools=[{"name": "write_file", "args": {"path": "Makefile", "content": MAKEFILE}}])


def _run(thought: str, text: str) -> Reply:
    return Reply(text, thinking=thought, tools=[{"name": "exec", "args": {"command": "make test"}}])


def _ask(question: str, *options: str) -> Reply:
    return Reply(tools=[{"name": "ask_user", "args": {"question": question, "options": list(options)}}])


def _watch(text: str) -> Reply:
    command = "touch access.log; tail -f access.log"
    return Reply(text, tools=[{"name": "exec", "args": {"command": command}}])


#: By language: the conversation of the picture, then the other chats. What is asked, and what the model says to it.
CHATS: dict[str, list[tuple[str, str, list[Reply]]]] = {
    "en": [
        ("offers", "Compare the three offers and recommend one", [Reply("The second: it is not the cheapest, and …")]),
        ("release", "Write the release notes for 2.4", [_ask("From which branch?", "main", "release/2.4")]),
        ("start", "Why does the start page take so long?", [_watch("I will watch its log while I open it.")]),
        (
            "health",
            "Add a health check to the API, with a test.",
            [
                _file(""),
                Reply(f"Done. It answers with 503 when the database is away:\n\n{CODE}\n\nThe test is beside it."),
            ],
        ),
        (
            "health",
            "Run all tests, and fix what fails.",
            [_run("All of them first; the new one may break an old one.", "I will run them first.")],
        ),
    ],
    "ja": [
        (
            "offers",
            "3社の見積もりを比較して、1社を薦めてください",
            [Reply("2社目をお薦めします。最安ではありませんが…")],
        ),
        (
            "release",
            "2.4のリリースノートを書いてください",  # noqa: RUF001 - Japanese
            [_ask("どのブランチから作りますか？", "main", "release/2.4")],  # noqa: RUF001 - Japanese
        ),
        (
            "start",
            "トップページが遅い原因を調べてください",
            [_watch("ログを見ながら開いてみます。")],
        ),
        (
            "health",
            "APIにヘルスチェックを追加して、テストも書いてください。",
            [
                _file(""),
                Reply(
                    f"追加しました。データベースに接続できないときは503を返します。\n\n{CODE}\n\nテストも書きました。"
                ),
            ],
        ),
        (
            "health",
            "テストをすべて実行して、失敗するものを直してください。",
            [
                _run(
                    "新しいテストがほかに影響するかもしれない。まず全部実行する。", "まず、すべてのテストを実行します。"
                )
            ],
        ),
    ],
}
CHAT = "/chat/web:chat:health"
#: By language: the name of each picture, what it shows, on what, light or dark.
PICTURES = {
    "en": [
        ("chat", CHAT, "desktop", "light"),
        ("activity", "/activity", "desktop", "light"),
        ("dashboard", "/admin/?range=week", "desktop", "dark"),
        ("phone", CHAT, "phone", "light"),
    ],
    "ja": [
        ("chat-ja", CHAT, "desktop", "dark"),
        ("activity-ja", "/activity", "desktop", "light"),
        ("phone-ja", CHAT, "phone", "dark"),
    ],
}
REPLIES = {asked: replies for chats in CHATS.values() for _, asked, replies in chats}


def _reply_to(messages: list[dict[str, Any]]) -> Reply:
    """Return what the model says next in one of the conversations above."""
    last = max(at for at, message in enumerate(messages) if message["role"] == "user")
    replies = REPLIES[str(messages[last]["content"])]
    answered = sum(message["role"] == "assistant" for message in messages[last:])
    return replies[min(answered, len(replies) - 1)]


@contextmanager
def model() -> Iterator[str]:
    """Serve the scripted model, and yield its address."""
    fake_openai.reply_to = _reply_to
    loop, server = asyncio.new_event_loop(), fake_openai.FakeOpenAI()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
    yield server.url
    asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def hold(server: Server, language: str) -> None:
    """Have all conversations of a language, as far as they go."""
    server.add_user("ada", PASSWORD, staff=True)
    code = "from tests.browser.examples import fill, promote; fill('ada'); promote('ada')"
    done = manage(server.home, "shell", "--command", code)
    assert done.returncode == 0, done.stderr
    with server.client("ada", PASSWORD) as client:
        for session, prompt, _ in CHATS[language]:
            body = {"prompt": prompt, "session_id": f"web:chat:{session}"}
            started = client.post("/api/v1/executions/", json=body).raise_for_status().json()
            client.get(f"/api/v1/executions/{started['id']}/", params={"wait": 3}).raise_for_status()


def shoot(page: Page, path: Path) -> None:
    """Take a picture in few colours: a page of text needs no more, and is a third of the size."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=path, animations="disabled")
    with Image.open(path) as image:
        image.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


def take(browser: Browser, site: Server, folder: Path, language: str) -> None:
    """Take the pictures of one language."""
    for name, address, form, scheme in PICTURES[language]:
        context = browser.new_context(
            base_url=site.url,
            viewport=FORMS[form],  # type: ignore[arg-type]
            device_scale_factor=1.5,
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=language,
            timezone_id=ZONES[language],
        )
        page = context.new_page()
        page.goto("/login")
        sign_in(page, "ada")
        page.goto(address)
        if address == CHAT:
            expect(page.locator(".turn pre.output")).to_contain_text("health.py")
        shoot(page, folder / f"{name}.png")
        context.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.showcase", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go; it is made when it is not there")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kakoclaw-showcase-") as directory, model() as address:
        prepared = Path(directory) / "prepared"
        done = manage(prepared, "setup")
        assert done.returncode == 0, done.stderr
        servers = Servers(prepared, Path(directory))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                for language in CHATS:
                    server = servers.start(
                        OPENAI_BASE_URL=address, OPENAI_API_KEY="any", KAKOCLAW_MODEL="openai-chat:gpt-4.1"
                    )
                    hold(server, language)
                    take(browser, server, options.folder, language)
                browser.close()
        finally:
            servers.close()
    sys.stdout.write(f"The pictures are in {options.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
