"""What goes on in each project: one line for every directory in which the CLI may work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat.claude_offer import BYPASS, cli_status
from chat.commands.cli_sessions import AGENT
from executions.agents.claude import current_permission_mode
from executions.agents.claude.projects import Project, list_projects
from executions.conf import conf
from executions.models import Execution
from executions.states import State
from executions.visitor import visitor

IDLE = "idle"
#: Among so many of a user's newest runs the last one of each project is looked for.
SEARCHED = 200


@dataclass(slots=True)
class ProjectState:
    """A project: the run that has it, the runs in line for it, and your last one in it.

    ``run`` is ``None`` while it is idle, and also where it is somebody else's, whose run is nobody else's business;
    ``taken`` then says so.
    """

    project: Project
    status: str = IDLE
    run: Execution | None = None
    taken: bool = False
    queued: list[Execution] = field(default_factory=list)
    last: Execution | None = None


def states_of(projects: Iterable[Project], user: User) -> list[ProjectState]:
    """Return the state of each project as ``user`` may see it: that it is in use is told to everybody."""
    shown = {project.path: ProjectState(project) for project in projects}
    by_lock: dict[str, list[Execution]] = defaultdict(list)
    unfinished = Execution.objects.unfinished().filter(agent=AGENT, lock__in=shown).without_bodies()
    for run in unfinished.select_related("owner").order_by("pk"):
        by_lock[run.lock].append(run)
    for path, runs in by_lock.items():
        state = shown[path]
        mine = [run for run in runs if user.is_staff or run.owner_id == user.pk]
        state.queued = [run for run in mine if run.state == State.QUEUED]
        holder = next((run for run in runs if run.state != State.QUEUED), None)
        state.status = (holder or runs[0]).status
        state.taken = holder is not None and holder not in mine
        state.run = None if state.taken else holder
    finished = Execution.objects.filter(owner=user, agent=AGENT).finished().without_bodies().order_by("-pk")
    for run in finished[:SEARCHED]:
        if run.lock in shown and shown[run.lock].last is None:
            shown[run.lock].last = run
    return list(shown.values())


@login_required
@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """Show every project's state; the page renews itself."""
    rows = states_of(list_projects(), visitor(request))
    context: dict[str, Any] = {
        "page": "projects",
        "rows": rows,
        "cli": cli_status(),
        "bypasses_permissions": current_permission_mode() == BYPASS,
        "has_roots": bool(conf.project_roots),
    }
    return render(request, "chat/projects.html", context)
