"""What the site adds to every response, and what it answers when the database is away."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from secrets import token_hex
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from executions import origin
from executions.log_context import request_id
from kakoclaw.errors import database_unavailable

logger = logging.getLogger(__name__)

#: What a sender may call its request; anything else could write lines of its own into the log.
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Names of our own are of this process, and counted: they need to be told apart, not to be secret.
PROCESS = token_hex(4)
_count = itertools.count(1)


class DatabaseAway:
    """Answers with 503 where a view has failed for want of the database: it is no bug, and soon over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        logger.error("the database failed during a request of %s: %s", request.path, exception)
        return database_unavailable(request)


class RequestId:
    """Gives each request a name that its answer and the log's lines about it carry: the sender's, or one of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        name = given if given and REQUEST_ID.fullmatch(given) else f"{PROCESS}{next(_count):08x}"
        token = request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = name
        return response


class FromWhere:
    """Lets the audit log know from where a request came."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with origin.coming_from(partial(origin.of_request, request)):
            return self.get_response(request)


class SecurityHeaders:
    """Add the Content-Security-Policy and Permissions-Policy of the settings to every response that has none.

    Works both ways (sync and async) without a thread in between, unlike what MiddlewareMixin makes of its hooks.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.headers: dict[str, str] = settings.SECURITY_HEADERS
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._acall(request)
        return self._add(self.get_response(request))

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        return self._add(await self.get_response(request))

    def _add(self, response: HttpResponseBase) -> HttpResponseBase:
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        return response
