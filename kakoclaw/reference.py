"""The API's reference to read, beside that to try things in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView
from rest_framework.request import Request
from rest_framework.response import Response

#: Of the text of an empty element: ReDoc makes such style elements, and adds its rules to them by script.
EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"


class Reference(SpectacularRedocView):
    """ReDoc, from this server alone."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)
        policy = settings.SECURITY_HEADERS["Content-Security-Policy"]
        response["Content-Security-Policy"] = policy.replace("style-src 'self'", f"style-src 'self' {EMPTY}")
        return response
