"""Which executions a page is about, and where it leads back to."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.validation import MAX_ID
from executions.visitor import visitor


def asks_for_all(request: HttpRequest) -> bool:
    """Return whether staff asks for everybody's executions."""
    return request.GET.get("who") == "all" and request.user.is_staff


def listed(request: HttpRequest, *, everyone: bool) -> ExecutionQuerySet:
    """Return the executions a list is about: one's own, or everybody's that the user may see."""
    executions = Execution.objects.visible_to(request.user)
    if not everyone:
        executions = executions.filter(owner=visitor(request))
    # The people are not joined: SQLite would go through them first, and sort all that they have.
    return executions.without_bodies().prefetch_related("owner", "cancel_requested_by")


def the_one(request: HttpRequest, pk: int) -> Execution:
    """Return an execution that the user may see. Raises Http404 for all others."""
    people = ("owner", "worker", "cancel_requested_by")
    execution = Execution.objects.visible_to(request.user).select_related(*people).filter(pk=pk).first()
    if execution is None:
        raise Http404("There is no such execution.")
    return execution


def id_of(raw: str | None) -> int | None:
    """Return the id in a text of a request, ``None`` when it is none."""
    return int(raw) if raw and raw.isascii() and raw.isdecimal() and len(raw) < 20 and int(raw) <= MAX_ID else None


def way_back(request: HttpRequest, default: str) -> str:
    """Return the address of this site in ``next``, or ``default``."""
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else default
