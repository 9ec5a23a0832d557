"""What a program signs in with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from knox.models import AbstractAuthToken, AuthTokenManager

from executions.scopes import Scope

#: How old the noted use of a token may be before it is noted again: not every request is a write.
USE_NOTED_EVERY = timedelta(minutes=5)


class Token(AbstractAuthToken):
    """A token of a user, of which only a digest is kept.

    One that a login made has no name, may do all that its user may, and is renewed while it is used. One that a
    person made has a name, a scope, and an end that stays.
    """

    id = models.BigAutoField(primary_key=True)
    #: Not the key, as it is of Knox's own: what tells tokens apart must be fit to be shown.
    digest = models.CharField(max_length=128, editable=False)
    name = models.CharField(max_length=100, blank=True)
    scope = models.CharField(max_length=16, choices=[(s.value, s.value) for s in Scope], default=Scope.ADMIN.value)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = AuthTokenManager()

    def __str__(self) -> str:
        return self.name or _("login of %(day)s") % {"day": date_format(self.created, "DATE_FORMAT")}

    @property
    def beginning(self) -> str:
        """Enough to recognize a token by, too little to use it."""
        return f"{self.token_key[:8]}…"

    @property
    def expired(self) -> bool:
        return self.expiry is not None and self.expiry < timezone.now()

    def note_use(self) -> None:
        """Remember that it is used now; one request of many writes."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > USE_NOTED_EVERY:
            before = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
            same: QuerySet[Token] = Token.objects.filter(before, pk=self.pk)
            same.update(last_used_at=now)
            self.last_used_at = now
