"""The part of the settings page about browsers that are told."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chat.models import PushSubscription
from chat.push import services
from chat.push.agents import named
from executions.visitor import visitor


def browsers_of(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what the settings show of the browsers of whoever looks, this one first."""
    here = request.session.session_key
    rows = PushSubscription.objects.filter(owner=visitor(request)).order_by("-pk")
    shown = [{"row": row, "name": named(row.user_agent), "here": row.session_key == here} for row in rows]
    return sorted(shown, key=lambda browser: not browser["here"])


@login_required
@require_POST
def end_browser(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell one of one's own browsers nothing more."""
    try:
        services.subscription_of(visitor(request), pk).delete()
    except services.NoSuchSubscription as error:
        raise Http404(error.message) from None
    messages.success(request, _("That browser gets no notifications any more."))
    return redirect("settings")
