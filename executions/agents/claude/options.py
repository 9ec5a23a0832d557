"""What a message may ask of the agent ``claude``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from executions.agents.claude.projects import resolve_project
from executions.errors import InvalidInput
from executions.validation import text

MAX_COMMAND_CHARS = 100


class OnBusyProject(StrEnum):
    """What an execution does when another one is unfinished in its project."""

    QUEUE = "queue"
    REJECT = "reject"


def validate(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are known here, checked. Raises InvalidProject, InvalidInput.

    ``project`` is required and becomes its real path. ``resume`` is the id of a session of the CLI, ``on_busy_project``
    is ``queue`` or ``reject``, ``command`` is what the message stands for: ``plan`` begins in plan mode. Unknown ones
    are left out.
    """
    known: dict[str, Any] = {"project": str(resolve_project(options.get("project")))}
    if options.get("resume"):
        known["resume"] = _session(options["resume"])
    if options.get("on_busy_project"):
        known["on_busy_project"] = _choice(OnBusyProject, options["on_busy_project"], "on_busy_project").value
    if options.get("command"):
        known["command"] = text(options["command"], "command", MAX_COMMAND_CHARS)
    return known


def _session(value: Any) -> str:
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise InvalidInput(
            _("resume must be the id of a session of the CLI (a UUID), not %(value)s.") % {"value": f"{value!r:.100}"}
        ) from None


def _choice(kind: type[StrEnum], value: Any, name: str) -> StrEnum:
    try:
        return kind(value)
    except ValueError:
        raise InvalidInput(
            _("%(name)s must be one of %(choices)s, not %(value)s.")
            % {"name": name, "choices": ", ".join(kind), "value": f"{value!r:.100}"}
        ) from None
