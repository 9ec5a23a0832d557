"""The workers, for the staff: which there are, and taking one out of service."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from executions import draining
from executions.api.base import StaffView
from executions.api.serializers import UtcField
from executions.models import Worker
from executions.states import Source
from executions.validation import MAX_REASON_CHARS


class WorkerSerializer(serializers.ModelSerializer[Worker]):
    """A process that runs executions."""

    state = serializers.CharField(read_only=True, help_text="`running`, `draining`, or `drained`: nothing is left.")
    held = serializers.IntegerField(read_only=True, help_text="Executions that run or wait there.")
    agents = serializers.ListField(child=serializers.CharField(), help_text="Those it serves; empty: all.")
    started_at, heartbeat_at = UtcField(read_only=True), UtcField(read_only=True)
    draining_at = UtcField(read_only=True, allow_null=True, help_text="Since when it takes nothing new.")

    class Meta:
        model = Worker
        fields = ("id", "host", "pid", "version", "state", "held", "slots", "agents", "started_at", "heartbeat_at",
                  "draining_at")  # fmt: skip
        read_only_fields = fields


class WorkersSerializer(serializers.Serializer[Any]):
    """The workers that are alive."""

    workers = WorkerSerializer(many=True)


@extend_schema_serializer(component_name="WorkerDrainRequest")
class DrainRequest(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_REASON_CHARS)


class WorkersView(StaffView):
    """Those that are alive."""

    @extend_schema(summary="The workers", responses=WorkersSerializer, operation_id="workers", tags=["workers"])
    def get(self, request: Request) -> Response:
        """The newest first."""
        return Response(WorkersSerializer({"workers": Worker.objects.alive().with_held()}).data)


class WorkerDrainView(StaffView):
    """Out of service."""

    @extend_schema(summary="Drain a worker", request=DrainRequest, responses=WorkerSerializer,
                   operation_id="workers_drain", tags=["workers"])  # fmt: skip
    def post(self, request: Request, worker_id: str) -> Response:
        """It takes nothing more, finishes what it has, and stays idle until it is resumed. Twice is harmless."""
        draining.drain(worker_id, by=self.me, source=Source.API, **self.given(DrainRequest, request))
        return Response(_as_json(worker_id))


class WorkerResumeView(StaffView):
    """And back."""

    @extend_schema(summary="Let a drained worker work again", request=None, responses=WorkerSerializer,
                   operation_id="workers_resume", tags=["workers"])  # fmt: skip
    def post(self, request: Request, worker_id: str) -> Response:
        """It takes executions again. Twice is harmless."""
        draining.resume(worker_id, by=self.me, source=Source.API)
        return Response(_as_json(worker_id))


def _as_json(worker_id: str) -> dict[str, Any]:
    return dict(WorkerSerializer(Worker.objects.with_held().get(pk=worker_id)).data)
