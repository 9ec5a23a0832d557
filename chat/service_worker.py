"""The service worker. It is served from the top of the panel, whatever that is, because its place is its reach."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the script; browsers ask for it again by themselves, without anybody being signed in."""
    return render(request, "chat/service_worker.js", content_type="text/javascript; charset=utf-8")
