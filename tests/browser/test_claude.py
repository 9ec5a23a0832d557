"""The Claude CLI in the chat page, as a person uses it: the real CLI, a scripted model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from executions.testing.script import script
from tests.browser.conftest import PASSWORD, PHONE, Visit
from tests.browser.test_chat import newest, send
from tests.claude import scripted_model, variables
from tests.servers import Server, Servers

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COLOR = {"question": "Which color?", "header": "Color", "multiSelect": False,
         "options": [{"label": "Red", "description": "Warm"}, {"label": "Blue", "description": "Cold"}]}  # fmt: skip
SIZES = {"question": "Which sizes?", "header": "Sizes", "multiSelect": True,
         "options": [{"label": "Small", "description": ""}, {"label": "Large", "description": ""}]}  # fmt: skip


#: One for each test, so that none waits for another's.
PROJECTS = ("tools", "images", "questions", "words", "plans", "stops", "phone", "買い物")


def ask(*questions: dict[str, Any]) -> dict[str, Any]:
    return {"tools": [{"name": "AskUserQuestion", "args": {"questions": list(questions)}}]}


PLAN = (
    {
        "tools": [
            {"name": "Write", "args": {"file_path": "@PLANFILE@", "content": "# The plan\n\n1. Look\n2. **leap**"}}
        ]
    },
    {"tools": [{"name": "ExitPlanMode", "args": {}}]},
)


@pytest.fixture(scope="module")
def site(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server with the CLI, some projects, and the users ada and bob."""
    directory = tmp_path_factory.mktemp("claude")
    with scripted_model() as model:
        given = variables(model, directory)
        for name in PROJECTS:
            (directory / "projects" / name).mkdir()
        servers = Servers(prepared_home, tmp_path_factory.mktemp("browser"))
        server = servers.start(KAKOCLAW_CONFIRM_STOP="1", **given)
        server.add_user("ada", PASSWORD)
        server.add_user("bob", PASSWORD)
        yield server
        servers.close()
    assert "Traceback" not in server.log, server.log


def with_claude(page: Page, project: str) -> Page:
    """Choose the CLI and a project."""
    page.goto("/")
    page.get_by_label("Agent").select_option("claude")
    page.get_by_label("Project").select_option(label=project)
    return page


def picture(color: str = "red") -> bytes:
    data = BytesIO()
    Image.new("RGB", (40, 30), color).save(data, "PNG")
    return data.getvalue()


def test_a_task_in_a_project_shows_its_tools_cost_and_session(visit: Visit) -> None:
    page = with_claude(visit(), "tools")
    expect(page.locator("[data-bypass]")).to_contain_text("Permissions are off")
    send(
        page,
        f"Say it {script({'thinking': 'Hm.', 'text': 'Look: ', 'tools': [bash('echo 日本語')]}, {'text': '**Done**'})}",
    )
    newest(page, "succeeded")
    expect(page.locator(".tool")).to_contain_text("Running: echo 日本語")
    expect(page.locator(".tool .output")).to_contain_text("日本語")
    expect(page.locator(".thinking")).to_contain_text("Hm.")
    foot = page.locator("[data-turn] .foot")
    expect(foot).to_contain_text(re.compile(r"\$0\.\d+"))
    session = foot.locator("[data-part=session]").get_attribute("data-cli-session")
    page.reload()
    expect(foot.locator("[data-part=session]")).to_have_attribute("data-cli-session", str(session))
    expect(page.get_by_label("Agent")).to_have_value("claude")
    assert str(page.get_by_label("Project").input_value()).endswith("/tools")
    page.get_by_role("button", name="Show steps").click()
    expect(page.locator(".steps .tool")).to_contain_text("Running: echo 日本語")
    send(page, f"And on {script({'text': 'Again.'})}")
    newest(page, "succeeded")
    expect(foot.last.locator("[data-part=session]")).to_have_attribute("data-cli-session", str(session))


def bash(command: str) -> dict[str, Any]:
    return {"name": "Bash", "args": {"command": command, "description": "Do it"}}


def test_images_are_chosen_pasted_and_dropped_removed_and_sent(visit: Visit) -> None:
    page = with_claude(visit(), "images")
    images = page.locator("[data-attached] img")
    page.locator("[data-file]").set_input_files({"name": "chosen.png", "mimeType": "image/png", "buffer": picture()})
    expect(images).to_have_count(1)
    for kind, target in (("paste", "[data-message]"), ("drop", "[data-chat]")):
        page.evaluate(
            """([kind, target, bytes]) => {
                const files = new DataTransfer();
                files.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: "image/png" }));
                const about = { bubbles: true, cancelable: true, clipboardData: files, dataTransfer: files };
                const made = kind === "paste" ? new ClipboardEvent(kind, about) : new DragEvent(kind, about);
                document.querySelector(target).dispatchEvent(made);
            }""",
            [kind, target, list(picture("blue"))],
        )
    expect(page.locator("[data-attached] img:not([hidden])")).to_have_count(3)
    page.get_by_role("button", name="Remove chosen.png").click()
    expect(images).to_have_count(2)
    page.locator("[data-file]").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"text"})
    expect(page.locator("[data-attach-error]")).to_contain_text("a.txt is not a JPEG, PNG, GIF or WebP image.")
    many = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": picture()} for n in range(4)]
    page.locator("[data-file]").set_input_files(many)  # type: ignore[arg-type]
    expect(page.locator("[data-attach-error]")).to_contain_text("at most 5 images")
    expect(page.locator("[data-attached] img:not([hidden])")).to_have_count(5)
    send(page, f"What is on them? {script({'text': 'Colors.'})}")
    newest(page, "succeeded")
    expect(page.locator("[data-attached]")).to_be_hidden()
    page.reload()
    pictures = page.locator("[data-turn] .pictures img")
    expect(pictures).to_have_count(5)
    assert pictures.first.evaluate("image => image.complete && image.naturalWidth") == 40


