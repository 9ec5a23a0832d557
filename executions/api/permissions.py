"""What the token of a request may be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request

from executions.errors import ScopeMissing
from executions.scopes import Scope

if TYPE_CHECKING:  # DRF's views import the permissions that the settings name
    from rest_framework.views import APIView


class InScope(IsAuthenticated):
    """Lets in whoever is signed in, as far as the scope of their token goes.

    Looking takes ``read`` and everything else ``run``; a view may say otherwise with ``scope_needed``. What is signed
    in without a token (a login session) has no scope and may all.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        given = getattr(request.auth, "scope", Scope.ADMIN)
        if given == Scope.ADMIN:
            return True
        scope = Scope(given)
        needed = getattr(view, "scope_needed", None) or needed_for(request.method)
        if not scope.allows(needed):
            raise PermissionDenied(ScopeMissing.text(scope, needed), ScopeMissing.code)
        return True


class StaffInScope(InScope):
    """Lets in members of the staff, as far as the scope of their token goes."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and bool(request.user.is_staff)


def needed_for(method: str | None) -> Scope:
    """Return the scope that a request of this method takes where its view says nothing else."""
    return Scope.READ if method in SAFE_METHODS else Scope.RUN
