"""What the command page's views have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.base import PanelView
from chat.commands.access import LocalAuthentication
from chat.commands.parsers import CommandParser
from executions.api.errors import exception_handler
from executions.errors import ExecutionError

#: Not there, too large, too many: whoever is told so needs to know no page.
TOLD_AS_THEY_ARE = frozenset({404, 413, 429})


class AlwaysJSON(BaseContentNegotiation):
    """Whatever a client accepts, it gets what the address stands for: a stream, JSON, or an error as JSON."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        kind = request.content_type.partition(";")[0].strip().lower()
        return next(iter(parsers)) if kind in ("", "application/json") else None

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class CommandView(PanelView):
    """A view of the command page: what is wrong with a request is told with ``success: false``, mostly as a 400."""

    parser_classes = [CommandParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJSON

    def get_authenticators(self) -> list[BaseAuthentication]:
        given = super().get_authenticators()
        return [*given, LocalAuthentication()] if settings.COMMANDS_WITHOUT_LOGIN else given

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return _told


def _told(error: Exception, context: dict[str, Any]) -> Response | None:
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ExecutionError) and error.status not in TOLD_AS_THEY_ARE:
        response.status_code = 400  # what the page expects of an error before its stream
    response.data = {"success": False, **response.data, "status": response.status_code}
    return response
