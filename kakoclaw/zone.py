"""The reader's time zone, in which pages tell times. The pages' scripts keep it in a cookie."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from executions.zones import zone_of

COOKIE = "zone"
API = f"{settings.BASE_PATH}/api/"


class ReaderZone:
    """Renders pages in the zone of the cookie, in UTC without. The API's times are in UTC for everybody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        zone = None if request.path.startswith(API) else zone_of(request.COOKIES.get(COOKIE, ""))
        with timezone.override(zone):
            return self.get_response(request)
