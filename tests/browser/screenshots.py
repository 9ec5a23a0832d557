"""``python -m tests.browser.screenshots FOLDER``: every page to look at, in English and Japanese, light and dark, on a
desktop and a phone.

It starts a server of its own in a temporary home, fills it with examples, and leaves nothing behind but the pictures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM, PASSWORD, PHONE, WIDE, sign_in
from tests.servers import Server, Servers, manage

FORMS = {"desktop": WIDE, "phone": PHONE}
#: Where readers of a language are.
ZONES = {"en": "Europe/London", "ja": "Asia/Tokyo", "es": "America/Bogota"}
LANGUAGES = ("en", "ja")
#: What runs while the pictures are taken, by session; the second message of a session waits in the queue.
LIVE = {
    "one": ["say I will look around first.\nrun echo Looking; sleep 600"],
    "two": ["ask Which way? | Left | Right"],
    "three": [
        "count 5000 every 200ms",
        "買い物かごのテストを実行して、結果をまとめてください。",
        "say waits in the queue",
    ],
}


def prepare(server: Server) -> int:
    """Fill the site for ada; returns the id of an execution with a long journal."""
    server.add_user("ada", PASSWORD, staff=True)
    code = "from tests.browser.examples import fill, promote; fill('ada'); promote('ada')"
    done = manage(server.home, "shell", "--command", code)
    assert done.returncode == 0, done.stderr
    with server.client("ada", PASSWORD) as client:
        for session, prompts in LIVE.items():
            for prompt in prompts:
                body = {"prompt": prompt, "session_id": f"web:chat:{session}"}
                client.post("/api/v1/executions/", json=body).raise_for_status()
        finished = client.get("/api/v1/executions/", params={"outcome": "succeeded"}).json()
    return int(finished["results"][0]["id"])


def pages(execution: int) -> dict[str, str]:
    """Return the address of every page by the name of its picture."""
    return {
        "login": "/login",
        "chat-empty": "/",
        "chat-running": "/chat/web:chat:one",
        "chat-question": "/chat/web:chat:two",
        "activity": "/activity",
        "history": "/history",
        "history-nothing": "/history?q=nothing+has+this",
        "execution": f"/executions/{execution}",
        "execution-canceled": f"/executions/{execution - 1}",
        "settings": "/settings",
        "webhook": "/settings/webhooks/1",
        "not-found": "/nowhere",
        "staff-dashboard": "/admin/?range=week",
        "staff-executions": "/admin/executions/execution/",
        "staff-execution": f"/admin/executions/execution/{execution}/change/",
        "staff-cancel": f"/admin/executions/execution/cancel/?ids={execution + 1},{execution + 2}",
        "staff-workers": "/admin/executions/worker/",
        "staff-sessions": "/admin/chat/session/",
        "staff-users": "/admin/auth/user/",
        "staff-user": "/admin/auth/user/1/change/",
        "staff-tokens": "/admin/chat/token/",
    }


def shoot(page: Page, name: str, folder: Path) -> None:
    """Take a picture of the whole page, once it stands still."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=folder / f"{name}.png", animations="disabled")


def take(browser: Browser, site: Server, folder: Path, names: dict[str, str], languages: list[str]) -> int:
    """Take the pictures of the pages ``names``; returns how many."""
    count = 0
    for (form, viewport), scheme, language in product(FORMS.items(), ("light", "dark"), languages):
        context = browser.new_context(
            base_url=site.url,
            viewport=viewport,  # type: ignore[arg-type]
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=language,
            timezone_id=ZONES[language],
        )
        page = context.new_page()
        page.goto("/login")
        if "login" in names:
            shoot(page, f"login-{form}-{scheme}-{language}", folder)
            count += 1
        sign_in(page, "ada")
        expect(page.locator("[data-count]")).not_to_be_hidden()
        for name, address in names.items():
            if name != "login":
                page.goto(address)
                shoot(page, f"{name}-{form}-{scheme}-{language}", folder)
                count += 1
        context.close()
    return count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go; it is made when it is not there")
    parser.add_argument("--only", default="", metavar="TEXT", help="only pages whose name contains this")
    parser.add_argument("--languages", nargs="+", choices=ZONES, default=list(LANGUAGES), help="in which languages")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kakoclaw-screenshots-") as directory:
        prepared = Path(directory) / "prepared"
        done = manage(prepared, "setup")
        assert done.returncode == 0, done.stderr
        servers = Servers(prepared, Path(directory))
        try:
            server = servers.start()
            execution = prepare(server)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                names = {name: address for name, address in pages(execution).items() if options.only in name}
                count = take(browser, server, options.folder, names, options.languages)
                browser.close()
        finally:
            servers.close()
    sys.stdout.write(f"{count} pictures are in {options.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
