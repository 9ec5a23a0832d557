"""What the views beside those of executions have in common."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request

from executions.api.parsers import JSONParser
from executions.api.permissions import InScope, StaffInScope
from executions.api.throttles import LimitedView
from executions.scopes import Scope


class EngineView(LimitedView):
    """JSON in and out, for whoever is signed in."""

    permission_classes = [InScope]
    parser_classes = [JSONParser, FormParser, MultiPartParser]
    renderer_classes = [JSONRenderer, BrowsableAPIRenderer]

    @property
    def me(self) -> User:
        """Whoever is signed in; the permissions let nobody else in."""
        return cast("User", self.request.user)

    def given(self, kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        """Return the body of ``request`` as ``kind`` reads it. Raises ValidationError."""
        body = kind(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = body.validated_data
        return values


class StaffView(EngineView):
    """For members of the staff, with a token that may administer."""

    permission_classes = [StaffInScope]
    scope_needed = Scope.ADMIN
