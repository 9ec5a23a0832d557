"""The command endpoints, as their page uses them."""

from __future__ import annotations

import asyncio
import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import AsyncClient
from PIL import Image

from chat.models import Session
from executions import services
from executions.agents.base import AgentFailure, Run
from executions.events import Question, Text, Thinking, ToolFinished, ToolStarted, Usage
from executions.models import Execution
from tests.chat.commands.conftest import Behavior, Page

COLORS = {
    "question": "Which color?", "header": "Color", "multiSelect": False,
    "options": [{"label": "Red", "description": "Warm"}, {"label": "Blue", "description": "Cold"}],
}  # fmt: skip


def types(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["type"] for frame in frames]


async def works(run: Run) -> None:
    await run.emit(Thinking("Hm."))
    await run.emit(Text("I will "))
    await run.emit(Text("look."))
    await run.emit(ToolStarted("1", "Bash", {"command": "pytest"}))
    await run.emit(ToolFinished("1", "Bash", "3 passed"))
    await run.emit(Usage(10, 5, 1, 0.25))
    await run.emit(Text("Done."))


async def asks(run: Run) -> None:
    await run.emit(Text("Well. "))
    answer = await run.ask(Question("q1", questions=[COLORS]))
    await run.emit(Text(f"You said {answer.answers['Which color?']}."))


async def waits(run: Run) -> None:
    await run.emit(Text("Wait"))
    await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def _behaviors(behaviors: dict[str, Behavior]) -> None:
    behaviors.update(works=works, asks=asks, waits=waits)


async def test_a_command_answers_with_what_it_came_to(page: Page, user: User) -> None:
    answer = await page.answer(command="coding", args="works")
    run = await Execution.objects.aget(owner=user)
    assert answer == {
        "success": True, "session_id": run.agent_session, "output": "I will look.Done.", "questions": [],
        "completed": True, "cost_usd": 0.25, "error": None, "execution_id": run.pk,
    }  # fmt: skip
    assert (run.prompt, run.agent) == ("/coding works", "claude")
    assert await Session.objects.filter(owner=user, session_id=run.session_id).aexists()


async def test_a_stream_tells_what_happens_in_the_contracts_words(page: Page, user: User) -> None:
    frames = await page.stream(command="coding", args="works")
    run = await Execution.objects.aget(owner=user)
    assert types(frames) == ["init", "thinking", "text", "tool_use", "tool_result", "text", "complete"]
    init, thinking, text, use, result, _, complete = frames
    assert init["session_id"] == run.agent_session
    assert init["message"]
    assert (thinking["message"], text["message"]) == ("Hm.", "I will look.")
    assert (use["tool_name"], use["tool_input"], use["message"]) == ("Bash", {"command": "pytest"}, "Running: pytest")
    assert (result["tool_name"], result["message"]) == ("Bash", "3 passed")
    assert complete["session_id"] == run.agent_session
    assert complete["result"] == {
        "session_id": run.agent_session, "output": "I will look.Done.", "completed": True, "cost_usd": 0.25,
        "questions": [],
    }  # fmt: skip
    ids = [frame["id"] for frame in frames]
    assert ids == sorted(ids)


async def test_a_question_ends_the_answer_and_its_answer_goes_on_in_the_same_run(page: Page, user: User) -> None:
    asked = await page.answer(command="discuss", args="asks")
    assert (asked["success"], asked["completed"], asked["questions"]) == (True, False, [COLORS])
    assert asked["output"] == "Well. "
    run = await Execution.objects.aget(owner=user)
    assert run.state == "waiting"
    answer = await page.answer("command/continue", session_id=asked["session_id"], answer="--model=x")
    assert (answer["completed"], answer["output"]) == (True, "Well. You said --model=x.")
    assert await Execution.objects.acount() == 1


