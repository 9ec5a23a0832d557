"""What the panel's views have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from chat.authentication import BearerAuthentication
from executions.api.errors import exception_handler
from executions.api.parsers import JSONParser
from executions.api.permissions import InScope
from executions.api.throttles import LimitedView


class PanelView(LimitedView):
    """A view of the panel: a token or a session, JSON in and out, one form for every error."""

    authentication_classes = [BearerAuthentication, SessionAuthentication]
    permission_classes = [InScope]
    parser_classes = [JSONParser, FormParser, MultiPartParser]
    renderer_classes = [JSONRenderer, BrowsableAPIRenderer]

    @property
    def me(self) -> User:
        """Whoever is signed in; the permissions let nobody else in."""
        return cast("User", self.request.user)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return exception_handler

    def given(self, kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        """Return the body of ``request`` as ``kind`` reads it. Raises ValidationError."""
        body = kind(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = body.validated_data
        return values

    def asked(self, kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        """Return the query of ``request`` as ``kind`` reads it. Raises ValidationError."""
        query = kind(data=request.query_params)
        query.is_valid(raise_exception=True)
        values: dict[str, Any] = query.validated_data
        return values
