"""What the panel's views answer, for the API's documentation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat.models import PushSubscription
from chat.push.kinds import Kind, kinds_of
from executions.api.serializers import ExecutionSerializer, UtcField
from executions.scopes import Scope


class SessionResponse(serializers.Serializer[Any]):
    session_id = serializers.CharField()
    title = serializers.CharField()
    archived = serializers.BooleanField()
    last_message = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    message_count = serializers.IntegerField()
    status = serializers.CharField(help_text="Of what is unfinished in it; empty for none.")


class SessionsResponse(serializers.Serializer[Any]):
    sessions = SessionResponse(many=True)


class ChatMessage(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="0 for an answer that is still being written.")
    session_id = serializers.CharField()
    role = serializers.ChoiceField(choices=["user", "assistant", "system"])
    content = serializers.CharField()
    html = serializers.CharField(help_text="The content as sanitised HTML.")
    created_at = serializers.DateTimeField()
    execution_id = serializers.IntegerField(allow_null=True)
    status = serializers.CharField()
    outcome = serializers.CharField(help_text="How an answer ended; empty for others.")
    error = serializers.CharField()
    receipt = serializers.DictField()
    duration = serializers.CharField()
    seq = serializers.IntegerField(required=False, help_text="What `content` holds of the journal.")


class MessagesResponse(serializers.Serializer[Any]):
    messages = ChatMessage(many=True)


class SentResponse(serializers.Serializer[Any]):
    message = ChatMessage()
    execution = ExecutionSerializer()


class CanceledResponse(serializers.Serializer[Any]):
    canceled = serializers.IntegerField()
    message = serializers.CharField()


class ActiveExecution(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    session_id = serializers.CharField()
    started_at = serializers.DateTimeField(help_text="Of a queued one: when it was made.")
    duration = serializers.CharField(help_text="Such as 45.3s.")
    status = serializers.CharField()


class ForkResponse(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    new_session_id = serializers.CharField()
    messages_copied = serializers.IntegerField()


class TokenResponse(serializers.Serializer[Any]):
    token = serializers.CharField()
    expires_in = serializers.IntegerField(allow_null=True, help_text="Seconds; null when it does not expire.")


class HeldToken(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True, help_text="Empty for one that a login made.")
    scope = serializers.ChoiceField(choices=list(Scope))
    beginning = serializers.CharField(help_text="To recognize it by.")
    created_at = UtcField(source="created")
    expires_at = UtcField(source="expiry", allow_null=True)
    last_used_at = UtcField(allow_null=True, help_text="To a few minutes.")


class NewToken(HeldToken):
    token = serializers.CharField(help_text="Told this once: only a digest of it is kept.")


class TokensResponse(serializers.Serializer[Any]):
    tokens = HeldToken(many=True)


class UserResponse(serializers.Serializer[Any]):
    username = serializers.CharField()
    role = serializers.ChoiceField(choices=["admin", "user"])


class StatusResponse(serializers.Serializer[Any]):
    status = serializers.CharField()


class ModelsResponse(serializers.Serializer[Any]):
    current_model = serializers.CharField()
    providers = serializers.ListField(child=serializers.DictField())


class ToolsResponse(serializers.Serializer[Any]):
    tools = serializers.ListField(child=serializers.CharField())


class PushBrowser(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    endpoint = serializers.CharField(help_text="The address at the push service of the browser's maker.")
    user_agent = serializers.CharField(allow_blank=True)
    kinds = serializers.SerializerMethodField(help_text="What it is told of.")
    language = serializers.CharField()
    created_at = UtcField()
    last_used_at = UtcField(allow_null=True)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=list(Kind))))
    def get_kinds(self, browser: PushSubscription) -> list[str]:
        return list(kinds_of(browser.wanted))


class PushResponse(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="`applicationServerKey` of `pushManager.subscribe`, in base64url.")
    browsers = PushBrowser(many=True)
