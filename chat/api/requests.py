"""What the panel's views take. Shapes and types only: what is allowed is decided in the services."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chat import tokens
from chat.push.kinds import Kind
from chat.services import DEFAULT_SESSION_ID, MAX_CLIENT_ID_CHARS, MAX_TITLE_CHARS
from chat.transcript import MAX_MESSAGES
from executions.scopes import MEANINGS, Scope
from executions.states import OnBusy
from executions.validation import MAX_ID, MAX_REASON_CHARS

#: Hashing a longer password would only be work for the server.
MAX_PASSWORD_CHARS = 1000


class PasswordField(serializers.CharField):
    """A password: never shown again, blanks belong to it."""

    def __init__(self, **kwargs: Any) -> None:
        style = {"input_type": "password"}
        super().__init__(trim_whitespace=False, max_length=MAX_PASSWORD_CHARS, write_only=True, style=style, **kwargs)


class LoginRequest(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = PasswordField()


class ChangePasswordRequest(serializers.Serializer[Any]):
    current_password = PasswordField(required=False)
    old_password = PasswordField(required=False)
    new_password = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["current"] = attrs.get("current_password") or attrs.get("old_password")
        if not attrs["current"]:
            raise serializers.ValidationError({"current_password": "Give your current password."})
        return attrs


class NewTokenRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=tokens.MAX_NAME_CHARS, help_text="Such as where it will be used.")
    scope = serializers.ChoiceField(
        choices=list(Scope), default=Scope.RUN, help_text="; ".join(f"`{s}`: {words}" for s, words in MEANINGS.items())
    )
    days = serializers.IntegerField(
        default=tokens.DEFAULT_DAYS, min_value=1, max_value=tokens.MAX_DAYS, help_text="After these it ends."
    )


class CancelRequest(serializers.Serializer[Any]):
    session_id = serializers.CharField(max_length=128)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_REASON_CHARS)


class MessageRequest(serializers.Serializer[Any]):
    content = serializers.CharField(trim_whitespace=False, style={"base_template": "textarea.html", "rows": 6})
    session_id = serializers.CharField(required=False, default=DEFAULT_SESSION_ID, max_length=128)
    model = serializers.CharField(required=False, allow_blank=True, allow_null=True, default="", max_length=200)
    web_search = serializers.BooleanField(required=False, allow_null=True, default=None)
    exclude_tools = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=100)
    on_busy = serializers.ChoiceField(choices=list(OnBusy), default=OnBusy.QUEUE)
    client_id = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_CLIENT_ID_CHARS)
    replaces = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=MAX_ID,
        help_text="An execution of the session: its message and all after it make way for this one. They are kept as "
        "an archived session of their own.",
    )
    agent = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=64, help_text="Chosen by the model when empty."
    )
    agent_options = serializers.DictField(
        required=False, help_text='The agent\'s own, such as {"project": "/srv/projects/shop"} for `claude`.'
    )


class SessionsQuery(serializers.Serializer[Any]):
    archived = serializers.BooleanField(required=False, default=False)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)
    offset = serializers.IntegerField(default=0, min_value=0, max_value=MAX_ID)


class SessionQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(default=MAX_MESSAGES, min_value=1, max_value=MAX_MESSAGES)
    before = serializers.IntegerField(required=False, default=None, min_value=0, max_value=MAX_ID)


class SessionChange(serializers.Serializer[Any]):
    title = serializers.CharField(required=False, max_length=MAX_TITLE_CHARS)
    archived = serializers.BooleanField(required=False, default=None, allow_null=True)
    deleted = serializers.BooleanField(
        required=False,
        default=None,
        allow_null=True,
        help_text="`true` throws it away and stops what runs in it; `false` brings it back, for an hour.",
    )


class SearchQuery(serializers.Serializer[Any]):
    q = serializers.CharField()
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


class ForkRequest(serializers.Serializer[Any]):
    session_id = serializers.CharField(max_length=128)
    message_id = serializers.IntegerField(default=0, min_value=0, max_value=MAX_ID, help_text="0 copies all.")
    execution_id = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=MAX_ID,
        help_text="Up to and including the answer of this execution, instead of `message_id`.",
    )


class PushKeys(serializers.Serializer[Any]):
    p256dh = serializers.CharField(max_length=200, help_text="The browser's public key, in base64url.")
    auth = serializers.CharField(max_length=100, help_text="The secret beside it.")


class PushRequest(serializers.Serializer[Any]):
    """What `PushSubscription.toJSON()` gives in a browser, and what to tell it of."""

    endpoint = serializers.CharField(max_length=2000)
    keys = PushKeys()
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=list(Kind)), max_length=2 * len(Kind))
