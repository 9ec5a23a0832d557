"""``/metrics``: for Prometheus, and for nobody else."""

from __future__ import annotations

import os

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from chat.authentication import BearerAuthentication
from executions.metrics import InTheDatabase
from kakoclaw.addresses import is_loopback

#: What a proxy adds; then the address of the connection says nothing of who has made the request.
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer a member of the staff (a token of any scope, or a login), or this machine when the settings say so."""
    if not _may(request):
        response = HttpResponse("A token of a member of the staff is needed.\n", "text/plain", status=401)
        response["WWW-Authenticate"] = "Bearer"
        return response
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    now = CollectorRegistry()
    now.register(InTheDatabase())
    return HttpResponse(generate_latest(registry) + generate_latest(now), content_type=CONTENT_TYPE_LATEST)


def _may(request: HttpRequest) -> bool:
    if settings.METRICS_WITHOUT_LOGIN and _is_local(request):
        return True
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        try:
            found = BearerAuthentication().authenticate(Request(request))
        except AuthenticationFailed:
            return False
        user = found[0] if found else None
    return user is not None and user.is_active and user.is_staff


def _is_local(request: HttpRequest) -> bool:
    forwarded = any(name in request.headers for name in FORWARDED)
    return not forwarded and is_loopback(request.META.get("REMOTE_ADDR", ""))
