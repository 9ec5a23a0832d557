"""Signing in, and the settings of one's own account."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from chat.authentication import other_tokens
from chat.forms import THROTTLED, ChangePasswordForm, LoginForm
from executions.conf import conf
from kakoclaw import __version__


class Login(LoginView):
    """The page to sign in."""

    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the form again, and what was wrong."""
        response = super().form_invalid(form)
        response.status_code = 429 if form.has_error(NON_FIELD_ERRORS, THROTTLED) else response.status_code
        return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show the settings; a POST changes the password and ends the user's tokens and other logins."""
    form = ChangePasswordForm(request, cast("User", request.user))
    # The password is one part of the page of several, and not the first.
    form.fields["old_password"].widget.attrs.pop("autofocus", None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        other_tokens(user, None).delete()
        update_session_auth_hash(request, user)
        messages.success(request, "Your password is changed. Everywhere else you have to sign in again.")
        return redirect("settings")
    context = {"page": "settings", "form": form, "version": __version__, "model": conf.model}
    return render(request, "chat/settings.html", context)
