"""What the chat page offers of the Claude CLI: projects to choose from, and what to know before one does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chat.commands.cli_sessions import AGENT
from chat.examples import CLAUDE, Example
from chat.models import Session
from executions.agents.claude import CliStatus, available, cli, current_permission_mode, labels
from executions.agents.claude.projects import Project, list_projects
from executions.conf import conf
from executions.images import MAX_BYTES, MAX_IMAGES
from executions.models import Execution

#: The words for the CLI's tools, for the scripts of the page.
TOOL_LABELS = {"verbs": labels.VERBS, "phrases": labels.PHRASES, "paths": labels.PATHS}
#: The mode in which the CLI asks for nothing.
BYPASS = "bypassPermissions"


@dataclass(frozen=True, slots=True)
class ClaudeOffer:
    """The agent `claude` as the composer shows it.

    ``problem`` and ``how_to_add`` are words for when the CLI cannot be used. ``chosen`` is the project that this
    session used last, ``""`` when another agent has answered last.
    """

    problem: str = ""
    how_to_add: str = ""
    projects: list[Project] = field(default_factory=list)
    bypasses_permissions: bool = False
    chosen: str = ""
    tool_labels: dict[str, Any] = field(default_factory=lambda: TOOL_LABELS)
    examples: tuple[Example, ...] = CLAUDE
    max_images: int = MAX_IMAGES
    max_image_bytes: int = MAX_BYTES


def claude_offer(session: Session | None, wanted: str = "") -> ClaudeOffer | None:
    """Return the offer, ``None`` where the settings leave the agent out; ``wanted`` is a project asked for."""
    if AGENT not in conf.agents:
        return None
    status = cli_status()
    projects = list_projects()
    chosen = _last_project(session) if session else wanted
    if chosen and all(project.path != chosen for project in projects):
        projects.append(Project(chosen.rpartition("/")[2], chosen))
    return ClaudeOffer(
        problem=status.problem,
        how_to_add=status.how_to_add,
        projects=projects,
        bypasses_permissions=current_permission_mode() == BYPASS,
        chosen=chosen,
    )


def cli_status() -> CliStatus:
    """Return whether there is a CLI. Not asked for its version: a first start may take seconds, and a page has none."""
    path = cli.find()
    return CliStatus(path) if path else available()


def _last_project(session: Session) -> str:
    """Return the project of the session's newest run, ``""`` when it had none."""
    runs = Execution.objects.filter(owner=session.owner_id, session_id=session.session_id).order_by("-pk")
    last = runs.values_list("agent", "options").first()
    return str(last[1].get("project", "")) if last and last[0] == AGENT else ""
