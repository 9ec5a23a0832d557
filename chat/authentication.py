"""Who is at the other end of a WebSocket, and whether they still may be."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from secrets import compare_digest
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user, get_user_model
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS, knox_settings
from rest_framework.exceptions import AuthenticationFailed

from chat.models import Token
from chat.revoking import session_digest
from executions.prepared import Param, PreparedObjects
from executions.scopes import Scope

_TOKENS = PreparedObjects(lambda: Token.objects.filter(token_key=Param("key")))
_USERS = PreparedObjects(lambda: get_user_model().objects.filter(pk=Param("pk")))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a socket was opened with: a token, or the key of a login session."""

    token: str = ""
    session_key: str = ""

    @property
    def session(self) -> str:
        """The login session's name as :mod:`chat.revoking` sends it."""
        return session_digest(self.session_key)


class BearerAuthentication(TokenAuthentication):
    """Knox's tokens; a header that is not ASCII is a wrong token and not an error of the server."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, Any]:
        """Return the user and the token's row. Raises AuthenticationFailed.

        Every request does this, so its statements are prepared; other tokens that have expired are removed at login.
        """
        if not token.isascii() or b"\0" in token:
            raise AuthenticationFailed("Invalid token.")
        text = token.decode()
        for row in _TOKENS.all(key=text[: CONSTANTS.TOKEN_KEY_LENGTH]):
            try:
                known = compare_digest(hash_token(text), row.digest)
            except (TypeError, binascii.Error):
                known = False
            users = _USERS.all(pk=row.user_id) if known else []
            if users and not self._cleanup_token(row):
                (row.user,) = users
                if row.expiry and not row.name and knox_settings.AUTO_REFRESH:
                    self.renew_token(row)
                row.note_use()
                return cast("tuple[User, Any]", self.validate_user(row))
        raise AuthenticationFailed("Invalid token.")

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Remove this token if it has expired."""
        if auth_token.expiry is None or auth_token.expiry >= timezone.now():
            return False
        auth_token.delete()
        return True


def credentials_of(scope: dict[str, Any]) -> Credentials:
    """Return the credentials of a handshake: ``?token=``, ``Authorization: Bearer``, or the session cookie.

    The cookie counts only when the browser has told the page's origin, which the site has checked: a client that
    tells none can't be told from a page that hides it.
    """
    headers = {bytes(name): bytes(value).decode("latin1") for name, value in scope["headers"]}
    token = parse_qs(scope.get("query_string", b"").decode("latin1")).get("token", [""])[0]
    scheme, _, bearer = headers.get(b"authorization", "").partition(" ")
    if not token and scheme.lower() == "bearer":
        token = bearer.strip()
    if token:
        return Credentials(token=token)
    return Credentials(session_key=_cookie(headers.get(b"cookie", "")) if b"origin" in headers else "")


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


class Access(NamedTuple):
    """Who somebody is, and how far their token goes."""

    user: User
    scope: Scope


def access_of(credentials: Credentials) -> Access | None:
    """Return what these credentials are good for at this moment, ``None`` when they have ended."""
    if credentials.token:
        return _access_of_token(credentials.token)
    if not credentials.session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(credentials.session_key)
    user = get_user(request)
    return Access(user, Scope.ADMIN) if user.is_authenticated and user.is_active else None


def _access_of_token(token: str) -> Access | None:
    try:
        user, row = BearerAuthentication().authenticate_credentials(token.encode())
    except AuthenticationFailed:
        return None
    return Access(user, Scope(row.scope))


def other_tokens(user: User, kept: Any) -> QuerySet[Any]:
    """Return the queryset of all tokens of ``user`` but ``kept`` (``None`` keeps none)."""
    tokens: QuerySet[Any] = Token.objects.filter(user=user)
    return tokens.exclude(pk=kept.pk) if kept is not None else tokens
