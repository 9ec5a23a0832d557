"""Notifications in browsers, by Web Push."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import requests, responses
from chat.api.base import PanelView
from chat.models import PushSubscription, Token
from chat.push import keys, services
from executions.api.pagination import is_id
from executions.scopes import Scope


class PushView(PanelView):
    """The browsers in which you are notified with no page open, and the key to subscribe another one with."""

    scope_needed = Scope.ADMIN

    @extend_schema(responses=responses.PushResponse)
    def get(self, request: Request) -> Response:
        """Return the key and the browsers."""
        browsers = list(PushSubscription.objects.filter(owner=self.me))
        return Response(responses.PushResponse({"key": keys.public_key(), "browsers": browsers}).data)

    @extend_schema(request=requests.PushRequest, responses={201: responses.PushBrowser})
    def post(self, request: Request) -> Response:
        """Notify this browser from now on, or change what it is told. It is told for as long as it is signed in."""
        if isinstance(request.auth, Token):
            raise PermissionDenied(
                "A browser is notified while somebody is signed in there; a token is not signed in.", "browser_only"
            )
        given = self.given(requests.PushRequest, request)
        subscription = services.subscribe(
            self.me,
            cast("str", request._request.session.session_key),
            endpoint=given["endpoint"],
            **given["keys"],
            kinds=given["kinds"],
            user_agent=request.headers.get("User-Agent", ""),
        )
        return Response(responses.PushBrowser(subscription).data, status.HTTP_201_CREATED)


class PushBrowserView(PanelView):
    """One of the browsers in which you are notified."""

    scope_needed = Scope.ADMIN

    @extend_schema(responses={204: None})
    def delete(self, request: Request, browser_id: str) -> Response:
        """Tell it nothing more."""
        _found(self, browser_id).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class PushTestView(PanelView):
    """A notification to see whether they arrive."""

    scope_needed = Scope.ADMIN

    @extend_schema(request=None, responses={202: None})
    def post(self, request: Request, browser_id: str) -> Response:
        """Show one in that browser."""
        services.send_test(_found(self, browser_id))
        return Response(status=status.HTTP_202_ACCEPTED)


def _found(view: PanelView, browser_id: str) -> PushSubscription:
    """Return the browser of the address. Raises NoSuchSubscription."""
    if not is_id(browser_id):
        raise services.NoSuchSubscription(f"You have no browser {browser_id[:20]!r}; ids are whole numbers.")
    return services.subscription_of(view.me, int(browser_id))
