"""Forms that take a password: as many attempts as the API allows, counted together with those over the API."""

from __future__ import annotations

import math
from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm as StaffAuthenticationForm

from chat.api.throttles import AddressThrottle, FormThrottle, PasswordThrottle

#: The code of the error that says there were too many attempts; such an answer has the status 429.
THROTTLED = "throttled"


def require_attempt(request: HttpRequest | None, *throttles: PasswordThrottle) -> None:
    """Count an attempt with a password. Raises ValidationError when there were too many."""
    for throttle in throttles:
        if request is not None and not throttle.allow_request(request, None):
            seconds = math.ceil(throttle.wait() or 60)
            raise ValidationError(
                _("Too many attempts. Try again in %(seconds)s seconds.") % {"seconds": seconds}, code=THROTTLED
            )


class LoginForm(AuthenticationForm):
    """A user name and a password."""

    def clean(self) -> dict[str, Any]:
        require_attempt(self.request, FormThrottle(), AddressThrottle())
        return super().clean()


class AdminLoginForm(StaffAuthenticationForm):
    """The same, for the staff's pages."""

    def clean(self) -> dict[str, Any]:
        require_attempt(self.request, FormThrottle(), AddressThrottle())
        return super().clean()


class ChangePasswordForm(PasswordChangeForm):
    """The current password and a new one: whoever finds an open page may not guess at the password either."""

    def __init__(self, request: HttpRequest, user: User, *, bound: bool = True) -> None:
        super().__init__(user, (request.POST or None) if bound else None)
        self.request = request

    def clean_old_password(self) -> str:
        require_attempt(self.request, PasswordThrottle())
        return super().clean_old_password()
