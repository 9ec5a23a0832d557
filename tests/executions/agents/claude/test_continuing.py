"""A later message continues the CLI's conversation, or says that it can't."""

from __future__ import annotations

from uuid import uuid4

import pytest

from executions.agents.base import Turn
from executions.events import CliSession, Notice, Usage
from executions.testing.runs import turn_of
from executions.testing.script import script
from tests.executions.agents.claude.conftest import Claude

HELLO = f"Remember the fox. {script({'text': 'I will.', 'usage': [1000, 10]})}"
AGAIN = f"What was it? {script({'text': 'The fox.', 'usage': [1000, 10]})}"


async def test_the_next_message_of_a_session_resumes_it(claude: Claude) -> None:
    run, seen = await claude.run(HELLO)
    following, more = await claude.run(AGAIN, session=run.agent_session, history=[turn_of(run, seen, agent="claude")])
    assert more.of(CliSession)[0].resumed
    assert following.agent_session == run.agent_session
    assert "Remember the fox" in str(claude.server.requests[-1].body["messages"])
    assert not more.of(Notice)


async def test_what_is_cumulative_at_the_cli_is_told_for_each_run(claude: Claude) -> None:
    run, seen = await claude.run(HELLO)
    following, more = await claude.run(AGAIN, session=run.agent_session, history=[turn_of(run, seen, agent="claude")])
    first, second = seen.of(Usage)[-1], more.of(Usage)[-1]
    assert second.cost_usd == pytest.approx(first.cost_usd)
    assert following.transcript is not None
    assert following.transcript[0]["total_cost_usd"] == pytest.approx(2 * (first.cost_usd or 0))


async def test_a_session_is_resumed_by_its_id(claude: Claude) -> None:
    run, _ = await claude.run(HELLO)
    _, more = await claude.run(AGAIN, session=run.agent_session, resume=run.agent_session)
    assert more.of(CliSession)[0].resumed
    assert "Remember the fox" in str(claude.server.requests[-1].body["messages"])


async def test_a_fork_continues_a_copy(claude: Claude) -> None:
    run, seen = await claude.run(HELLO)
    fork, more = await claude.run(AGAIN, history=[turn_of(run, seen, agent="claude")])
    assert more.of(CliSession)[0] == CliSession(fork.agent_session, str(claude.project), resumed=True)
    assert "Remember the fox" in str(claude.server.requests[-1].body["messages"])
    # The copy has its own record from then on.
    _, third = await claude.run(AGAIN, session=fork.agent_session, history=[turn_of(fork, more, agent="claude")])
    assert third.of(CliSession)[0].resumed
    assert not third.of(Notice)


async def test_a_conversation_that_the_cli_has_not_kept_begins_anew_and_says_so(claude: Claude) -> None:
    run, seen = await claude.run(AGAIN, session=(session := str(uuid4())), resume=session)
    assert [notice.level for notice in seen.of(Notice)] == ["warning"]
    assert [told.resumed for told in seen.of(CliSession)] == [True, False]
    assert seen.text == "The fox."
    assert run.transcript is not None
    assert run.transcript[0]["session_id"] == session


async def test_an_unknown_session_is_never_resumed(claude: Claude) -> None:
    other, _ = await claude.run(HELLO)
    # The engine names another session than the one asked for when that is not the owner's.
    _, seen = await claude.run(AGAIN, resume=other.agent_session)
    assert other.agent_session in seen.of(Notice)[0].text
    assert "Remember the fox" not in str(claude.server.requests[-1].body["messages"])


async def test_a_turn_of_another_agent_or_project_is_not_resumed(claude: Claude) -> None:
    run, seen = await claude.run(HELLO)
    elsewhere = turn_of(run, seen, agent="claude")
    assert elsewhere.transcript is not None
    elsewhere.transcript[0]["project"] = "/elsewhere"
    _, more = await claude.run(AGAIN, history=[elsewhere, Turn("count 3", "1 2 3", "succeeded", "demo")])
    assert not more.of(CliSession)[0].resumed


async def test_a_turn_whose_worker_was_lost_is_resumed(claude: Claude) -> None:
    run, _ = await claude.run(HELLO)
    lost = Turn(run.prompt, "I w", "lost", "claude", None)
    _, more = await claude.run(AGAIN, session=run.agent_session, history=[lost])
    assert more.of(CliSession)[0].resumed
    assert not more.of(Notice)
