"""Pages of one's own webhooks: making and ending them, and the log of what they were told."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from chat.account import settings_page
from executions.errors import ExecutionError, NotFound
from executions.models import Webhook, WebhookDelivery
from executions.pages.reach import id_of
from executions.visitor import visitor
from executions.webhooks import services
from executions.webhooks.events import TEST, WebhookEvent

PAGE = 25


class Look(NamedTuple):
    """How a delivery is shown: the status of an execution whose color it has, its icon, its word."""

    color: str
    icon: str
    word: Any


LOOKS = {
    "waiting": Look("queued", "queued", gettext_lazy("Waiting to be sent")),
    "sending": Look("running", "ring", gettext_lazy("Being sent")),
    "retrying": Look("waiting", "hourglass", gettext_lazy("Is tried again")),
    "delivered": Look("succeeded", "check", gettext_lazy("Delivered")),
    "failed": Look("failed", "cross", gettext_lazy("Not delivered")),
}


@login_required
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make a webhook, and show its secret: this once, and nowhere else."""
    given = {"name": request.POST.get("name", ""), "url": request.POST.get("url", "")}
    events = request.POST.getlist("events")
    try:
        webhook, secret = services.create(visitor(request), **given, events=events)
    except ExecutionError as error:
        again = {**given, "events": events}
        return settings_page(request, webhook_error=error.message, webhook_given=again, status=error.status)
    return settings_page(request, new_webhook=webhook, new_secret=secret)


@login_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a webhook and the log of what it was told, newest first."""
    return _page(request, _found(request, pk))


@login_required
@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a webhook's name, address and events."""
    webhook = _found(request, pk)
    given = {"name": request.POST.get("name", ""), "url": request.POST.get("url", "")}
    events = request.POST.getlist("events")
    try:
        services.change(webhook, name=given["name"], url=given["url"], events=events)
    except ExecutionError as error:
        return _page(request, webhook, status=error.status, error=error.message, given={**given, "events": events})
    messages.success(request, _("The webhook is changed."))
    return redirect("webhook", pk)


@login_required
@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a webhook on or off."""
    on = request.POST.get("active") == "on"
    services.change(_found(request, pk), active=on)
    messages.success(request, _("The webhook is on.") if on else _("The webhook is off."))
    return redirect("webhook", pk)


@login_required
@require_POST
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a webhook a new secret, and show it: this once, and nowhere else."""
    webhook, secret = services.rotate(_found(request, pk))
    return _page(request, webhook, new_secret=secret)


@login_required
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a webhook a test."""
    return _sent(request, pk, lambda: services.send_test(_found(request, pk)))


@login_required
@require_POST
def redeliver(request: HttpRequest, pk: int, delivery: int) -> HttpResponse:
    """Tell a webhook something again."""

    def again() -> WebhookDelivery:
        return services.redeliver(services.delivery_of(_found(request, pk), delivery))

    return _sent(request, pk, again)


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a webhook, with its log."""
    services.end(_found(request, pk))
    messages.success(request, _("The webhook is ended."))
    return redirect("settings")


def _sent(request: HttpRequest, pk: int, send: Any) -> HttpResponse:
    try:
        send()
    except NotFound as error:
        raise Http404(error.message) from None
    except ExecutionError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("It is on its way; see below."))
    return redirect("webhook", pk)


def _found(request: HttpRequest, pk: int) -> Webhook:
    """Return one of one's own webhooks. Raises Http404."""
    try:
        return services.webhook_of(visitor(request), pk)
    except NotFound as error:
        raise Http404(error.message) from None


def _page(request: HttpRequest, webhook: Webhook, *, status: int = 200, **more: Any) -> HttpResponse:
    told = WebhookDelivery.objects.filter(target=webhook).order_by("-pk")
    before = id_of(request.GET.get("before"))
    rows = list((told.filter(pk__lt=before) if before is not None else told)[: PAGE + 1])
    kept = {"name": webhook.name, "url": webhook.url, "events": webhook.events}
    context = {
        "page": "settings",
        "webhook": webhook,
        "given": kept,
        "events": list(WebhookEvent),
        "deliveries": [_shown(row) for row in rows[:PAGE]],
        "live": any(row.settled_at is None for row in rows[:PAGE]),
        "newest": before is None,
        "older": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        **more,
    }
    response = render(request, "chat/webhook.html", context, status=status)
    # It may hold a secret that is shown this once.
    response["Cache-Control"] = "no-store"
    return response


def _shown(delivery: WebhookDelivery) -> dict[str, Any]:
    return {
        "row": delivery,
        "look": LOOKS[delivery.status],
        "event": "" if delivery.type == TEST else delivery.type.removeprefix("execution."),
        "body": json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False),
        "over": delivery.settled_at is not None,
    }
