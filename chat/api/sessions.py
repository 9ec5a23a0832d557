"""Sessions and what was said in them."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from chat import branches, searching, services, trash
from chat.api import requests, responses
from chat.api.base import PanelView
from chat.models import Session
from chat.transcript import message_of, messages_of, session_of, sessions_of
from executions.api.serializers import ErrorSerializer, ExecutionSerializer
from executions.models import Execution
from executions.states import Source


class SessionsView(PanelView):
    """Your sessions, the one you used last first."""

    @extend_schema(
        operation_id="chat_sessions_list", parameters=[requests.SessionsQuery], responses=responses.SessionsResponse
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(requests.SessionsQuery, request)
        mine = Session.objects.owned_by(self.me).filter(archived=asked["archived"]).newest_first()
        page = list(mine[asked["offset"] : asked["offset"] + asked["limit"]])
        return Response({"sessions": sessions_of(page, self.me)})


class SessionView(PanelView):
    """One of your sessions: its messages, its name, its end."""

    @extend_schema(parameters=[requests.SessionQuery], responses=responses.MessagesResponse)
    def get(self, request: Request, session_id: str) -> Response:
        asked = self.asked(requests.SessionQuery, request)
        session = services.get_session(self.me, session_id)
        return Response({"messages": messages_of(session, asked["limit"], asked["before"])})

    @extend_schema(request=requests.SessionChange, responses=responses.SessionResponse)
    def patch(self, request: Request, session_id: str) -> Response:
        changes = self.given(requests.SessionChange, request)
        deleted = changes.pop("deleted")
        if deleted is False:
            trash.bring_back(self.me, session_id)
        if deleted is True:
            session = services.update_session(self.me, session_id, **changes)
            trash.throw_away(self.me, session_id, source=Source.API)
            return Response(session_of(session))
        return Response(session_of(services.update_session(self.me, session_id, **changes)))

    @extend_schema(responses={200: responses.StatusResponse})
    def delete(self, request: Request, session_id: str) -> Response:
        services.delete_session(self.me, session_id, by=self.me)
        return Response({"status": "ok"})


class MessagesView(PanelView):
    """Sends a message; follow its execution, or read the session, for the answer."""

    @extend_schema(
        request=requests.MessageRequest,
        responses={201: responses.SentResponse, 404: ErrorSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        given = self.given(requests.MessageRequest, request)
        given["model"] = given["model"] or ""
        execution, message = services.send_message(self.me, given.pop("session_id"), given.pop("content"), **given)
        execution = Execution.objects.select_related("owner", "cancel_requested_by").get(pk=execution.pk)
        body = {"message": message_of(message, execution.session_id), "execution": ExecutionSerializer(execution).data}
        return Response(body, status=status.HTTP_201_CREATED)


class SearchView(PanelView):
    """Messages of all your sessions that contain a text, the newest first."""

    @extend_schema(parameters=[requests.SearchQuery], responses=responses.MessagesResponse)
    def get(self, request: Request) -> Response:
        asked = self.asked(requests.SearchQuery, request)
        found = searching.search(self.me, asked["q"], asked["limit"]).select_related("execution")
        return Response({"messages": [message_of(m, m.session.session_id) for m in found]})


class ForkView(PanelView):
    """Copies a session, up to a message, into a new one."""

    @extend_schema(request=requests.ForkRequest, responses={200: responses.ForkResponse, 404: ErrorSerializer})
    def post(self, request: Request) -> Response:
        given = self.given(requests.ForkRequest, request)
        session, count = branches.fork(self.me, **given)
        return Response({"ok": True, "new_session_id": session.session_id, "messages_copied": count})
