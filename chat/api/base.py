"""What the panel's views have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from chat.authentication import BearerAuthentication
from executions.api.base import EngineView
from executions.api.errors import exception_handler


class PanelView(EngineView):
    """A view of the panel: a token or a session, one form for every error."""

    authentication_classes = [BearerAuthentication, SessionAuthentication]

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return exception_handler

    def asked(self, kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        """Return the query of ``request`` as ``kind`` reads it. Raises ValidationError."""
        query = kind(data=request.query_params)
        query.is_valid(raise_exception=True)
        values: dict[str, Any] = query.validated_data
        return values
