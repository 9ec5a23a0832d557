"""The REST API of executions."""

from __future__ import annotations

from typing import Any, cast

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import close_old_connections
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from executions import connections, readers
from executions.api import polling, stream
from executions.api.actions import ExecutionActions
from executions.api.filters import ExecutionFilter, StrictFilterBackend
from executions.api.pagination import HistoryPagination, whole_number
from executions.api.parsers import JSONParser
from executions.api.polling import MAX_WAIT_SECONDS, Version
from executions.api.renderers import EventStreamRenderer
from executions.api.requests import PollQuery, StartRequest
from executions.api.serializers import (
    EventPageSerializer,
    EventSerializer,
    ExecutionListSerializer,
    ExecutionSerializer,
    StatsSerializer,
)
from executions.api.stats import stats
from executions.events import Finished
from executions.models import Execution
from executions.states import State
from executions.validation import MAX_ID

EVENTS_PER_PAGE = 1_000
MAX_EVENTS_PER_PAGE = 5_000
STREAM = {
    (200, "text/event-stream"): OpenApiResponse(OpenApiTypes.STR, description="Server-Sent Events."),
    204: OpenApiResponse(description="There is nothing after that; do not ask again."),
}
ORDINAL = {"type": "integer", "minimum": 0, "maximum": MAX_ID}
AFTER = OpenApiParameter("after", ORDINAL, description="The last `seq` you have seen; 0 for all.")
LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID", ORDINAL, OpenApiParameter.HEADER, description="As `after`, which it wins over."
)
LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": MAX_EVENTS_PER_PAGE}, description="The most at once."
)

IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The `ETag` of what you have."
)
WAIT = OpenApiParameter(
    "wait",
    {"type": "number", "minimum": 0, "maximum": MAX_WAIT_SECONDS, "default": 0},
    description="Seconds to wait until it changes or has finished.",
)
NOT_MODIFIED = OpenApiResponse(description="It is what you have.")


