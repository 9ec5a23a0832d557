"""The file tools: what they do, and that they stay in the workspace."""

import os
import shutil
import stat
import threading
from pathlib import Path

import pytest

from executions.agents.base import Limits
from executions.agents.tools import ToolError, files
from executions.agents.tools.files import read_text, write_text
from executions.agents.tools.workspace import Workspace
from tests.executions.tools.conftest import Bench

OUTSIDE = "is outside the workspace"


async def test_write_read_append_edit_list(use: Bench) -> None:
    assert await use.text("write_file", path="notes/a.txt", content="one\ntwo\n") == "Wrote notes/a.txt (8 bytes)."
    assert await use.text("append_file", path="notes/a.txt", content="three\r\n") == (
        "Added 7 bytes to notes/a.txt (now 15 bytes)."
    )
    assert await use.text("edit_file", path="notes/a.txt", old="two", new="zwei 🎈") == "Edited notes/a.txt in line 2."
    assert await use.text("read_file", path="notes/a.txt") == "one\nzwei 🎈\nthree\r\n"
    (use.workspace / "link").symlink_to("notes")
    os.mkfifo(use.workspace / "pipe")
    assert await use.text("list_dir") == "notes/\nlink -> notes\npipe  (pipe, socket or device)"
    assert await use.text("list_dir", path="link") == "a.txt  21 bytes"
    assert "Replaced" in await use.text("write_file", path="notes/a.txt", content="")
    assert await use.text("read_file", path="notes/a.txt") == ""


async def test_reading_a_part_says_which(use: Bench) -> None:
    (use.workspace / "a").write_text("1\n2\n3\n4\n")
    shown = await use.text("read_file", path="a", offset=2, limit=2)
    assert shown == "2\n3\n[lines 2 to 3 of 4. Go on with offset=4.]"
    assert "only 4 lines" in await use.error("read_file", path="a", offset=5)


async def test_reading_keeps_the_limit_and_says_how_to_go_on(use: Bench) -> None:
    use.limits = Limits(tool_output_chars=1000)
    (use.workspace / "a").write_text("".join(f"{n:09}\n" for n in range(500)))
    shown = await use.text("read_file", path="a")
    assert len(shown) <= 1000
    assert shown.endswith("000000079\n[lines 1 to 80 of 500. Go on with offset=81.]")
    (use.workspace / "long").write_text("x" * 5000)
    assert len(await use.text("read_file", path="long")) <= 1000


async def test_an_edit_must_match_exactly_once(use: Bench) -> None:
    (use.workspace / "a").write_text("x = 1\ny = 1\naaa\n")
    assert "is not in 'a'" in await use.error("edit_file", path="a", old="z", new="")
    assert "more than once in 'a', first in line 1" in await use.error("edit_file", path="a", old=" = 1", new="")
    assert "more than once" in await use.error("edit_file", path="a", old="aa", new="b")
    assert "nothing to change" in await use.error("edit_file", path="a", old="x", new="x")
    assert (use.workspace / "a").read_text() == "x = 1\ny = 1\naaa\n"


async def test_writing_keeps_permissions_and_leaves_no_temporary_file(use: Bench) -> None:
    script = use.workspace / "run.sh"
    script.write_text("old")
    script.chmod(0o750)
    await use.text("write_file", path="run.sh", content="new")
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert [path.name for path in use.workspace.iterdir()] == ["run.sh"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"a\0b", "binary file of 3 bytes"), (b"gr\xfcn", "not UTF-8 text: byte 0xfc at position 2")],
)
async def test_what_is_not_text_is_not_read(use: Bench, content: bytes, problem: str) -> None:
    (use.workspace / "a").write_bytes(content)
    assert problem in await use.error("read_file", path="a")


async def test_huge_files_are_refused(use: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 100)
    (use.workspace / "a").write_text("x" * 101)
    assert "larger than 100 bytes" in await use.error("read_file", path="a")
    assert "larger than 100 bytes" in await use.error("append_file", path="a", content="x")
    assert "larger than 100 bytes" in await use.error("write_file", path="b", content="x" * 101)


@pytest.mark.parametrize("tool", ["read_file", "write_file", "edit_file", "append_file"])
async def test_a_pipe_or_device_neither_blocks_nor_is_used(use: Bench, tool: str) -> None:
    os.mkfifo(use.workspace / "pipe")
    (use.workspace / "null").symlink_to("/dev/null")
    extra = {
        "write_file": {"content": "x"}, "append_file": {"content": "x"}, "edit_file": {"old": "a", "new": "b"},
    }  # fmt: skip
    assert "not a regular file" in await use.error(tool, path="pipe", **extra.get(tool, {}))
    assert OUTSIDE in await use.error(tool, path="null", **extra.get(tool, {}))