async def test_a_question_in_a_stream_is_told_and_continued_in_another(page: Page) -> None:
    frames = await page.stream(command="discuss", args="asks")
    assert types(frames) == ["init", "text", "question", "complete"]
    question, complete = frames[-2:]
    assert question["result"] == question["tool_input"] == {"questions": [COLORS]}
    assert (complete["result"]["completed"], complete["result"]["questions"]) == (False, [COLORS])
    session = question["session_id"]
    after = await page.stream("command/continue/stream", session_id=session, answer={"Which color?": "Blue"})
    assert types(after) == ["init", "text", "complete"]
    assert (after[0]["session_id"], after[1]["message"]) == (session, "You said Blue.")
    assert after[-1]["result"]["output"] == "Well. You said Blue."


async def test_a_session_without_a_question_takes_the_next_message(page: Page, user: User) -> None:
    first = await page.answer(command="coding", args="works")
    second = await page.answer("command/continue", session_id=first["session_id"], answer="and again works")
    assert second["session_id"] == first["session_id"]
    runs = [run async for run in Execution.objects.filter(owner=user).order_by("pk")]
    assert runs[1].prompt == "and again works"
    assert runs[1].options["resume"] == first["session_id"]
    assert runs[0].session_id == runs[1].session_id


async def test_a_failed_and_a_canceled_run_end_with_their_errors(
    page: Page, user: User, behaviors: dict[str, Behavior]
) -> None:
    async def fails(run: Run) -> None:
        await run.emit(Text("Half"))
        raise AgentFailure("The model said no.")

    behaviors["fails"] = fails
    answer = await page.answer(command="go", args="fails")
    assert (answer["success"], answer["completed"], answer["output"]) == (False, False, "Half")
    assert answer["error"] == "The model said no."
    stream = asyncio.ensure_future(page.stream(command="go", args="waits"))
    waiting = Execution.objects.filter(prompt="/go waits")
    await until_there_is(waiting.filter(state="running"))
    await cancel(waiting, user)
    frames = await stream
    assert (frames[-1]["type"], frames[-1]["message"]) == ("error", "Execution canceled")


async def cancel(runs: QuerySet[Execution], user: User) -> None:
    await sync_to_async(services.cancel)(runs, by=user)


async def until_there_is(runs: QuerySet[Execution]) -> None:
    async with asyncio.timeout(5):
        while not await runs.aexists():  # noqa: ASYNC110 - the database rings no bell here
            await asyncio.sleep(0.01)


async def test_a_dropped_reader_reads_on_exactly_once(page: Page, user: User) -> None:
    frames = await page.stream(command="coding", args="works")
    for place, frame in enumerate(frames):
        if frame["type"] == "complete":
            continue
        again = await page.stream(command="coding", args="works", last=frame["id"])
        assert [f | {"id": None} for f in again] == [f | {"id": None} for f in frames[place + 1 :]]
    assert await Execution.objects.acount() == 1, "reading on starts nothing"
    refused = await page.post("command/stream", {"command": "coding", "args": "else"}, **{"Last-Event-ID": "3"})
    assert refused.status_code == 400
    assert refused.json()["code"] == "nothing_to_resume"


async def test_a_run_is_read_on_by_its_number_and_only_by_its_owner(
    page: Page, other_user: User, project: Path
) -> None:
    frames = await page.stream(command="coding", args="works")
    run = frames[0]["execution_id"]
    for somebody, status in ((page, 200), (Page(other_user, project), 404)):
        response = await somebody.get("command/stream", execution_id=run, after=2)
        assert response.status_code == status


