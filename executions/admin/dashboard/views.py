"""The dashboard's context, and its two parts, which the page asks for again and again."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from executions.admin.dashboard.past import past
from executions.admin.dashboard.present import present
from executions.admin.dashboard.ranges import RANGES, range_of

PERMISSION = "executions.view_execution"


def context(request: HttpRequest) -> dict[str, Any]:
    """Return what the index shows; nothing to those who may not see executions."""
    if not request.user.has_perm(PERMISSION):
        return {}
    shown = range_of(request.GET.get("range", ""))
    return {"ranges": RANGES, "range": shown, "present": present(), "past": past(shown)}


@require_safe
def present_part(request: HttpRequest) -> HttpResponse:
    """Answer with what is going on now. Raises PermissionDenied for staff who may not see executions."""
    _require_permission(request)
    return render(request, "admin/dashboard/present.html", {"present": present()})


@require_safe
def past_part(request: HttpRequest) -> HttpResponse:
    """Answer with what happened in ``?range=``. Raises PermissionDenied for staff who may not see executions."""
    _require_permission(request)
    return render(request, "admin/dashboard/past.html", {"past": past(range_of(request.GET.get("range", "")))})


def _require_permission(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
