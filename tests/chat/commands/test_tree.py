"""A project's files as a tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chat.commands import tree
from chat.commands.tree import tree_of


def test_directories_are_objects_and_files_their_sizes(tmp_path: Path) -> None:
    (tmp_path / "src" / "empty").mkdir(parents=True)
    (tmp_path / "src" / "main.py").write_text("12345")
    (tmp_path / "日本語.txt").write_text("")
    assert tree_of(tmp_path) == ({"src": {"empty": {}, "main.py": 5}, "日本語.txt": 0}, False)


def test_links_sockets_and_what_tools_make_are_left_out(tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "secret").write_text("")
    for name in (".git", "node_modules", "__pycache__"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(outside)
    (tmp_path / "file").symlink_to(outside / "secret")
    os.mkfifo(tmp_path / "pipe")
    assert tree_of(tmp_path) == ({}, False)


def test_a_large_project_is_cut_at_its_depths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_ENTRIES", 3)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(3):
            (tmp_path / name / str(number)).write_text("")
    assert tree_of(tmp_path) == ({"a": {"0": 0}, "b": {}}, True)
    monkeypatch.setattr(tree, "MAX_DEPTH", 1)
    monkeypatch.setattr(tree, "MAX_ENTRIES", 100)
    assert tree_of(tmp_path) == ({"a": {}, "b": {}}, True)


def test_names_that_are_no_text_are_still_shown(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text("x")
    assert tree_of(tmp_path) == ({"?.txt": 1}, False)