async def test_others_sessions_are_not_there(page: Page, other_user: User, project: Path) -> None:
    session = (await page.answer(command="coding", args="works"))["session_id"]
    somebody = Page(other_user, project)
    for path in ("command/continue", "command/continue/stream"):
        refused = await somebody.answer(path, 404, session_id=session, answer="works")
        assert refused["success"] is False
        assert refused["code"] == "unknown_session"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"command": "coding"}, "needs args"),
        ({"command": "coding", "args": "  "}, "needs args"),
        ({"command": "coding", "args": None}, "needs args"),
        ({"command": "coding", "args": 7.5, "project": ""}, "project"),
        ({"command": "deploy", "args": "x"}, "There is no command 'deploy'"),
        ({"command": "coding", "args": "x", "project": "/etc"}, "not allowed"),
        ({"command": "coding", "args": "x", "project": "shop"}, "absolute path"),
        ({"command": "coding", "args": "x", "images": [{"name": "a.png", "data": "!!"}]}, "not valid base64"),
        ({"command": "coding", "args": "x", "images": [{"name": "a.png", "data": "aGVsbG8="}]}, "not an image"),
        ({"command": "coding", "args": "x", "images": [{"name": "a", "data": ""}] * 6}, "image"),
        ({"command": "coding", "args": "x", "on_disconnect": "explode"}, "on_disconnect"),
    ],
)
async def test_what_is_wrong_is_told_before_the_stream_starts(page: Page, body: dict[str, Any], says: str) -> None:
    for path in ("command", "command/stream"):
        refused = await page.answer(path, 400, **body)
        assert refused["success"] is False
        assert says in refused["error"]
        assert refused["detail"] == refused["error"]
    assert not await Execution.objects.aexists()


async def test_init_needs_no_args_and_the_settings_add_commands(
    page: Page, behaviors: dict[str, Behavior], settings: Any
) -> None:
    settings.COMMANDS = ["review"]
    behaviors.update({"/init": works, "/review": works})
    assert (await page.answer(command="init"))["completed"]
    assert (await page.answer(command="review", args="works"))["completed"]


async def test_images_are_judged_by_their_bytes(page: Page, behaviors: dict[str, Behavior]) -> None:
    seen: list[Any] = []

    async def looks(run: Run) -> None:
        seen.extend(run.options["images"])

    behaviors["looks"] = looks
    picture = BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    data = base64.b64encode(picture.getvalue()).decode()
    images = [
        {"name": "a.exe", "data": data, "mimeType": "application/x-evil"},
        {"name": "b.png", "data": f"data:image/png;base64,{data}"},
    ]
    await page.answer(command="go", args="looks", images=images)
    assert [name.rpartition(".")[2] for name in seen] == ["png", "png"]


async def test_a_busy_project_queues_the_second_or_refuses_it(page: Page, user: User) -> None:
    first = asyncio.ensure_future(page.stream(command="go", args="waits"))
    await until_there_is(Execution.objects.filter(state="running"))
    refused = await page.answer(status=400, command="go", args="works", on_busy_project="reject")
    assert refused["code"] == "project_busy"
    second = asyncio.ensure_future(page.stream(command="go", args="works"))
    await until_there_is(Execution.objects.filter(state="queued"))
    await cancel(Execution.objects.filter(prompt="/go waits"), user)
    assert types(await first)[-1] == "error"
    assert types(await second)[-1] == "complete"


async def test_projects_and_files_are_listed(page: Page, project: Path) -> None:
    (project / "main.py").write_text("pass\n")
    listed = await page.get("projects/")
    assert listed.json() == {"success": True, "projects": [{"name": "shop", "path": str(project)}]}
    files = await page.get("files", project=str(project))
    assert files.json() == {"success": True, "files": {"main.py": 5}, "truncated": False}
    for wrong in ("/etc", "", str(project / "none")):
        refused = await page.get("files", project=wrong)
        assert (refused.status_code, refused.json()["success"]) == (400, False)


async def test_nobody_gets_in_without_signing_in(page: Page) -> None:
    for path in ("command", "command/stream", "command/continue", "command/continue/stream"):
        response = await AsyncClient().post(f"/api/{path}", "{}", content_type="application/json")
        assert (response.status_code, response.json()["success"]) == (401, False)
    for path in ("projects", "files"):
        assert (await AsyncClient().get(f"/api/{path}")).status_code == 401