@extend_schema_view(
    list=extend_schema(summary="History: executions, newest first"),
)
class ExecutionViewSet(mixins.ListModelMixin, ExecutionActions):
    """Executions that you may see: your own, and as staff everybody's."""

    parser_classes = (JSONParser, FormParser, MultiPartParser)
    renderer_classes = (JSONRenderer, BrowsableAPIRenderer)
    filter_backends = (StrictFilterBackend,)
    filterset_class = ExecutionFilter
    pagination_class = HistoryPagination
    serializer_class = ExecutionSerializer
    lookup_value_regex = "[^/]+"

    def get_view_name(self) -> str:
        return self.name or ("Executions" if self.suffix == "List" else "Execution")

    def get_serializer_class(self) -> type[Any]:
        return {"list": ExecutionListSerializer, "create": StartRequest}.get(self.action, self.serializer_class)

    @extend_schema(
        summary="One execution with its answer",
        parameters=[WAIT, IF_NONE_MATCH],
        responses={200: ExecutionSerializer, 304: NOT_MODIFIED},
    )
    def retrieve(self, request: Request, pk: str) -> HttpResponseBase:
        """With `wait`, answered when it changes: when it is not what `If-None-Match` names, or else what it is now."""
        asked = PollQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        if asked.validated_data["wait"] or "If-None-Match" in request.headers:
            version = self.awaited(self.addressed(), asked.validated_data["wait"])
            if (response := polling.unchanged(request, version.etag)) is not None:
                return response
        execution = self.get_object()
        response = Response(self.get_serializer(execution).data)
        polling.name(response, polling.version_of(execution).etag)
        return response

    def awaited(self, execution_id: int, seconds: float) -> Version:
        """Return what the execution is called once it is not what the client has; after ``seconds`` what it is then.

        Raises NotFound, TooManyConnections.
        """
        me, version = cast("User", self.request.user), polling.current(execution_id)
        if version is None or not (me.is_staff or version.owner_id == me.pk):
            raise self.missing(execution_id)
        known = "If-None-Match" not in self.request.headers or polling.unchanged(self.request, version.etag)
        if seconds and known and not version.finished:
            connections.require_room(me.pk)
            async_to_sync(polling.until_changed)(execution_id, version, seconds, me.pk)
            return polling.current(execution_id) or version
        return version

    @extend_schema(
        summary="What runs or waits right now",
        parameters=[IF_NONE_MATCH],
        responses={200: ExecutionListSerializer(many=True), 304: NOT_MODIFIED},
    )
    @action(detail=False, pagination_class=None, serializer_class=ExecutionListSerializer)
    def active(self, request: Request) -> HttpResponseBase:
        """Everything running or waiting for an answer, longest first; the list's filters apply."""
        active = self.filter_queryset(self.get_queryset().active().order_by("started_at", "id"))
        rows = list(active.prefetch_related(None))
        etag = polling.etag_of(map(polling.changing, rows))
        response = polling.unchanged(request, etag)
        if response is None:
            prefetch_related_objects(rows, *self.people)
            response = Response(self.get_serializer(rows, many=True).data)
            polling.name(response, etag)
        return response

    @extend_schema(summary="Numbers for a dashboard", responses=StatsSerializer, filters=False)
    @action(detail=False, pagination_class=None, filterset_class=None)
    def stats(self, request: Request) -> Response:
        """How many are queued, running, waiting and stopping, and how the newest ones ended."""
        return Response(stats(Execution.objects.visible_to(request.user)))

    @extend_schema(
        summary="Events after a seq; with `Accept: text/event-stream` live",
        parameters=[AFTER, LIMIT],
        responses={200: EventPageSerializer},
        filters=False,
    )
    @action(detail=True, pagination_class=None, filterset_class=None,
            renderer_classes=[JSONRenderer, BrowsableAPIRenderer, EventStreamRenderer])  # fmt: skip
    def events(self, request: Request, pk: str) -> HttpResponseBase:
        """What has happened so far, in order; `next_after` is the `after` of the next request."""
        execution = self.get_object()
        if request.accepted_renderer.format == EventStreamRenderer.format:
            return self.streamed(execution)
        after = whole_number(request.query_params.get("after", "0"), "after", 0, MAX_ID)
        limit = request.query_params.get("limit", str(EVENTS_PER_PAGE))
        size = whole_number(limit, "limit", 1, MAX_EVENTS_PER_PAGE)
        entries = readers.read(execution.pk, after, size + 1)
        page = entries[:size]
        return Response(
            {
                "results": EventSerializer(page, many=True).data,
                "next_after": page[-1].seq if page else after,
                "has_more": len(entries) > size,
                "finished": execution.pruned or (bool(page) and page[-1].type == Finished.type),
            }
        )

    @extend_schema(
        summary="Events as Server-Sent Events, live", parameters=[AFTER, LAST_EVENT_ID], responses=STREAM, filters=False
    )
    @action(detail=True, pagination_class=None, filterset_class=None, url_path="events/stream",
            renderer_classes=[EventStreamRenderer, JSONRenderer, BrowsableAPIRenderer])  # fmt: skip
    def events_stream(self, request: Request, pk: str) -> HttpResponseBase:
        """Every event exactly once, until the last; `id:` is the seq, so `Last-Event-ID` resumes."""
        return self.streamed(self.get_object())

    def streamed(self, execution: Execution) -> HttpResponseBase:
        """Return the stream that continues where the reader says it was."""
        last = self.request.headers.get("Last-Event-ID")
        raw, name = (self.request.query_params.get("after", "0"), "after") if last is None else (last, "Last-Event-ID")
        after = whole_number(raw, name, 0, MAX_ID)
        close_old_connections()  # the stream may be open for hours, and this thread with it
        if execution.pruned or (execution.state == State.FINISHED and after >= execution.last_seq):
            return stream.nothing_more()
        return stream.response(execution.pk, after, cast("int", self.request.user.pk))

    def handle_exception(self, exc: Exception) -> Response:
        """Answer errors as JSON where a stream was asked for."""
        renderer = getattr(self.request, "accepted_renderer", None)
        if renderer is None or renderer.format == EventStreamRenderer.format:
            self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), "application/json"
        return super().handle_exception(exc)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Show the form of an action to a person who opens its address in the browsable API."""
        if request.method == "GET" and self.request.accepted_renderer.format == BrowsableAPIRenderer.format:
            return Response(ExecutionSerializer(self.get_object()).data if "pk" in kwargs else {})
        raise MethodNotAllowed(str(request.method))
