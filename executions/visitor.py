"""Who looks at a page."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _


def visitor(request: HttpRequest) -> User:
    """Return the signed-in user; for views that require one. Raises PermissionDenied when there is none."""
    if not isinstance(request.user, User):
        raise PermissionDenied(_("Sign in first."))
    return request.user
