"""Tokens for programs: making, listing and ending them."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from chat import tokens
from chat.api import requests, responses
from chat.api.base import PanelView
from executions.scopes import Scope

#: The newest ones; what logins made ends by itself.
LISTED = 300


class TokensView(PanelView):
    """Your tokens; the newest first."""

    scope_needed = Scope.ADMIN

    @extend_schema(responses=responses.TokensResponse)
    def get(self, request: Request) -> Response:
        return Response(responses.TokensResponse({"tokens": tokens.tokens_of(self.me)[:LISTED]}).data)

    @extend_schema(request=requests.NewTokenRequest, responses={201: responses.NewToken})
    def post(self, request: Request) -> Response:
        """Make one. Its text is in this answer and nowhere else."""
        row, token = tokens.create(self.me, **self.given(requests.NewTokenRequest, request))
        row.token = token
        return Response(responses.NewToken(row).data, status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class TokenView(PanelView):
    """One of your tokens."""

    scope_needed = Scope.ADMIN

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: str) -> Response:
        """End it at once, with what is connected by it."""
        tokens.end(self.me, token_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
