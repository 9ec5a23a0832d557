"""How often somebody may try a password."""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from typing import Any

from django.core.cache import caches
from django.http import HttpRequest
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from executions.origin import address_of

logger = logging.getLogger(__name__)


class PasswordThrottle(SimpleRateThrottle):
    """Counts by address and user name: whoever guesses at one account does not lock its owner out elsewhere."""

    scope = "login"

    def get_rate(self) -> str:
        # Read at every request, so that settings count that came after this module.
        return str(api_settings.DEFAULT_THROTTLE_RATES.get(self.scope) or "10/min")

    def allow_request(self, request: Request | HttpRequest, view: APIView | None) -> bool:
        """Count an attempt, and return whether there may be one: also for forms, which know neither of DRF's.

        While the shared cache is away this process counts for itself: nobody is locked out, nobody may guess freely.
        """
        try:
            return self._allowed(request, view)
        except RedisError as error:
            logger.warning("attempts to log in are counted by each process alone: %s", error)
            self.cache = caches["this_process"]
            return self._allowed(request, view)

    def _allowed(self, request: Request | HttpRequest, view: APIView | None) -> bool:
        allowed: bool = super().allow_request(request, view)  # type: ignore[arg-type]
        return allowed

    def get_cache_key(self, request: Request | HttpRequest, view: APIView | None) -> str:
        who = f"{address_of(request)} {self._name(request)}"
        return self.cache_format % {"scope": self.scope, "ident": hashlib.sha256(who.encode()).hexdigest()}

    def _name(self, request: Request | HttpRequest) -> str:
        if request.user.is_authenticated:
            return str(request.user.pk)
        return self._given(request)

    def _given(self, request: Request | HttpRequest) -> str:
        """Return the user name that is tried, as it is counted."""
        data: Any = request.data if isinstance(request, Request) else request.POST
        name = data.get("username") if isinstance(data, dict) else None
        # As the form and the serializer read it: blanks around it, or wide letters, are no further attempts.
        return unicodedata.normalize("NFKC", name[:1000]).strip().casefold()[:150] if isinstance(name, str) else ""


class FormThrottle(PasswordThrottle):
    """Counts a form's attempts with those of the API; whoever is signed in already may be trying another's name."""

    def _name(self, request: Request | HttpRequest) -> str:
        return self._given(request)


class AddressThrottle(PasswordThrottle):
    """Counts by address alone, six times as many: whoever tries one password at many accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.num_requests: int = (self.num_requests or 0) * 6

    def _name(self, request: Request | HttpRequest) -> str:
        return "*"
