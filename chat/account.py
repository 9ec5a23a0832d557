"""Signing in, and the settings of one's own account."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from executions.conf import conf
from kakoclaw import __version__


class Login(LoginView):
    """The page to sign in."""

    redirect_authenticated_user = True


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show the settings; a POST changes the password and ends the user's tokens and other logins."""
    form: PasswordChangeForm[Any] = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        user.auth_token_set.all().delete()
        update_session_auth_hash(request, user)
        messages.success(request, "Your password is changed. Everywhere else you have to sign in again.")
        return redirect("settings")
    context = {"page": "settings", "form": form, "version": __version__, "model": conf.model}
    return render(request, "chat/settings.html", context)
