"""The chat's pages. They render what the services know; everything live comes over the sockets."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from chat import searching, services
from chat.claude_offer import claude_offer
from chat.examples import CONNECTIONS, examples_for
from chat.models import Session
from chat.turns import Turn, segments_of, turns_of
from executions.agents.tools import TOOLS
from executions.conf import conf
from executions.errors import InvalidInput, NotFound
from executions.models import EventRow, Execution
from executions.visitor import visitor

#: How many sessions the list shows; older ones are found by searching.
SESSIONS = 100


@gzip_page
@login_required
@require_safe
def chat(request: HttpRequest, session_id: str = "") -> HttpResponse:
    """Show a conversation, or the beginning of a new one."""
    session: Session | None = None
    turns: list[Turn] = []
    earlier: int | None = None
    if session_id:
        try:
            session = services.get_session(visitor(request), session_id)
        except (NotFound, InvalidInput) as error:
            raise Http404(error.message) from None
        turns, earlier = turns_of(session, _number(request.GET.get("before")))
    context: dict[str, Any] = {
        "page": "chat",
        "session": session,
        "turns": turns,
        "earlier": earlier,
        "examples": examples_for(conf.model),
        "demo": conf.model == "demo",
        "models": conf.models,
        "current_model": conf.model,
        "connections": CONNECTIONS,
        "env_file": settings.ENV_FILE,
        "newest": _newest(session) if session else "",
        "tools": list(TOOLS),
        "claude": claude_offer(session, request.GET.get("project", "")),
        "default_agent": _("Demo") if conf.model == "demo" else _("Assistant"),
        "confirm_stop": settings.CONFIRM_STOP,
    }
    return render(request, "chat/chat.html", context | _sessions(request))


def _newest(session: Session) -> str:
    """Return the session that this one is an earlier version of; nothing where it has been continued."""
    newest = session.branch_of if session.archived else None
    return newest.session_id if newest and newest.deleted_at is None else ""


@gzip_page
@login_required
@require_safe
def turns(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show the turns before or after one, for a page that has scrolled there."""
    try:
        session = services.get_session(visitor(request), session_id)
    except (NotFound, InvalidInput) as error:
        raise Http404(error.message) from None
    found, earlier = turns_of(session, _number(request.GET.get("before")), _number(request.GET.get("after")))
    return render(request, "chat/turns.html", {"session": session, "turns": found, "earlier": earlier})


def _sessions(request: HttpRequest) -> dict[str, Any]:
    """Return what the list of sessions needs."""
    query = request.GET.get("q", "").replace("\0", "").strip()[: searching.MAX_QUERY_CHARS]
    archived = "archived" in request.GET
    sessions: QuerySet[Session] = Session.objects.owned_by(visitor(request)).newest_first()
    if query:
        said = Q(pk__in=searching.search(visitor(request), query, 1000).values("session"))
        sessions = sessions.filter(Q(title__icontains=query) | said)
    else:
        sessions = sessions.filter(archived=archived)
    rows = list(sessions[:SESSIONS])
    live = Execution.objects.filter(owner=visitor(request)).unfinished().without_bodies().order_by("-pk")
    statuses = {execution.session_id: execution.status for execution in live}
    for row in rows:
        row.live = statuses.get(row.session_id, "")  # type: ignore[attr-defined]
    return {"sessions": rows, "query": query, "archived": archived}


def _number(raw: str | None) -> int | None:
    return int(raw) if raw and raw.isascii() and raw.isdecimal() and len(raw) < 10 else None


@login_required
@require_safe
def segments(request: HttpRequest, pk: int) -> JsonResponse:
    """Return the pieces of a finished answer as HTML, for the page that has streamed them with tools in between."""
    if not Execution.objects.filter(owner=visitor(request)).finished().filter(pk=pk).exists():
        raise Http404("There is no such execution.")
    events = EventRow.objects.filter(execution_id=pk).order_by("seq").values_list("type", "data")
    return JsonResponse({"segments": segments_of(list(events))})
