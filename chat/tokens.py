"""Tokens that people make for their programs: each with a name, a scope and an end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models import Token
from executions import audit, validation
from executions.actions import Action
from executions.errors import InvalidInput, NotFound
from executions.scopes import Scope

MAX_NAME_CHARS = 100
MAX_DAYS = 366
DEFAULT_DAYS = 90
#: Tokens that one user may have made at once.
MAX_TOKENS = 100


class NoSuchToken(NotFound):
    """You have no such token."""


def create(user: User, name: str, scope: Scope | str = Scope.RUN, days: int = DEFAULT_DAYS) -> tuple[Token, str]:
    """Make a token that ends after ``days``; returns it and its text, which nobody can be told again.

    Raises InvalidInput for a wrong name, scope or number of days, and when there are :data:`MAX_TOKENS` already.
    """
    name = validation.text(name, "name", MAX_NAME_CHARS).strip()
    if not name:
        raise InvalidInput(_("The token needs a name, such as where it will be used."))
    scope = validation.choice(Scope, scope, "scope")
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MAX_DAYS:
        raise InvalidInput(_("days must be a whole number from 1 to %(max_days)s.") % {"max_days": MAX_DAYS})
    with transaction.atomic():
        # Of two that come at once, the second waits and counts the first's.
        list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))
        made = Token.objects.filter(user=user).exclude(name="")
        made.filter(expiry__lt=timezone.now()).delete()
        if made.count() >= MAX_TOKENS:
            raise InvalidInput(
                _("You have %(max_tokens)s tokens already; end one that you no longer use.")
                % {"max_tokens": MAX_TOKENS}
            )
        token: tuple[Token, str] = Token.objects.create(user, expiry=timedelta(days=days), name=name, scope=scope)
        _record(Action.TOKEN_MADE, token[0], scope=scope.value, days=days)
    return token


def tokens_of(user: User) -> QuerySet[Token]:
    """Return the queryset of the tokens of ``user`` that hold, logins among them (those have no name)."""
    tokens: QuerySet[Token] = Token.objects.filter(user=user)
    return tokens.exclude(expiry__lt=timezone.now()).order_by("-created", "-pk")


def end(user: User, key: Any) -> None:
    """End the token of ``user`` whose id is ``key``; what is connected with it is closed. Raises NoSuchToken."""
    text = str(key)
    token = None
    if text.isascii() and text.isdigit() and len(text) < 19:
        token = tokens_of(user).filter(pk=int(text)).first()
    if token is None:
        raise NoSuchToken(_("You have no token %(text)s.") % {"text": text[:20]})
    revoke(token)


def revoke(token: Token) -> None:
    """End a token; what is connected with it is closed."""
    with transaction.atomic():
        _record(Action.TOKEN_ENDED, token)
        token.delete()


def _record(action: Action, token: Token, **details: Any) -> None:
    about: dict[str, Any] = {"kind": "token", "object_id": token.pk, "owner": token.user}
    audit.record(action, **about, name=token.name, beginning=token.beginning, **details)
