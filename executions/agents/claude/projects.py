"""The directories in which the Claude CLI may work: those inside the roots that the settings allow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from executions.conf import conf
from executions.errors import InvalidProject
from executions.wording import number

#: A path is also the key of the project's lock, which an index of the database has to hold.
MAX_PATH_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Project:
    """A directory to work in. ``path`` is absolute and real: no symbolic link is left in it."""

    name: str
    path: str


def list_projects() -> list[Project]:
    """Return the directories directly below each root, by name; a root that is a repository is a project itself.

    Left out are hidden ones, links that lead outside, and what the server's user may not enter.
    """
    found: dict[str, Project] = {}
    for root in _roots():
        candidates = [root] if (root / ".git").exists() else _directories(root)
        for path in candidates:
            if _is_allowed(real := path.resolve()) and os.access(real, os.R_OK | os.X_OK):
                found.setdefault(str(real), Project(path.name, str(real)))
    return sorted(found.values(), key=lambda project: (project.name.lower(), project.path))


def resolve_project(path: Any) -> Path:
    """Return the real path of an existing directory inside the roots. Raises InvalidProject for anything else.

    What is outside the roots is refused in the same words whether it exists or not.
    """
    if not isinstance(path, str) or not path:
        raise InvalidProject(
            _("A project is missing: give the absolute path of a directory %(where)s.") % {"where": _where()}
        )
    if "\0" in path or not path.startswith("/") or len(path) > MAX_PATH_CHARS:
        raise InvalidProject(
            _(
                "%(path)s is no project: it must be the absolute path of a directory %(where)s, of at most "
                "%(max_path_chars)s characters."
            )
            % {"path": repr(path[:100]), "where": _where(), "max_path_chars": number(MAX_PATH_CHARS)}
        )
    try:
        path.encode()
        real = Path(path).resolve()
    except (OSError, RuntimeError, UnicodeEncodeError):  # a loop of links, a name that is too long, half an emoji
        raise InvalidProject(_("The project %(path)s cannot be read as a path.") % {"path": repr(path[:100])}) from None
    if not _is_allowed(real):
        raise InvalidProject(
            _("The project %(path)s is not allowed: it must be a directory %(where)s.")
            % {"path": repr(path), "where": _where()}
        )
    if not real.is_dir():
        raise InvalidProject(_("The project %(path)s is not an existing directory.") % {"path": repr(path)})
    if not os.access(real, os.R_OK | os.X_OK):
        raise InvalidProject(_("The server's user may not enter the project %(path)s.") % {"path": repr(path)})
    return real


def _roots() -> list[Path]:
    return [Path(root).resolve() for root in conf.project_roots]


def _is_allowed(real: Path) -> bool:
    """Whether a real path is inside a root, and not in the server's own home with its database and key."""
    home = Path(conf.home).resolve()
    return any(real.is_relative_to(root) for root in _roots()) and not real.is_relative_to(home)


def _directories(root: Path) -> Iterator[Path]:
    try:
        entries = [Path(entry.path) for entry in os.scandir(root) if entry.is_dir()]
    except OSError:  # a root that is not mounted, or not ours to read, has no projects now
        return
    yield from (entry for entry in entries if not entry.name.startswith("."))


def _where() -> str:
    roots = ", ".join(str(root) for root in conf.project_roots)
    if not roots:
        return _("inside a root, of which KAKOCLAW_PROJECT_ROOTS names none here")
    return _("inside %(roots)s") % {"roots": roots}
