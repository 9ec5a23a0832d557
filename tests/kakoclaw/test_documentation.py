"""What the documentation says about settings is what there is."""

import re
from pathlib import Path

from kakoclaw.settings import env

#: Set by us for processes that agents start; nobody's setting.
INTERNAL = {"KAKOCLAW_EXECUTION"}


def test_every_setting_is_in_the_table_and_every_row_is_a_setting(repository: Path) -> None:
    text = (repository / "docs" / "configuration.md").read_text()
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", text, flags=re.MULTILINE)) == env.known - INTERNAL


def test_files_that_the_documentation_links_to_exist(repository: Path) -> None:
    for document in [repository / "README.md", *(repository / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)[)#]", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name} links to {link}"
