"""The CLI's questions, its plans, and whether its tools may run: asked of the owner, answered in the same run."""

from __future__ import annotations

from typing import Any

import pytest

from executions.agents.base import Answer
from executions.agents.claude.permissions import ALLOW, ALLOW_RUN, DENY
from executions.events import Question, ToolFinished, ToolStarted
from executions.testing.script import script
from tests.executions.agents.claude.conftest import Claude

COLOR = {
    "question": "Which color?",
    "header": "Color",
    "multiSelect": False,
    "options": [{"label": "Red", "description": "warm"}, {"label": "Blue", "description": "cold"}],
}
SIZES = {
    "question": "Which sizes?",
    "header": "Sizes",
    "multiSelect": True,
    "options": [
        {"label": "S", "description": ""},
        {"label": "M", "description": ""},
        {"label": "L", "description": ""},
    ],
}


def asks(*questions: dict[str, Any]) -> str:
    return script({"tools": [{"name": "AskUserQuestion", "args": {"questions": list(questions)}}]}, {"text": "Thanks."})


def told(claude: Claude) -> str:
    """Return what the model was told last: the result of its tool."""
    return str(claude.server.requests[-1].body["messages"])


async def test_a_question_is_asked_and_its_answer_told_to_the_model(claude: Claude) -> None:
    _, seen = await claude.run(asks(COLOR), answers=[Answer(answers={"Which color?": "Blue"})])
    (question,) = seen.questions
    assert (question.kind, question.questions) == ("question", [COLOR])
    assert '"Which color?"="Blue"' in told(claude)
    assert seen.text == "Thanks."
    assert not seen.of(ToolStarted)  # a question is no tool to the reader


async def test_several_questions_and_several_choices(claude: Claude) -> None:
    answer = Answer(answers={"Which sizes?": ["S", "L"], "Which color?": "Red"})
    _, seen = await claude.run(asks(COLOR, SIZES), answers=[answer])
    assert [q["multiSelect"] for q in seen.questions[0].questions] == [False, True]
    assert '"Which color?"="Red"' in told(claude)
    assert '"Which sizes?"="S, L"' in told(claude)


@pytest.mark.parametrize("text", ["--model=x", "neither; do $(touch /tmp/x)", "“green” \n {1: 2} 🦊"])
async def test_free_text_is_text(claude: Claude, text: str) -> None:
    await claude.run(asks(COLOR), answers=[Answer(answers={"Which color?": text})])
    results = [b for m in claude.server.requests[-1].body["messages"] for b in m["content"] if isinstance(b, dict)]
    assert any(text in str(block.get("content")) for block in results)


def planning(*after: dict[str, Any]) -> str:
    write = {"name": "Write", "args": {"file_path": "@PLANFILE@", "content": "# Plan\n1. Do it."}}
    return script({"tools": [write]}, {"text": "Ready.", "tools": [{"name": "ExitPlanMode", "args": {}}]}, *after)


def writing(claude: Claude, name: str) -> dict[str, Any]:
    return {"tools": [{"name": "Write", "args": {"file_path": str(claude.project / name), "content": "done"}}]}


async def test_an_approved_plan_is_carried_out_in_the_same_run(claude: Claude, claude_settings: Any) -> None:
    claude_settings(CLAUDE_PERMISSION_MODE="acceptEdits")
    prompt = planning(writing(claude, "out.txt"), {"text": "Done."})
    _, seen = await claude.run(prompt, command="plan", answers=[Answer(approved=True)])
    (question,) = seen.questions
    assert (question.kind, question.plan) == ("plan", "# Plan\n1. Do it.")
    assert (claude.project / "out.txt").read_text() == "done"
    assert seen.text.endswith("Done.")


async def test_a_rejected_plan_goes_on_with_the_owners_words_and_touches_nothing(claude: Claude) -> None:
    again = {"text": "Better now.", "tools": [{"name": "ExitPlanMode", "args": {}}]}
    prompt = planning(writing(claude, "early.txt"), again, writing(claude, "late.txt"), {"text": "Done."})
    answers = [
        Answer(approved=False, comment="First write --tests."),
        Answer(approved=True),
        Answer(answers={"any": ALLOW}),
    ]
    _, seen = await claude.run(prompt, command="plan", answers=answers)
    assert [question.kind for question in seen.questions] == ["plan", "plan", "question"]
    assert "First write --tests." in str(claude.server.requests[2].body["messages"])
    # Between the two plans it may not write: it is still in plan mode, whatever it tries.
    assert not (claude.project / "early.txt").exists()
    assert (claude.project / "late.txt").read_text() == "done"


async def test_slash_plan_makes_a_plan(claude: Claude) -> None:
    _, seen = await claude.run(f"/plan Tidy up {planning({'text': 'Done.'})}", answers=[Answer(approved=True)])
    assert [question.kind for question in seen.questions] == ["plan"]
    assert "/plan" not in str(claude.server.requests[0].body["messages"][0]["content"])


async def test_a_projects_own_plan_command_is_left_to_the_cli(claude: Claude) -> None:
    (claude.project / ".claude" / "commands").mkdir(parents=True)
    (claude.project / ".claude" / "commands" / "plan.md").write_text("Our own way to plan: $ARGUMENTS")
    _, seen = await claude.run(f"/plan Tidy up {script({'text': 'Our plan.'})}")
    assert seen.text == "Our plan."
    assert "Our own way to plan: Tidy up" in str(claude.server.requests[0].body["messages"])


def permit(claude: Claude, *commands: str) -> str:
    tools = [{"tools": [{"name": "Bash", "args": {"command": c, "description": "a test"}}]} for c in commands]
    return script(*tools, {"text": "Done."})


@pytest.mark.parametrize(
    ("said", "done"), [(ALLOW, True), (DENY, False), ("Use git mv instead", False), ("", False), ("allow once", True)]
)
async def test_a_tool_that_needs_permission_is_asked_for(claude: Claude, said: str, done: bool) -> None:
    _, seen = await claude.run(permit(claude, "mkdir made"), answers=[lambda q: Answer(answers={_text(q): said})])
    (question,) = seen.questions
    assert "mkdir made" in _text(question)
    assert [option["label"] for option in question.questions[0]["options"]] == [ALLOW, ALLOW_RUN, DENY]
    assert (claude.project / "made").exists() == done
    (finished,) = seen.of(ToolFinished)
    assert finished.status == ("finished" if done else "error")
    if said.startswith("Use"):
        assert said in told(claude)
    assert seen.text == "Done."


async def test_allowing_for_the_run_is_asked_once_and_kept_nowhere(claude: Claude) -> None:
    prompt = permit(claude, "mkdir one", "mkdir two")
    _, seen = await claude.run(prompt, answers=[Answer(answers={"any": ALLOW_RUN})])
    assert len(seen.questions) == 1
    assert (claude.project / "two").is_dir()
    assert not (claude.project / ".claude").exists()
    _, seen = await claude.run(permit(claude, "mkdir three"), answers=[Answer(answers={"any": DENY})])
    assert len(seen.questions) == 1


async def test_bypassing_permissions_asks_for_questions_only(claude: Claude, claude_settings: Any) -> None:
    claude_settings(CLAUDE_PERMISSION_MODE="bypassPermissions")
    await claude.run(permit(claude, "mkdir made"))
    assert (claude.project / "made").is_dir()
    _, seen = await claude.run(asks(COLOR), answers=[Answer(answers={"Which color?": "Red"})])
    assert len(seen.questions) == 1


def _text(question: Question) -> str:
    return str(question.questions[0]["question"])
