"""What runs in your sessions, and how to stop it."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat import services
from chat.api import requests, responses
from chat.api.base import PanelView
from chat.tasks import rfc3339, task_of
from executions.models import Execution


class CancelView(PanelView):
    """Stops everything unfinished in a session of yours; none is not an error."""

    @extend_schema(request=requests.CancelRequest, responses=responses.CanceledResponse)
    def post(self, request: Request) -> Response:
        given = self.given(requests.CancelRequest, request)
        report = services.cancel(self.me, given["session_id"], reason=given["reason"])
        message = f"Canceled {report.count} execution(s)"
        return Response({"canceled": report.count, "message": message, "execution_ids": report.canceled
                         + report.requested})  # fmt: skip


class ActiveView(PanelView):
    """Your unfinished executions, queued ones too, the oldest first."""

    @extend_schema(responses=responses.ActiveExecution(many=True))
    def get(self, request: Request) -> Response:
        mine = Execution.objects.filter(owner=self.me).unfinished().without_bodies().order_by("pk")
        return Response([task_of(e) | {"started_at": rfc3339(e.started_at or e.created_at)} for e in mine])