@pytest.mark.parametrize("path", ["../secret.txt", "a/../../secret.txt", "/etc/passwd", "..", "/"])
async def test_paths_do_not_leave_the_workspace(use: Bench, path: str) -> None:
    (use.workspace / "a").mkdir()
    assert OUTSIDE in await use.error("read_file", path=path)
    assert OUTSIDE in await use.error("write_file", path=path, content="x")
    assert OUTSIDE in await use.error("list_dir", path=path)


async def test_links_do_not_lead_out_of_the_workspace(use: Bench, tmp_path: Path) -> None:
    links = {
        "file": "../secret.txt", "folder": "..", "absolute": str(tmp_path / "secret.txt"), "chain": "file",
        "new": "../new.txt",
    }  # fmt: skip
    for name, target in links.items():
        (use.workspace / name).symlink_to(target)
    for path in ("file", "folder/secret.txt", "absolute", "chain", "new"):
        assert OUTSIDE in await use.error("read_file", path=path)
        assert OUTSIDE in await use.error("write_file", path=path, content="x")
        assert OUTSIDE in await use.error("append_file", path=path, content="x")
    assert OUTSIDE in await use.error("list_dir", path="folder")
    assert (tmp_path / "secret.txt").read_text() == "the secret"
    assert not (tmp_path / "new.txt").exists()


async def test_links_inside_the_workspace_work(use: Bench) -> None:
    (use.workspace / "a").mkdir()
    (use.workspace / "a/real.txt").write_text("here")
    (use.workspace / "a/up").symlink_to("../a/real.txt")
    (use.workspace / "absolute").symlink_to(use.workspace / "a")
    assert await use.text("read_file", path="a/up") == "here"
    assert await use.text("read_file", path="absolute/up") == "here"
    assert await use.text("read_file", path=str(use.workspace / "a" / "real.txt")) == "here"
    await use.text("write_file", path="a/up", content="there")
    assert (use.workspace / "a/real.txt").read_text() == "there"
    assert (use.workspace / "a/up").is_symlink()
    (use.workspace / "round").symlink_to("round")
    assert "too many links" in await use.error("read_file", path="round")


def test_a_folder_that_keeps_turning_into_a_link_never_leads_out(use: Bench, tmp_path: Path) -> None:
    """A command may exchange a folder for a link between any two system calls of a tool."""
    (tmp_path / "x").write_text("the secret")
    folder, link, aside = use.workspace / "d", use.workspace / "l", use.workspace / "o"
    folder.mkdir()
    (folder / "x").write_text("fine")
    link.symlink_to("..")
    over = threading.Event()

    def move(source: Path, target: Path) -> None:
        while True:
            try:
                source.rename(target)
            except OSError:  # a tool has made the folder meanwhile
                shutil.rmtree(target, ignore_errors=True)
            else:
                return

    def exchange() -> None:
        while not over.is_set():
            for source, target in ((folder, aside), (link, folder), (folder, link), (aside, folder)):
                move(source, target)

    thread = threading.Thread(target=exchange)
    thread.start()
    outcomes = set()
    try:
        for _ in range(3000):
            try:
                outcomes.add(read_text(Workspace(use.workspace), "d/x"))
                write_text(Workspace(use.workspace), "d/x", "fine")
            except ToolError:
                outcomes.add("refused")
    finally:
        over.set()
        thread.join()
    assert outcomes <= {"fine", "refused"}
    assert (tmp_path / "x").read_text() == "the secret"


async def test_errors_name_the_path_and_the_remedy(use: Bench) -> None:
    (use.workspace / "file").write_text("x")
    assert "There is no file 'nope'. Use list_dir" in await use.error("read_file", path="nope")
    assert "No such file or directory" in await use.error("read_file", path="no/such")
    assert "is a folder" in await use.error("read_file", path=".")
    assert "is not a folder" in await use.error("list_dir", path="file")
    assert "Not a directory" in await use.error("write_file", path="file/x", content="")
    assert "NUL" in await use.error("read_file", path="a\0b")
    assert "File name too long" in await use.error("write_file", path="x" * 300, content="")
    assert "too deep" in await use.error("write_file", path="a/" * 300 + "b", content="")


async def test_long_listings_are_cut(use: Bench) -> None:
    for number in range(1003):
        (use.workspace / f"{number:04}").touch()
    assert (await use.text("list_dir")).endswith("0999  0 bytes\n[… 3 more entries are left out …]")
