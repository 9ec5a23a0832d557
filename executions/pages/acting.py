"""What the forms of the pages do: stop, move in the queue, run again. Scripts are answered with JSON."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext
from django.views.decorators.http import require_POST

from executions import services
from executions.errors import ExecutionError, InvalidInput
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.pages.reach import asks_for_all, id_of, listed, the_one, way_back
from executions.preview import preview as look
from executions.states import Source
from executions.visitor import visitor
from executions.wording import number

JSON = "application/json"


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Say what a stop with the same fields would stop, and ask."""
    seen = look(_chosen(request))
    if request.headers.get("Accept") == JSON:
        return JsonResponse({"count": seen.count, "text": str(seen)})
    context = {
        "page": "activity",
        "preview": seen,
        "ids": request.POST.getlist("ids"),
        "all": "all" in request.POST,
        "everyone": asks_for_all(request),
        "next": way_back(request, reverse("activity")),
    }
    return render(request, "executions/preview.html", context)


@login_required
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop the executions named in ``ids``, or all that the page shows (``all``), for the reason given."""
    try:
        report = services.cancel(
            _chosen(request), by=visitor(request), reason=request.POST.get("reason", ""), source=Source.PAGE
        )
    except ExecutionError as error:
        return _answer(request, error)
    return _answer(request, _said(report))


@login_required
@require_POST
def priority(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a queued execution in the queue: ``priority`` is its new one."""
    execution = the_one(request, pk)
    raw = request.POST.get("priority", "")
    try:
        if id_of(raw.removeprefix("-")) is None:
            raise InvalidInput(_("%(name)s must be a whole number.") % {"name": "priority"})
        services.set_priority(execution, int(raw), by=visitor(request))
    except ExecutionError as error:
        return _answer(request, error)
    return _answer(request, _("The priority is %(number)s now.") % {"number": int(raw)})


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


def _chosen(request: HttpRequest) -> ExecutionQuerySet:
    """Return the executions that a form is about."""
    if "all" in request.POST:
        return listed(request, everyone=asks_for_all(request)).unfinished()
    wanted = [pk for pk in map(id_of, request.POST.getlist("ids")) if pk is not None]
    return Execution.objects.visible_to(request.user).filter(pk__in=wanted)


def _said(report: services.CancelReport) -> str:
    """Return what came of a stop."""
    done = [
        (gettext_noop("%(count)s stopping"), report.requested),
        (gettext_noop("%(count)s taken out of the queue"), report.canceled),
        (gettext_noop("%(count)s stopping already"), report.already_requested),
        (gettext_noop("%(count)s finished already"), report.already_finished),
    ]
    parts = [_(words) % {"count": number(len(ids))} for words, ids in done if ids]
    if not parts:
        return _("There was nothing to stop.")
    return pgettext("a list as a sentence", "%(list)s.") % {
        "list": pgettext("between the parts of a list", ", ").join(parts)
    }


def _answer(request: HttpRequest, said: str | ExecutionError) -> HttpResponse:
    """Say what was done, or what was wrong: to a script at once, to a reader on the page they go back to."""
    wrong = isinstance(said, ExecutionError)
    text = said.message if isinstance(said, ExecutionError) else said
    if request.headers.get("Accept") == JSON:
        status = said.status if isinstance(said, ExecutionError) else 200
        return JsonResponse({"detail" if wrong else "message": text}, status=status)
    messages.add_message(request, messages.ERROR if wrong else messages.INFO, text)
    return redirect(way_back(request, "activity"))
