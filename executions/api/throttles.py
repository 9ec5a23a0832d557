"""How many requests a user and an address may make, and telling them how many are left."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from executions.buckets import Allowance, Buckets
from executions.conf import conf
from executions.origin import address_of


class RequestThrottle(BaseThrottle):
    """Of one user, by whatever token and from wherever; and of one address, of whichever users."""

    users, addresses = Buckets(), Buckets()

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Take one of each; what is told is what is the scarcer."""
        taken = []
        if limit := conf.requests_per_minute:
            taken.append(self.users.take(str(request.user.pk), limit))
        if limit := conf.requests_per_minute_per_address:
            taken.append(self.addresses.take(address_of(request), limit))
        if not taken:
            return True
        # One that is refused comes before one that has just given its last.
        request._request.allowance = min(taken, key=_LEFT)  # type: ignore[attr-defined]
        self.retry = max(allowance.retry for allowance in taken)
        return all(allowance.allowed for allowance in taken)

    def wait(self) -> float:
        return self.retry


_LEFT = attrgetter("allowed", "remaining")


class TooManyFailures(Throttled):
    """Too many requests of an address had no valid token."""

    default_detail = gettext_lazy(
        "Too many requests from your address had no valid token. Those with one are answered."
    )
    extra_detail_singular = extra_detail_plural = ""


class LimitedView(APIView):
    """A view that takes a bounded number of requests, and says in every answer how many are left."""

    throttle_classes = [RequestThrottle]
    #: Of requests without a valid token or login, by address.
    failures = Buckets()

    def handle_exception(self, exc: Exception) -> Response:
        """Count a request that nobody can be told to have made, and refuse more of them from its address for a while.

        Its token was looked at first, so that others at the same address are answered as ever.
        """
        if type(exc) in (AuthenticationFailed, NotAuthenticated) and (limit := conf.failures_per_minute_per_address):
            allowance = self.failures.take(address_of(self.request), limit)
            self.request._request.allowance = allowance  # type: ignore[attr-defined]
            if not allowance.allowed:
                exc = TooManyFailures(allowance.retry)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        allowance: Allowance | None = getattr(request._request, "allowance", None)
        if allowance is not None:
            final["RateLimit-Policy"] = f"{allowance.limit};w=60"
            final["RateLimit-Limit"] = str(allowance.limit)
            final["RateLimit-Remaining"] = str(allowance.remaining)
            final["RateLimit-Reset"] = str(math.ceil(allowance.reset))
        return final
