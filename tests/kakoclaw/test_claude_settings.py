"""The settings of the Claude CLI: what is wrong is told at the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from kakoclaw.claude import claude_settings
from kakoclaw.environment import Environment


def test_by_default_it_may_work_nowhere_and_asks() -> None:
    env = Environment({})
    found = claude_settings(env)
    assert not env.problems
    assert found["PROJECT_ROOTS"] == ()
    assert found["CLAUDE_PERMISSION_MODE"] == "default"
    assert found["CLAUDE_ENV"] == ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")


def test_roots_are_separated_by_colons(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    env = Environment({"KAKOCLAW_PROJECT_ROOTS": f"{tmp_path}:{tmp_path / 'a b'}:"})
    assert claude_settings(env)["PROJECT_ROOTS"] == (tmp_path, tmp_path / "a b")
    assert not env.problems


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("KAKOCLAW_PROJECT_ROOTS", "relative", "absolute paths"),
        ("KAKOCLAW_PROJECT_ROOTS", "/nonexistent-directory", "existing directories"),
        ("KAKOCLAW_CLAUDE_CLI", "claude", "absolute path"),
        ("KAKOCLAW_CLAUDE_CONFIG_DIR", "config", "absolute path"),
        ("KAKOCLAW_CLAUDE_PERMISSION_MODE", "bypass", "bypassPermissions"),
        ("KAKOCLAW_CLAUDE_ENV", "HTTPS_PROXY,KAKOCLAW_SECRET_KEY", "the server's own"),
        ("KAKOCLAW_CLAUDE_ENV", "DATABASE_URL", "the server's own"),
        ("KAKOCLAW_CLAUDE_IDLE_SECONDS", "soon", "whole number"),
    ],
)
def test_a_wrong_value_is_told_with_what_would_be_right(name: str, value: str, right: str) -> None:
    env = Environment({name: value})
    claude_settings(env)
    (problem,) = env.problems
    assert name in problem
    assert right in problem
