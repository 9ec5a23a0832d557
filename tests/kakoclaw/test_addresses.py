"""No address is written out where it would be wrong below a path of a host."""

from __future__ import annotations

import re
from pathlib import Path

from kakoclaw.urls import urlpatterns

#: What begins like an address and is none: a route, a prefix that is put behind the base path, or another program's.
PREFIXED = re.compile(r"BASE_PATH|base_path|removeprefix|/testing/|client/connection\.py|origin\.py")


def first_words() -> set[str]:
    def words(patterns: list[object]) -> set[str]:
        found: set[str] = set()
        for pattern in patterns:
            text = str(pattern.pattern)  # type: ignore[attr-defined]
            inner = getattr(pattern, "url_patterns", [])
            found |= {text.partition("/")[0]} if text else words(inner)
        return {word for word in found if word.replace("-", "").replace(".", "").isalnum()}

    return words(list(urlpatterns)) | {"ws", "static"}


def test_addresses_come_from_the_url_conf_or_the_page(repository: Path) -> None:
    assert {"chat", "api", "admin", "executions", "settings"} <= first_words()
    written = re.compile(rf"[\"'`(=]/({'|'.join(map(re.escape, sorted(first_words())))})\b")
    found = []
    for folder in ("kakoclaw", "chat", "executions", "templates"):
        for path in (repository / folder).rglob("*"):
            if path.suffix not in (".py", ".js", ".html", ".css") or "migrations" in path.parts:
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                told = f"{path.relative_to(repository)}:{number}: {line.strip()}"
                comment = "``" in line or line.lstrip().startswith(("#", "/**", "*", '"""', "//"))
                if written.search(line) and not comment and not PREFIXED.search(told):
                    found.append(told)
    assert found == []


def test_cookies_belong_to_the_path(repository: Path) -> None:
    for folder in ("kakoclaw", "chat", "executions"):
        for path in (repository / folder).rglob("*.js"):
            assert "Path=/;" not in path.read_text(), path
