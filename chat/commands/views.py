"""The command page's endpoints: they parse, start or continue one run, and follow it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from django.db import close_old_connections
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat.commands import requests, runs, streams
from chat.commands.base import CommandView
from chat.commands.frames import Frame, init
from chat.commands.requests import OnDisconnect
from chat.commands.responses import AnswerResponse, FilesResponse, ProjectsResponse
from chat.commands.ties import tie_of
from chat.commands.tree import tree_of
from executions import connections
from executions.agents.claude.projects import list_projects, resolve_project
from executions.api.pagination import whole_number
from executions.api.stream import counted, nothing_more
from executions.models import Execution
from executions.states import State
from executions.validation import MAX_ID

STREAM = {(200, "text/event-stream"): OpenApiResponse(OpenApiTypes.STR, description="Server-Sent Events.")}
LAST_EVENT_ID = OpenApiParameter("Last-Event-ID", int, OpenApiParameter.HEADER, description="Read on after this id.")


class RunView(CommandView):
    """A view whose request owns a run for as long as it lasts."""

    def answered(self, request: Request, execution: Execution, after: int, given: dict[str, Any]) -> HttpResponseBase:
        """Return the run as the one JSON object that it comes to."""
        return self._follow(request, execution, given, "application/json", streams.as_json, after)

    def streamed(
        self, request: Request, execution: Execution, after: int, given: dict[str, Any], opening: Frame | None = None
    ) -> HttpResponseBase:
        """Return the run as a stream of events; ``opening`` is told first."""
        if execution.state == State.FINISHED and after and after >= execution.last_seq:
            return nothing_more()
        return self._follow(request, execution, given, "text/event-stream", streams.as_events, after, opening)

    def _follow(
        self, request: Request, execution: Execution, given: dict[str, Any], kind: str, as_what: Any, *rest: Any
    ) -> StreamingHttpResponse:
        tie = tie_of(request._request)
        if given["on_disconnect"] == OnDisconnect.CANCEL:
            tie.hold(execution.pk, self.me)
        close_old_connections()  # the answer may take hours, and this thread with it
        pieces: AsyncIterator[bytes] = as_what(execution.pk, tie, *rest)
        response = StreamingHttpResponse(counted(pieces, self.me.pk), content_type=kind)
        response["Cache-Control"] = "no-cache"
        response["X-Accel-Buffering"] = "no"
        return response

    def last_event_id(self, request: Request) -> int | None:
        """Return the id after which a reader reads on, ``None`` when it does not. Raises ValidationError."""
        last = request.headers.get("Last-Event-ID") or None
        return None if last is None else whole_number(last, "Last-Event-ID", 0, MAX_ID)


class CommandRunView(RunView):
    """Runs a command in a project; answers once it is done or asks something."""

    @extend_schema(request=requests.CommandRequest, responses=AnswerResponse, operation_id="command")
    def post(self, request: Request) -> HttpResponseBase:
        given = self.given(requests.CommandRequest, request)
        connections.require_room(self.me.pk)
        return self.answered(request, runs.start_command(self.me, given), 0, given)


class CommandStreamView(RunView):
    """Runs a command in a project, and tells what happens as it happens."""

    @extend_schema(
        request=requests.CommandRequest, responses=STREAM, parameters=[LAST_EVENT_ID], operation_id="command_stream"
    )
    def post(self, request: Request) -> HttpResponseBase:
        given, last = self.given(requests.CommandRequest, request), self.last_event_id(request)
        connections.require_room(self.me.pk)
        if last is not None:
            return self.streamed(request, runs.started_before(self.me, given), last, given)
        return self.streamed(request, runs.start_command(self.me, given), 0, given)

    @extend_schema(
        responses=STREAM, parameters=[LAST_EVENT_ID, requests.StreamQuery], operation_id="command_stream_read"
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Reads on in a run, by its ``execution_id``; leaving does not stop it."""
        asked = self.asked(requests.StreamQuery, request)
        connections.require_room(self.me.pk)
        after = self.last_event_id(request) or asked["after"]
        return self.streamed(request, runs.run_of(self.me, asked["execution_id"]), after, asked)


class ContinueView(RunView):
    """Answers what a session of the CLI asks, or sends its next message; answers once that is done."""

    @extend_schema(request=requests.ContinueRequest, responses=AnswerResponse, operation_id="command_continue")
    def post(self, request: Request) -> HttpResponseBase:
        given = self.given(requests.ContinueRequest, request)
        connections.require_room(self.me.pk)
        return self.answered(request, *runs.continue_session(self.me, given), given)


class ContinueStreamView(RunView):
    """Answers what a session of the CLI asks, or sends its next message, and tells what happens."""

    @extend_schema(
        request=requests.ContinueRequest,
        responses=STREAM,
        parameters=[LAST_EVENT_ID],
        operation_id="command_continue_stream",
    )
    def post(self, request: Request) -> HttpResponseBase:
        given, last = self.given(requests.ContinueRequest, request), self.last_event_id(request)
        connections.require_room(self.me.pk)
        if last is not None:
            return self.streamed(request, runs.continued_before(self.me, given), last, given)
        execution, after = runs.continue_session(self.me, given)
        # A run that goes on does not begin again, and a stream does.
        opening = Frame(init(given["session_id"], execution.pk)) if after else None
        return self.streamed(request, execution, after, given, opening)


class ProjectsView(CommandView):
    """The projects that commands can run in."""

    @extend_schema(responses=ProjectsResponse, operation_id="projects")
    def get(self, request: Request) -> Response:
        projects = [{"name": project.name, "path": str(project.path)} for project in list_projects()]
        return Response({"success": True, "projects": projects})


class FilesView(CommandView):
    """A project's files."""

    @extend_schema(parameters=[requests.FilesQuery], responses=FilesResponse, operation_id="files")
    def get(self, request: Request) -> Response:
        project = resolve_project(self.asked(requests.FilesQuery, request)["project"])
        files, truncated = tree_of(project)
        return Response({"success": True, "files": files, "truncated": truncated})
