"""What the API takes. Shapes and types only: what the engine allows is decided in its services."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from executions.api import examples
from executions.api.polling import MAX_WAIT_SECONDS
from executions.states import OnBusy
from executions.validation import MAX_REASON_CHARS, PRIORITIES

MAX_IDS = 10_000


@extend_schema_serializer(component_name="ExecutionStartRequest", examples=examples.START)
class StartRequest(serializers.Serializer[Any]):
    """A new execution."""

    # How long a prompt may be is the engine's setting; whitespace belongs to the author.
    prompt = serializers.CharField(trim_whitespace=False, style={"base_template": "textarea.html", "rows": 6})
    session_id = serializers.CharField(required=False, allow_blank=True, max_length=128)
    agent = serializers.CharField(required=False, allow_blank=True, max_length=64, help_text="Chosen by the model.")
    model = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="Empty: the default one.")
    options = serializers.JSONField(
        required=False, help_text='Such as {"exclude_tools": ["exec"], "web_search": false}.'
    )
    limits = serializers.JSONField(required=False, help_text='Tighter than the site\'s, such as {"wall_seconds": 60}.')
    priority = serializers.IntegerField(
        default=0, min_value=PRIORITIES[0], max_value=PRIORITIES[-1], help_text="Higher ones start first."
    )
    on_busy = serializers.ChoiceField(
        choices=list(OnBusy), default=OnBusy.QUEUE, help_text="When the session has an unfinished execution."
    )


@extend_schema_serializer(component_name="ExecutionCancelRequest", examples=[examples.CANCEL])
class CancelRequest(serializers.Serializer[Any]):
    """Why to stop, and how long to wait for the confirmation."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_REASON_CHARS)
    wait = serializers.FloatField(
        default=0, min_value=0, max_value=MAX_WAIT_SECONDS, help_text="Seconds to wait until it has stopped."
    )


class PollQuery(serializers.Serializer[Any]):
    """How long to wait for something new."""

    wait = serializers.FloatField(default=0, min_value=0, max_value=MAX_WAIT_SECONDS)


class IdField(serializers.IntegerField):
    """An id: a whole number in JSON, not a text or a boolean."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_serializer(component_name="ExecutionCancelManyRequest", examples=examples.CANCEL_MANY)
class CancelManyRequest(serializers.Serializer[Any]):
    """Which executions to stop: exactly one of ``ids``, ``filter`` and ``all``."""

    ids = serializers.ListField(
        child=IdField(min_value=1, max_value=2**63 - 1), required=False, allow_empty=False, max_length=MAX_IDS
    )
    filter = serializers.JSONField(
        required=False, help_text='The filters of the list, such as {"session_id": "web:chat", "status": ["queued"]}.'
    )
    all = serializers.BooleanField(required=False, help_text="Everything unfinished that you may see.")
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_REASON_CHARS)

    def validate_filter(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not value:
            raise serializers.ValidationError('Must be an object with at least one filter, or use "all": true.')
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # An HTML form always sends its checkbox, so false counts as not given.
        given = [name for name in ("ids", "filter", "all") if attrs.get(name)]
        if len(given) != 1:
            raise serializers.ValidationError(
                'Say which executions: exactly one of "ids": [1, 2], "filter": {"session_id": "…"} and "all": true.'
            )
        return attrs


@extend_schema_serializer(component_name="ExecutionAnswerRequest", examples=examples.ANSWER)
class AnswerRequest(serializers.Serializer[Any]):
    """The answer to the question that a waiting execution shows."""

    question_id = serializers.CharField(max_length=128)
    answers = serializers.JSONField(required=False, help_text="For questions: {question: label, [labels] or text}.")
    approved = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="For a plan.")
    comment = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    answer = serializers.JSONField(required=False, help_text="Instead of the three above: an object with them.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("answer") is None:
            parts = {name: attrs[name] for name in ("answers", "approved", "comment") if attrs.get(name) is not None}
            attrs["answer"] = parts
        return attrs


@extend_schema_serializer(component_name="ExecutionPriorityRequest")
class PriorityRequest(serializers.Serializer[Any]):
    """Where in the queue."""

    priority = serializers.IntegerField(min_value=PRIORITIES[0], max_value=PRIORITIES[-1])
