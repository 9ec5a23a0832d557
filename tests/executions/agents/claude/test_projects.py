"""Which directories are projects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from executions.agents.claude.projects import MAX_PATH_CHARS, list_projects, resolve_project
from executions.errors import InvalidProject


@pytest.fixture
def roots(settings: Any, tmp_path: Path) -> Path:
    """Two roots: one with projects, one that is a repository itself; and something outside."""
    for name in (
        "work/b",
        "work/A",
        "work/.hidden",
        "repository/.git",
        "repository/src",
        "outside/secret",
        "work/home",
    ):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "work/file").touch()
    (tmp_path / "work/link-in").symlink_to(tmp_path / "work/b")
    (tmp_path / "work/link-out").symlink_to(tmp_path / "outside/secret")
    settings.EXECUTIONS = {
        **settings.EXECUTIONS,
        "HOME": tmp_path / "work/home",
        "PROJECT_ROOTS": (tmp_path / "work", tmp_path / "repository", tmp_path / "not-mounted"),
    }
    return tmp_path


def test_projects_are_the_directories_below_a_root_or_a_root_that_is_a_repository(roots: Path) -> None:
    assert [(p.name, p.path) for p in list_projects()] == [
        ("A", str(roots / "work/A")), ("b", str(roots / "work/b")), ("repository", str(roots / "repository")),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["work", "work/A", "work/A/../b", "work/link-in", "repository/src"])
def test_a_directory_inside_a_root_is_a_project_by_its_real_path(roots: Path, path: str) -> None:
    assert resolve_project(str(roots / path)) == (roots / path).resolve()


@pytest.mark.parametrize(
    "path",
    ["outside/secret", "work/link-out", "work/../outside/secret", "work/file", "work/none", "work/home", "workshop"],
)
def test_what_is_outside_a_root_or_no_directory_is_refused(roots: Path, path: str) -> None:
    with pytest.raises(InvalidProject) as refused:
        resolve_project(str(roots / path))
    assert refused.value.code == "invalid_project"


@pytest.mark.parametrize(
    "path", [None, "", 7, "relative", "~", "/a\0b", "/\ud800", "/" + "a" * MAX_PATH_CHARS, "--help"]
)
def test_what_is_no_path_is_refused(roots: Path, path: Any) -> None:
    with pytest.raises(InvalidProject, match=r"absolute path|cannot be read"):
        resolve_project(path)


def test_without_roots_nothing_is_a_project(settings: Any, tmp_path: Path) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "PROJECT_ROOTS": ()}
    assert list_projects() == []
    with pytest.raises(InvalidProject, match="KAKOCLAW_PROJECT_ROOTS"):
        resolve_project(str(tmp_path))