def test_several_questions_are_answered_in_one_form_after_a_reload(visit: Visit) -> None:
    page = with_claude(visit(), "questions")
    send(page, f"Ask me {script(ask(COLOR, SIZES), {'text': 'Thanks.'})}")
    newest(page, "waiting")
    page.reload()
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".question .errors")).to_contain_text("Choose an option or write an answer")
    page.get_by_role("radio", name="Blue").check()
    page.get_by_role("checkbox", name="Small").check()
    page.get_by_role("checkbox", name="Large").check()
    page.get_by_role("button", name="Answer").click()
    newest(page, "succeeded")
    expect(page.locator(".answered")).to_contain_text("Blue, Small, Large")
    expect(page.locator("[data-turn] .blocks")).to_contain_text("Thanks.")


def test_an_answer_in_ones_own_words_is_only_text(visit: Visit) -> None:
    page = with_claude(visit(), "words")
    send(page, f"Ask me {script(ask(COLOR), {'text': 'Thanks.'})}")
    page.get_by_label("Or in your own words").fill("--model=x 日本語")
    page.get_by_label("Or in your own words").press("Enter")
    newest(page, "succeeded")
    expect(page.locator(".answered")).to_contain_text("--model=x 日本語")


def test_a_plan_is_rejected_with_words_and_then_approved(visit: Visit) -> None:
    page = with_claude(visit(), "plans")
    send(page, f"/plan it {script(*PLAN, *PLAN, {'text': 'Went on.'})}")
    expect(page.locator(".plan h1")).to_have_text("The plan")
    expect(page.locator(".plan strong")).to_have_text("leap")
    page.get_by_label("What should be different?").fill("Look twice")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".answered").first).to_contain_text("Rejected: Look twice")
    page.get_by_role("button", name="Approve").click()
    newest(page, "succeeded")
    expect(page.locator("[data-turn] .blocks")).to_contain_text("Went on.")


def test_a_stop_is_confirmed_when_configured_and_says_who_and_why(visit: Visit) -> None:
    page = with_claude(visit(), "stops")
    send(page, f"Ask me {script(ask(COLOR), {'text': 'Thanks.'})}")
    newest(page, "waiting")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Go back").click()
    newest(page, "waiting")
    page.keyboard.press("Escape")
    page.get_by_label("Reason (optional)").fill("wrong project")
    page.locator("[data-confirm-yes]").click()
    newest(page, "canceled")
    expect(page.locator("form.question")).to_have_count(0)
    expect(page.locator(".notice").last).to_contain_text(re.compile(r"You asked it to stop at .*“wrong project”"))
    expect(page.locator("[data-turn] .foot [data-part=session]")).to_be_visible()
    send(page, f"Go on {script({'text': 'Here again.'})}")
    newest(page, "succeeded")


def test_the_page_of_projects_shows_what_each_does_while_it_does_it(visit: Visit) -> None:
    ada, bob = visit("ada"), visit("bob")
    for page in (ada, bob):
        page.goto("/projects")
    row = {page: page.locator("li.project", has_text="買い物") for page in (ada, bob)}
    expect(row[ada]).to_contain_text("Idle")
    chat = ada.context.new_page()
    with_claude(chat, "買い物")
    send(chat, f"Ask me 何か {script(ask(COLOR), {'text': 'Thanks.'})}")
    newest(chat, "waiting")
    expect(row[ada]).to_contain_text("Waiting for you")
    expect(row[bob]).to_contain_text("Somebody else works in it.")
    expect(row[bob]).not_to_contain_text("何か")
    row[bob].get_by_role("link", name="New task").click()
    expect(bob.get_by_label("Agent")).to_have_value("claude")
    assert str(bob.get_by_label("Project").input_value()).endswith("/買い物")
    send(bob, f"Mine {script({'text': 'At last.'})}")
    newest(bob, "queued")
    row[ada].get_by_role("link", name="Ask me").click()
    ada.get_by_role("radio", name="Red").check()
    ada.get_by_role("button", name="Answer").click()
    newest(ada, "succeeded")
    newest(bob, "succeeded")
    ada.goto("/projects")
    expect(row[ada]).to_contain_text("Idle")
    expect(row[ada].get_by_role("link", name="Ask me")).to_be_visible()


def test_a_phone_shows_it_all_without_scrolling_sideways(visit: Visit) -> None:
    page = with_claude(visit(viewport=PHONE), "phone")
    send(page, f"Ask me {script(ask(COLOR, SIZES), {'text': 'Thanks.'})}")
    newest(page, "waiting")
    for address in (page.url, "/projects", "/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        for button in page.locator("[data-send]:visible, [data-stop]:visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= PHONE["width"]
