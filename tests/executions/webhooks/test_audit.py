"""What people do with webhooks is in the audit log, without what is secret about them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from executions.models import WebhookDelivery
from executions.models.audit import AuditEntry
from executions.webhooks import services


def test_every_act_is_recorded_without_secrets(user: User, settings: Any) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "ALLOW_PRIVATE_ADDRESSES": True}
    webhook, secret = services.create(
        user, name="CI", url="http://127.0.0.1/T0/B1/hidden?key=hidden", events=["execution.failed"]
    )
    webhook = services.change(webhook, name="Builds", url="http://127.0.0.1/other/hidden", active=False)
    webhook = services.change(webhook, active=True)
    webhook, new = services.rotate(webhook)
    test = services.send_test(webhook)
    WebhookDelivery.objects.update(settled_at=timezone.now(), state="failed")
    services.redeliver(services.delivery_of(webhook, test.pk))
    services.end(webhook)
    entries = list(AuditEntry.objects.filter(kind="webhook").order_by("pk"))
    assert [entry.action for entry in entries] == [
        "webhook_made", "webhook_changed", "webhook_changed", "webhook_changed", "webhook_resent", "webhook_ended",
    ]  # fmt: skip
    assert {entry.owner_name for entry in entries} == {"ada"}
    kept = json.dumps([entry.details for entry in entries])
    for hidden in ("hidden", secret, new):
        assert hidden not in kept
    assert entries[0].details["host"] == "127.0.0.1"
    assert entries[1].details["changes"] == {"name": "Builds", "active": False}
