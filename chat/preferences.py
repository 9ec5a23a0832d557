"""What people change in their settings besides the password: profile, tokens, theme."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chat import tokens
from chat.account import settings_page
from executions.errors import ExecutionError, NotFound
from executions.templatetags.executions import THEMES
from executions.visitor import visitor

YEAR = 365 * 24 * 3600


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """How somebody is called."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")


@login_required
@require_POST
def profile(request: HttpRequest) -> HttpResponse:
    """Change one's own name and address."""
    form = ProfileForm(request.POST, instance=User.objects.get(pk=visitor(request).pk))
    if not form.is_valid():
        return settings_page(request, profile=form, status=400)
    form.save()
    messages.success(request, _("Your profile is saved."))
    return redirect("settings")


@login_required
@require_POST
def make_token(request: HttpRequest) -> HttpResponse:
    """Make a token, and show it: this once, and nowhere else."""
    given = {name: request.POST.get(name, "") for name in ("name", "scope", "days")}
    days = int(given["days"]) if given["days"].isascii() and given["days"].isdecimal() and len(given["days"]) < 6 else 0
    try:
        _token, text = tokens.create(visitor(request), given["name"], given["scope"], days)
    except ExecutionError as error:
        return settings_page(request, token_error=error.message, given=given, status=error.status)
    return settings_page(request, new_token=text, new_token_name=given["name"])


@login_required
@require_POST
def end_token(request: HttpRequest, key: int) -> HttpResponse:
    """End one of one's own tokens, and whatever is connected with it."""
    try:
        tokens.end(visitor(request), key)
    except NotFound as error:
        raise Http404(error.message) from None
    messages.success(request, _("The token is ended. What was connected with it is closed."))
    return redirect("settings")


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Choose light or dark pages for this browser, or what its system has."""
    chosen = request.POST.get("theme", "")
    response = redirect("settings")
    place: dict[str, Any] = {"path": settings.SESSION_COOKIE_PATH, "samesite": "Lax"}
    if chosen in THEMES:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie("theme", chosen, max_age=YEAR, secure=secure, httponly=True, **place)
    else:
        response.delete_cookie("theme", **place)
    return response
