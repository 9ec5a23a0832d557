"""Short labels of what the CLI does."""

from __future__ import annotations

from typing import Any

import pytest

from executions.agents.claude.labels import MAX_CHARS, label_of


@pytest.mark.parametrize(
    ("tool", "given", "label"),
    [
        ("Bash", {"command": "pytest"}, "Running: pytest"),
        ("Bash", {"command": "cd a &&\n  make   test"}, "Running: cd a && …"),
        ("Read", {"file_path": "/srv/app/a.py"}, "Reading: a.py"),
        ("Edit", {"file_path": "src/b.py", "old_string": "x"}, "Editing: b.py"),
        ("Write", {"file_path": "/"}, "Writing: /"),
        ("Grep", {"pattern": "TODO"}, "Searching: TODO"),
        ("WebFetch", {"url": "https://example.com/a"}, "Fetching: https://example.com/a"),
        ("Task", {"description": "Look around", "prompt": "…"}, "Delegating: Look around"),
        ("AskUserQuestion", {}, "Asking you"),
        ("mcp__tickets__open", {"id": 7}, "Using: tickets open"),
        ("Workflow", {}, "Using: Workflow"),
        ("Bash", {"command": 7}, "Running"),
        ("Bash", {}, "Running"),
    ],
)
def test_a_tool_call_has_a_short_label(tool: str, given: dict[str, Any], label: str) -> None:
    assert label_of(tool, given) == label


def test_a_label_is_one_short_line() -> None:
    label = label_of("Bash", {"command": "x" * 500 + "\n" + "y" * 500})
    assert "\n" not in label
    assert len(label) < MAX_CHARS + 20
