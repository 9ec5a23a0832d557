"""What the forms of the pages do: stop, and run again."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from executions import services
from executions.errors import ExecutionError
from executions.models import Execution
from executions.pages.reach import asks_for_all, id_of, listed, the_one, way_back
from executions.states import Source
from executions.visitor import visitor


@login_required
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop the executions named in ``ids``, or all that the page shows (``all``), for the reason given."""
    executions = listed(request, everyone=asks_for_all(request))
    if "all" not in request.POST:
        wanted = [pk for pk in map(id_of, request.POST.getlist("ids")) if pk is not None]
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
    return redirect(way_back(request, "activity"))


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
        again = services.retry(the_one(request, pk), by=visitor(request), source=Source.PAGE)
    except ExecutionError as error:
        messages.error(request, error.message)
        return redirect("execution", pk)
    return redirect("execution", again.pk)
