"""How many requests a user and an address may make, and telling them how many are left."""

from __future__ import annotations

import math
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from executions.buckets import Allowance, Buckets
from executions.conf import conf


def address_of(request: Request | HttpRequest) -> str:
    """Return from where a request came. Without a proxy of ours, X-Forwarded-For is whatever the sender wrote."""
    if not api_settings.NUM_PROXIES:
        return str(request.META.get("REMOTE_ADDR", ""))
    return str(BaseThrottle().get_ident(request))  # type: ignore[arg-type]  # looks at META only


class _Throttle(BaseThrottle):
    buckets: Buckets

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = self.limit()
        if not limit:
            return True
        self.allowance = self.buckets.take(self.whose(request), limit)
        # What is told is what is the scarcest.
        told: Allowance | None = getattr(request._request, "allowance", None)
        if told is None or self.allowance.remaining < told.remaining:
            request._request.allowance = self.allowance  # type: ignore[attr-defined]
        return self.allowance.allowed

    def wait(self) -> float:
        return self.allowance.retry

    def limit(self) -> int:
        raise NotImplementedError

    def whose(self, request: Request) -> str:
        raise NotImplementedError


class UserThrottle(_Throttle):
    """Of one user, by whatever token and from wherever."""

    buckets = Buckets()

    def limit(self) -> int:
        return int(conf.requests_per_minute)

    def whose(self, request: Request) -> str:
        return str(request.user.pk)


class AddressThrottle(_Throttle):
    """Of one address, of whichever users."""

    buckets = Buckets()

    def limit(self) -> int:
        return int(conf.requests_per_minute_per_address)

    def whose(self, request: Request) -> str:
        return address_of(request)


class LimitedView(APIView):
    """A view that takes a bounded number of requests, and says in every answer how many are left."""

    throttle_classes = [UserThrottle, AddressThrottle]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        allowance: Allowance | None = getattr(request._request, "allowance", None)
        if allowance is not None:
            final["RateLimit-Policy"] = f"{allowance.limit};w=60"
            final["RateLimit-Limit"] = str(allowance.limit)
            final["RateLimit-Remaining"] = str(allowance.remaining)
            final["RateLimit-Reset"] = str(math.ceil(allowance.reset))
        return final
