"""Webhooks and their deliveries as JSON, and what is asked of them."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from executions.api.serializers import UtcField
from executions.models import Webhook, WebhookDelivery
from executions.models.delivery import DeliveryState
from executions.webhooks.events import WebhookEvent
from executions.webhooks.services import MAX_NAME_CHARS, MAX_URL_CHARS

WEBHOOK: dict[str, Any] = {
    "id": 3,
    "name": "CI",
    "url": "https://ci.example.org/hooks/kakoclaw",
    "events": ["execution.failed", "execution.lost"],
    "active": True,
    "failures": 0,
    "failing_since": None,
    "disabled_at": None,
    "disabled_reason": "",
    "created_at": "2026-03-01T09:00:00.000000Z",
    "old_secret_until": None,
}
SECRET = {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwmjOJZ2Yr0Xo="}


@extend_schema_serializer(examples=[OpenApiExample("A webhook", WEBHOOK, response_only=True)])
class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """A webhook, without its secret."""

    events = serializers.ListField(child=serializers.ChoiceField(choices=list(WebhookEvent)), read_only=True)
    active = serializers.BooleanField(read_only=True)
    failing_since = UtcField(read_only=True, allow_null=True)
    disabled_at = UtcField(read_only=True, allow_null=True)
    created_at = UtcField(read_only=True)
    old_secret_until = UtcField(
        source="old_key_until", read_only=True, allow_null=True, help_text="Until when the secret before signs, too."
    )

    class Meta:
        model = Webhook
        fields: tuple[str, ...] = (
            "id", "name", "url", "events", "active", "failures", "failing_since", "disabled_at", "disabled_reason",
            "created_at", "old_secret_until",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_serializer(examples=[OpenApiExample("A new one", {**WEBHOOK, **SECRET}, response_only=True)])
class NewWebhookSerializer(WebhookSerializer):
    """A webhook with its secret."""

    secret = serializers.CharField(help_text="Told this once; it signs every message.")

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")
        read_only_fields = fields


class EventsField(serializers.ListField):
    """Names of events, at least one."""

    def __init__(self, **kwargs: Any) -> None:
        choice = serializers.ChoiceField(choices=list(WebhookEvent))
        super().__init__(**{"child": choice, "allow_empty": False, "max_length": 2 * len(WebhookEvent), **kwargs})


@extend_schema_serializer(
    component_name="WebhookRequest",
    examples=[
        OpenApiExample(
            "What went wrong, to a CI", {name: WEBHOOK[name] for name in ("name", "url", "events")}, request_only=True
        )
    ],
)
class WebhookRequest(serializers.Serializer[Any]):
    """A new webhook."""

    name = serializers.CharField(max_length=MAX_NAME_CHARS)
    url = serializers.CharField(max_length=MAX_URL_CHARS, help_text="https:// or http://, at a public address.")
    events = EventsField()


@extend_schema_serializer(
    component_name="WebhookChangeRequest",
    examples=[OpenApiExample("Switch it on again", {"active": True}, request_only=True)],
)
class WebhookChangeRequest(serializers.Serializer[Any]):
    """What to change of a webhook; the rest stays."""

    name = serializers.CharField(max_length=MAX_NAME_CHARS, required=False)
    url = serializers.CharField(max_length=MAX_URL_CHARS, required=False)
    events = EventsField(required=False)
    active = serializers.BooleanField(required=False, allow_null=True, default=None)


class WebhookAttemptSerializer(serializers.Serializer[Any]):
    """One attempt to deliver."""

    at = serializers.DateTimeField()
    ms = serializers.IntegerField(allow_null=True, help_text="How long it took.")
    status = serializers.IntegerField(allow_null=True, help_text="Of the response; null when there was none.")
    error = serializers.CharField(allow_blank=True)


class WebhookDeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """A message to a webhook, and how that went."""

    state = serializers.ChoiceField(choices=[state.value for state in DeliveryState], read_only=True)
    execution_id = serializers.IntegerField(read_only=True, allow_null=True)
    created_at = UtcField(read_only=True)
    settled_at = UtcField(read_only=True, allow_null=True, help_text="Since when it is delivered or has failed.")
    next_at = UtcField(read_only=True, allow_null=True, help_text="When it is tried again.")
    log = WebhookAttemptSerializer(many=True, read_only=True, help_text="The newest attempts that are over.")
    payload = serializers.SerializerMethodField(help_text="What is sent, parsed.")

    class Meta:
        model = WebhookDelivery
        fields = (
            "id", "message_id", "type", "execution_id", "state", "attempts", "created_at", "settled_at", "next_at",
            "log", "payload",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_payload(self, delivery: WebhookDelivery) -> Any:
        return json.loads(delivery.body)
