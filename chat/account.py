"""Signing in, and the settings of one's own account."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chat import limits
from chat.authentication import other_tokens
from chat.forms import THROTTLED, ChangePasswordForm, LoginForm
from chat.push.pages import browsers_of
from chat.push.services import session_moved
from chat.tokens import DEFAULT_DAYS, MAX_DAYS, tokens_of
from executions import owner_limits
from executions.conf import conf
from executions.models import AuditEntry, Webhook
from executions.scopes import MEANINGS, Scope
from executions.webhooks.events import WebhookEvent
from kakoclaw import __version__

#: Tokens of logins count as well; they end by themselves.
SHOWN_TOKENS = 200
SHOWN_ENTRIES = 12
#: What a new webhook is told of, unless somebody chooses otherwise.
DEFAULT_EVENTS = [event for event in WebhookEvent if event is not WebhookEvent.CANCELED]


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
        before = request.session.session_key
        update_session_auth_hash(request, user)
        session_moved(before, request.session.session_key)
        messages.success(request, _("Your password is changed. Everywhere else you have to sign in again."))
        return redirect("settings")
    return settings_page(request, form=form)


def settings_page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    """Render the settings; ``more`` is what one of its forms has to say."""
    user = cast("User", request.user)
    if "form" not in more:
        more["form"] = ChangePasswordForm(request, user, bound=False)
        more["form"].fields["old_password"].widget.attrs.pop("autofocus", None)
    context = {
        "page": "settings",
        "version": __version__,
        "model": conf.model,
        "confirm_stop": django_settings.CONFIRM_STOP,
        "profile": more.pop("profile", None),
        "browsers": browsers_of(request),
        "webhooks": list(Webhook.objects.filter(owner=user)),
        "events": list(WebhookEvent),
        "webhook_given": {"name": "", "url": "", "events": DEFAULT_EVENTS},
        "tokens": list(tokens_of(user)[:SHOWN_TOKENS]),
        "scopes": MEANINGS,
        "security": list(AuditEntry.objects.security_of(user)[:SHOWN_ENTRIES]),
        "limits": limits.rows_of(user),
        "may_start": owner_limits.limits_of(user).may_start,
        "default_days": DEFAULT_DAYS,
        "max_days": MAX_DAYS,
        "given": {"scope": Scope.RUN, "days": DEFAULT_DAYS},
        **more,
    }
    response = render(request, "chat/settings.html", context, status=status)
    # It may hold a token that is shown this once.
    response["Cache-Control"] = "no-store"
    return response
