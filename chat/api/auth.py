"""Signing in and out."""

from __future__ import annotations

from django.contrib.auth import authenticate, logout, password_validation, update_session_auth_hash
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from knox.settings import knox_settings
from rest_framework import serializers, status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import responses
from chat.api.base import PanelView
from chat.api.requests import ChangePasswordRequest, LoginRequest
from chat.api.throttles import AddressThrottle, PasswordThrottle
from chat.authentication import other_tokens
from chat.models import Token
from chat.push.services import session_moved
from executions import accounts
from executions.api.serializers import ErrorSerializer
from executions.scopes import Scope


class WrongPassword(AuthenticationFailed):
    """The user name or the password is wrong."""

    default_detail = __doc__
    default_code = "wrong_password"


class LoginView(PanelView):
    """A token for a user name and a password. Costs the same whether or not there is such a user."""

    # No credentials are read here, so that a stale token or a session without CSRF does not stand in the way.
    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [PasswordThrottle, AddressThrottle]

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'  # makes a wrong password a 401

    @extend_schema(request=LoginRequest, responses={200: responses.TokenResponse, 401: ErrorSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        given = self.given(LoginRequest, request)
        user = authenticate(request._request, username=given["username"], password=given["password"])
        if user is None:
            raise WrongPassword
        tokens = Token.objects
        with transaction.atomic():
            tokens.filter(user=user, expiry__lt=timezone.now()).delete()
            _, token = tokens.create(user)
            accounts.signed_in(user, how="token")
        lifetime = knox_settings.TOKEN_TTL
        return Response({"token": token, "expires_in": int(lifetime.total_seconds()) if lifetime else None})


class LogoutView(PanelView):
    """Ends the token, or the login session, that the request came with."""

    scope_needed = Scope.READ  # every token may be given up

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        if isinstance(request.auth, Token):
            with transaction.atomic():
                accounts.signed_out(self.me, how="token")
                request.auth.delete()
        else:
            logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(PanelView):
    """Who you are."""

    @extend_schema(responses=responses.UserResponse)
    def get(self, request: Request) -> Response:
        return Response({"username": self.me.get_username(), "role": "admin" if self.me.is_staff else "user"})


class ChangePasswordView(PanelView):
    """Changes your password; your other tokens and login sessions end, other users' do not."""

    scope_needed = Scope.ADMIN
    throttle_classes = [PasswordThrottle]

    @extend_schema(request=ChangePasswordRequest, responses=responses.StatusResponse)
    def post(self, request: Request) -> Response:
        given, user = self.given(ChangePasswordRequest, request), self.me
        if not user.check_password(given["current"]):
            raise serializers.ValidationError({"current_password": "That is not your current password."})
        try:
            password_validation.validate_password(given["new_password"], user)
        except DjangoValidationError as error:
            raise serializers.ValidationError({"new_password": error.messages}) from None
        is_token = isinstance(request.auth, Token)
        with transaction.atomic():
            user.set_password(given["new_password"])
            user.save(update_fields=["password"])
            other_tokens(user, request.auth if is_token else None).delete()
        if not is_token:
            before = request._request.session.session_key
            update_session_auth_hash(request._request, user)
            session_moved(before, request._request.session.session_key)
        return Response({"status": "ok"})
