"""The pages about executions: what runs now, what has run, and one run in detail. They work without scripts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from executions import readers, services
from executions.claiming import queue_position
from executions.conf import conf
from executions.errors import ExecutionError
from executions.models import EventRow, Execution
from executions.models.execution import ExecutionQuerySet
from executions.narrowing import SEARCHED_ROWS, containing, newest
from executions.pictures import STRIP_HEIGHT, WIDTH, strip, timeline
from executions.states import Outcome, Source, State
from executions.timeline import spans
from executions.visitor import visitor

PAGE = 40
STRIP = 60
#: More rows than this are not shown at once; they are counted, and stopped by "all".
MAX_ACTIVE = 500
MAX_EVENTS = 1000
MAX_ID = 2**63 - 1


def _visible(request: HttpRequest) -> tuple[ExecutionQuerySet, bool]:
    """Return the executions this page is about: one's own, or everybody's where staff asks for them."""
    everyone = request.GET.get("who") == "all" and request.user.is_staff
    executions = Execution.objects.visible_to(request.user)
    if not everyone:
        executions = executions.filter(owner=visitor(request))
    return executions.without_bodies().select_related("owner", "cancel_requested_by"), everyone


def _get(request: HttpRequest, pk: int) -> Execution:
    """Return an execution that the user may see. Raises Http404 for all others."""
    execution = Execution.objects.visible_to(request.user).select_related("owner", "worker").filter(pk=pk).first()
    if execution is None:
        raise Http404("There is no such execution.")
    return execution


@login_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """Show what runs, waits and is queued now."""
    executions, everyone = _visible(request)
    unfinished = executions.unfinished().order_by("-state", "-priority", "pk")
    rows = list(unfinished[:MAX_ACTIVE])
    heard = dict(
        EventRow.objects.filter(execution__in=[row.pk for row in rows])
        .values_list("execution_id")
        .annotate(Max("created_at"))
    )
    queue = Execution.objects.queued().order_by("-priority", "pk").values_list("pk", flat=True)[:10_000]
    places = {pk: place for place, pk in enumerate(queue, 1)}
    for row in rows:
        row.heard_at = heard.get(row.pk)  # type: ignore[attr-defined]
        row.place = places.get(row.pk)  # type: ignore[attr-defined]
    rows.sort(key=lambda row: (row.state == State.QUEUED, row.place or 0, row.pk))  # type: ignore[attr-defined]
    counts = {
        "waiting": sum(row.status == "waiting" for row in rows),
        "running": sum(row.status == "running" for row in rows),
        "stopping": sum(row.stopping for row in rows),
        "queued": sum(row.state == State.QUEUED for row in rows),
    }
    total = unfinished.count() if len(rows) == MAX_ACTIVE else len(rows)
    context = {"page": "activity", "rows": rows, "everyone": everyone, "counts": counts, "total": total}
    return render(request, "executions/activity.html", context)


@login_required
@require_safe
def count(request: HttpRequest) -> JsonResponse:
    """Say how many executions of one's own can be stopped, for the number in the rail."""
    return JsonResponse({"count": Execution.objects.filter(owner=visitor(request)).unfinished().count()})


@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Show finished executions, newest first, filtered, page by page."""
    executions, everyone = _visible(request)
    asked = {name: request.GET.get(name, "").replace("\0", "").strip()[:200] for name in ("outcome", "agent", "q")}
    found: QuerySet[Execution] = executions.finished()
    if asked["outcome"] in list(Outcome):
        found = found.filter(outcome=asked["outcome"])
    if asked["agent"]:
        found = found.filter(agent=asked["agent"])
    if asked["q"]:
        found = containing(newest(found), asked["q"], ("prompt", "output"))
    last = [(e.pk, e.duration.total_seconds() if e.duration else 0.0, e.outcome) for e in found[:STRIP]]
    before = _id(request.GET.get("before"))
    rows = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    context = {
        "page": "history",
        "rows": rows[:PAGE],
        "older": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "first_page": before is None,
        "everyone": everyone,
        "outcomes": list(Outcome),
        "agents": sorted({*conf.agents, *filter(None, [asked["agent"]])}),
        "searched": SEARCHED_ROWS,
        "bars": strip(reversed(last), STRIP),
        "strip_width": WIDTH,
        "strip_height": STRIP_HEIGHT,
        **asked,
    }
    return render(request, "executions/history.html", context)


@login_required
@require_safe
def execution(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one run: how it went, where its time went, and every event."""
    shown = _get(request, pk)
    entries = readers.read(pk, limit=MAX_EVENTS)
    siblings = Execution.objects.filter(owner=shown.owner_id, session_id=shown.session_id).without_bodies()
    context: dict[str, Any] = {
        "page": "history" if shown.state == State.FINISHED else "activity",
        "execution": shown,
        "place": queue_position(shown),
        "entries": entries,
        "more": len(entries) == MAX_EVENTS,
        "picture": timeline(spans(entries, shown.created_at, shown.finished_at or timezone.now())),
        "picture_width": WIDTH,
        "siblings": siblings[:30] if shown.session_id else [],
        "mine": shown.owner_id == request.user.pk,
    }
    return render(request, "executions/execution.html", context)


@login_required
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop the executions named in ``ids``, or all that the page shows (``all``), for the reason given."""
    executions, _ = _visible(request)
    if "all" not in request.POST:
        wanted = [pk for pk in map(_id, request.POST.getlist("ids")) if pk is not None]
        executions = Execution.objects.visible_to(request.user).filter(pk__in=wanted)
    else:
        executions = executions.unfinished()
    try:
        report = services.cancel(
            executions, by=visitor(request), reason=request.POST.get("reason", ""), source=Source.PAGE
        )
    except ExecutionError as error:
        messages.error(request, error.message)
    else:
        _tell(request, report)
    return redirect(_back(request, "activity"))


def _tell(request: HttpRequest, report: services.CancelReport) -> None:
    done = {"stopping": report.requested, "taken out of the queue": report.canceled,
            "stopping already": report.already_requested, "finished already": report.already_finished}  # fmt: skip
    said = ", ".join(f"{len(ids)} {word}" for word, ids in done.items() if ids)
    messages.info(request, f"{said}." if said else "There was nothing to stop.")


@login_required
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Start the same request again and show the new run."""
    try:
        again = services.retry(_get(request, pk), by=visitor(request), source=Source.PAGE)
    except ExecutionError as error:
        messages.error(request, error.message)
        return redirect("execution", pk)
    return redirect("execution", again.pk)


def _id(raw: str | None) -> int | None:
    """Return the id in a text of a request, ``None`` when it is none."""
    return int(raw) if raw and raw.isascii() and raw.isdecimal() and len(raw) < 20 and int(raw) <= MAX_ID else None


def _back(request: HttpRequest, default: str) -> str:
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else default
