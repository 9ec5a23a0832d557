"""How often somebody may try a password."""

from __future__ import annotations

import hashlib
from typing import Any

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class PasswordThrottle(SimpleRateThrottle):
    """Counts by address and user name: whoever guesses at one account does not lock its owner out elsewhere."""

    scope = "login"

    def get_rate(self) -> str:
        # Read at every request, so that settings count that came after this module.
        return str(api_settings.DEFAULT_THROTTLE_RATES.get(self.scope) or "10/min")

    def get_cache_key(self, request: Request, view: APIView) -> str:
        who = f"{self._address(request)} {self._name(request)}"
        return self.cache_format % {"scope": self.scope, "ident": hashlib.sha256(who.encode()).hexdigest()}

    def _address(self, request: Request) -> str:
        # Without a proxy of ours, X-Forwarded-For is whatever the sender wrote.
        return self.get_ident(request) if api_settings.NUM_PROXIES else str(request.META.get("REMOTE_ADDR", ""))

    def _name(self, request: Request) -> str:
        if request.user.is_authenticated:
            return str(request.user.pk)
        data: Any = request.data
        name = data.get("username") if isinstance(data, dict) else None
        return name.casefold()[:150] if isinstance(name, str) else ""


class AddressThrottle(PasswordThrottle):
    """Counts by address alone, six times as many: whoever tries one password at many accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.num_requests: int = (self.num_requests or 0) * 6

    def _name(self, request: Request) -> str:
        return "*"
