"""Executions and their events as JSON, for every API of the site."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer, inline_serializer
from rest_framework import serializers

from executions.api import examples
from executions.claiming import queue_position
from executions.models import Execution
from executions.states import Outcome, Source

STATUSES = ["queued", "running", "waiting", "stopping", *Outcome]


class UtcField(serializers.DateTimeField):
    """A time in RFC 3339 with a ``Z``, whatever the site's time zone is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


@extend_schema_field({"type": ["object", "null"]})
class _ObjectOrNull(serializers.JSONField):
    pass


@extend_schema_serializer(examples=[examples.LISTED])
class ExecutionListSerializer(serializers.ModelSerializer[Execution]):
    """An execution in a list: everything but its answer."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    status = serializers.ChoiceField(choices=STATUSES, read_only=True, help_text="The one word people see.")
    outcome = serializers.ChoiceField(choices=["", *Outcome], read_only=True, help_text="Empty until it has finished.")
    stopping = serializers.BooleanField(read_only=True)
    question = _ObjectOrNull(read_only=True, help_text="What it waits to be told; `question_id` names it.")
    worker = serializers.CharField(source="worker_id", read_only=True, allow_null=True)
    retry_of = serializers.IntegerField(source="retry_of_id", read_only=True, allow_null=True)
    created_at = UtcField(read_only=True)
    started_at = UtcField(read_only=True, allow_null=True)
    finished_at = UtcField(read_only=True, allow_null=True)
    duration_ms = serializers.SerializerMethodField(help_text="From its start to its end, or to now.")
    journal_pruned = serializers.BooleanField(
        source="pruned", read_only=True, help_text="Whether its events were removed to save space; the rest is kept."
    )
    cancel = serializers.SerializerMethodField(help_text="Who asked it to stop, when and why.")
    usage = serializers.SerializerMethodField()

    class Meta:
        model = Execution
        fields: tuple[str, ...] = (
            "id", "owner", "session_id", "agent", "model", "state", "outcome", "status", "stopping", "priority",
            "prompt", "error", "error_code", "created_at", "started_at", "finished_at", "duration_ms", "cancel",
            "receipt", "question", "usage", "last_seq", "journal_pruned",
            "worker", "retry_of",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_duration_ms(self, execution: Execution) -> int | None:
        duration = execution.duration
        return None if duration is None else round(duration.total_seconds() * 1000)

    @extend_schema_field(
        inline_serializer(
            "ExecutionCancel",
            {
                "requested_at": UtcField(),
                "by": serializers.CharField(),
                "reason": serializers.CharField(),
                "source": serializers.ChoiceField(choices=list(Source)),
            },
            allow_null=True,
        )
    )
    def get_cancel(self, execution: Execution) -> dict[str, Any] | None:
        if execution.cancel_requested_at is None:
            return None
        by = execution.cancel_requested_by
        return {
            "requested_at": UtcField().to_representation(execution.cancel_requested_at),
            "by": by.get_username() if by else "",
            "reason": execution.cancel_reason,
            "source": execution.cancel_source,
        }

    @extend_schema_field(
        inline_serializer(
            "ExecutionUsage",
            {
                "input_tokens": serializers.IntegerField(),
                "output_tokens": serializers.IntegerField(),
                "requests": serializers.IntegerField(help_text="Calls of the model."),
                "cost_usd": serializers.FloatField(allow_null=True, help_text="null when the price is not known."),
            },
        )
    )
    def get_usage(self, execution: Execution) -> dict[str, Any]:
        return {
            "input_tokens": execution.input_tokens,
            "output_tokens": execution.output_tokens,
            "requests": execution.requests,
            "cost_usd": None if execution.cost_usd is None else float(execution.cost_usd),
        }


@extend_schema_serializer(examples=[examples.STOPPED])
class ExecutionSerializer(ExecutionListSerializer):
    """An execution with its answer, partial when it was stopped, and its place in the queue."""

    queue_position = serializers.SerializerMethodField(
        help_text="1 for the next one, by priority and age; owners take turns. null when it is not queued."
    )

    class Meta(ExecutionListSerializer.Meta):
        fields = (*ExecutionListSerializer.Meta.fields, "queue_position", "agent_session", "output")
        read_only_fields = fields

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_queue_position(self, execution: Execution) -> int | None:
        return queue_position(execution)


@extend_schema_serializer(examples=[examples.EVENT])
class EventSerializer(serializers.Serializer[Any]):
    """One event of the journal (an :class:`executions.events.Entry`)."""

    execution_id = serializers.IntegerField()
    seq = serializers.IntegerField(help_text="Counts from 1; give the last one you have seen as `after`.")
    type = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # the metaclass moves it to declared fields
    created_at = UtcField()


class EventPageSerializer(serializers.Serializer[Any]):
    """Events after a ``seq``."""

    results = EventSerializer(many=True)
    next_after = serializers.IntegerField(help_text="`after` of the next request.")
    has_more = serializers.BooleanField(help_text="Whether there are more events right now.")
    finished = serializers.BooleanField(
        help_text="Whether `results` ends with the last event, or the journal was removed."
    )


@extend_schema_serializer(component_name="Error", examples=[examples.ERROR])
class ErrorSerializer(serializers.Serializer[Any]):
    """What was wrong. Its members are those of RFC 9457 and our own."""

    detail = serializers.CharField(help_text="What was wrong and, where it can be said, what would be right.")
    error = serializers.CharField(help_text="The same text as `detail`.")
    code = serializers.CharField(help_text="Stable, for programs.")
    type = serializers.CharField(help_text="The code as a URI.")
    title = serializers.CharField(help_text="The code as words.")
    status = serializers.IntegerField(help_text="That of the response.")
    # What a serializer calls its own fields is a property of it.
    fields = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="Errors by field, of invalid input."
    )


@extend_schema_serializer(examples=[examples.CANCELED])
class CancelResultSerializer(serializers.Serializer[Any]):
    """What a cancel did."""

    canceled = serializers.IntegerField(help_text="How many are canceled now.")
    requested = serializers.IntegerField(help_text="How many were told to stop by this call and have not confirmed.")
    message = serializers.CharField()
    execution = ExecutionSerializer()


class CancelManyResultSerializer(serializers.Serializer[Any]):
    """What a cancel of many did."""

    canceled = serializers.IntegerField(help_text="How many were queued and are canceled now.")
    requested = serializers.IntegerField(help_text="How many were told to stop by this call.")
    already_requested = serializers.IntegerField()
    already_finished = serializers.IntegerField()
    not_found = serializers.ListField(child=serializers.IntegerField())
    message = serializers.CharField()


class StatsSerializer(serializers.Serializer[Any]):
    """Numbers for a dashboard, of what the caller may see."""

    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    waiting = serializers.IntegerField()
    stopping = serializers.IntegerField(help_text="Of the running and waiting ones.")
    workers = serializers.DictField(child=serializers.IntegerField(), help_text="`alive` ones and their `slots`.")
    recent = serializers.DictField(help_text="Of the newest finished ones: `count`, `outcomes`, `duration_ms`, usage.")
