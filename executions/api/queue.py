"""Whether the queue is held, holding it, stopping everything, and releasing it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from executions import holding
from executions.api import confirmation
from executions.api.base import EngineView, StaffView
from executions.api.serializers import CancelManyResultSerializer, ErrorSerializer, UtcField
from executions.errors import NotHeld
from executions.models import Execution, Hold
from executions.preview import preview
from executions.states import Source
from executions.validation import MAX_REASON_CHARS

NOT_HELD = {409: OpenApiResponse(ErrorSerializer, description="It is not held.")}


class HoldSerializer(serializers.ModelSerializer[Hold]):
    """By whom the queue is held, since when and why."""

    agent = serializers.CharField(read_only=True, help_text="Whose executions wait; empty: everybody's.")
    held_at = UtcField(read_only=True)

    class Meta:
        model = Hold
        fields = ("id", "agent", "held_at", "held_by", "reason")
        read_only_fields = fields


class QueueSerializer(serializers.Serializer[Any]):
    """The queue as it is now."""

    held = serializers.BooleanField(help_text="Whether nothing at all is begun.")
    holds = HoldSerializer(many=True, help_text="Those of single agents as well.")
    queued = serializers.IntegerField(help_text="How many of yours wait in it; for staff, of everybody's.")
    would_stop = serializers.CharField(required=False, help_text="For staff: what `stop` would stop, in words.")


@extend_schema_serializer(component_name="QueueHoldRequest")
class HoldRequest(serializers.Serializer[Any]):
    """What to hold, and why."""

    agent = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=64, help_text="Only this one's; empty: everybody's."
    )
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_REASON_CHARS)
    stop = serializers.BooleanField(default=False, help_text="Also stop all that runs or waits for an answer.")


@extend_schema_serializer(component_name="QueueReleaseRequest")
class ReleaseRequest(serializers.Serializer[Any]):
    """What to release."""

    agent = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=64, help_text="The hold of this one; empty: of all."
    )
    requeue = serializers.BooleanField(default=False, help_text="Queue again, as retries, what the hold had stopped.")


class HoldResultSerializer(serializers.Serializer[Any]):
    """What a hold did."""

    hold = HoldSerializer()
    new = serializers.BooleanField(help_text="Whether it was not held before.")
    stop = CancelManyResultSerializer(allow_null=True, help_text="What was stopped.")


class ReleaseResultSerializer(serializers.Serializer[Any]):
    """What a release did."""

    hold = HoldSerializer()
    requeued = serializers.ListField(child=serializers.IntegerField(), help_text="The new executions.")
    refused = serializers.DictField(
        child=serializers.CharField(), help_text="Why some could not be queued again, by the id of what was stopped."
    )


class QueueView(EngineView):
    """The queue."""

    @extend_schema(summary="Whether the queue is held", responses=QueueSerializer, operation_id="queue", tags=["queue"])
    def get(self, request: Request) -> Response:
        """By whom it is held, since when, and why; while it is, what you start waits."""
        holds = holding.in_force()
        queued = Execution.objects.visible_to(self.me).queued().count()
        found: dict[str, Any] = {"held": any(not hold.agent for hold in holds), "holds": holds, "queued": queued}
        if self.me.is_staff:
            found["would_stop"] = str(preview(Execution.objects.active()))
        return Response(QueueSerializer(found).data)


class QueueHoldView(StaffView):
    """The panic button."""

    @extend_schema(
        summary="Hold the queue, and stop everything",
        request=HoldRequest, responses=HoldResultSerializer, operation_id="queue_hold", tags=["queue"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Let nothing more begin; once this is answered, no worker takes anything. Doing it twice is harmless."""
        given = self.given(HoldRequest, request)
        stop, source = given.pop("stop"), Source.API
        hold, new = holding.hold(by=self.me, source=source, **given)
        report = holding.stop_everything(hold, by=self.me, reason=given["reason"], source=source) if stop else None
        stopped = confirmation.result_of_many(report, []) if report is not None else None
        return Response(HoldResultSerializer({"hold": hold, "new": new, "stop": stopped}).data)


class QueueReleaseView(StaffView):
    """And back."""

    @extend_schema(
        summary="Release the queue", request=ReleaseRequest, responses={200: ReleaseResultSerializer, **NOT_HELD},
        operation_id="queue_release", tags=["queue"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Let executions begin again."""
        given = self.given(ReleaseRequest, request)
        hold = Hold.objects.in_force().filter(agent=given["agent"]).first()
        if hold is None:
            raise NotHeld
        done = holding.release(hold, by=self.me, requeue=given["requeue"], source=Source.API)
        return Response(ReleaseResultSerializer({"hold": hold, "requeued": done.started, "refused": done.refused}).data)
