"""Who may use the command endpoints: whoever is signed in, and where one setting says so, this machine's programs."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

#: Whose the executions are that nobody has signed in for: the user that ``manage.py setup`` makes.
LOCAL_USERNAME = "admin"
#: What a proxy adds; then the address of the connection says nothing of who has made the request.
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


class LocalAuthentication(BaseAuthentication):
    """Lets programs of this machine in without credentials, as ``admin``; in use only when the settings say so.

    A browser on this machine sends what any web page tells it to, so requests of other pages are refused.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        if not _is_local(request):
            return None
        _require_no_foreign_page(request)
        user = User.objects.filter(username=LOCAL_USERNAME, is_active=True).first()
        return (user, None) if user is not None else None


def _is_local(request: Request) -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _require_no_foreign_page(request: Request) -> None:
    """Raise PermissionDenied for what a page of another origin has sent. Browsers always tell it."""
    origin = request.headers.get("Origin")
    if origin is None:
        foreign = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
    else:
        own = urlsplit(origin).netloc.lower() == request.get_host().lower()
        foreign = not own and origin.lower() not in settings.CSRF_TRUSTED_ORIGINS
    if foreign:
        raise PermissionDenied("Pages of other sites may not use this; see KAKOCLAW_TRUSTED_ORIGINS.")
