"""The part of the viewset that acts: start, cancel, answer, retry, priority."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from executions import idempotency, services
from executions.api import confirmation
from executions.api.access import ExecutionAccess
from executions.api.filters import narrowed
from executions.api.requests import AnswerRequest, CancelManyRequest, CancelRequest, PriorityRequest, StartRequest
from executions.api.serializers import (
    CancelManyResultSerializer,
    CancelResultSerializer,
    ErrorSerializer,
    ExecutionSerializer,
)
from executions.errors import NotFound
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.prepared import Param, PreparedObjects

#: One for all requests: it keeps nothing of what it represents, and making one takes longer than using it.
_as_json = ExecutionSerializer()
_NOW = PreparedObjects(lambda: Execution.objects.filter(pk=Param("pk")).defer("transcript", "options"))

CONFLICT = {409: OpenApiResponse(ErrorSerializer, description="It is not in the state this needs.")}

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": idempotency.MAX_KEY_CHARS, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="Your own name of this request, such as a UUID: sent again within 24 hours, it starts nothing new.",
)
STARTED_BEFORE = OpenApiResponse(ExecutionSerializer, description="What this key has started before, as it is now.")
KEY_REUSED = OpenApiResponse(ErrorSerializer, description="This key was used for another request.")


class ExecutionActions(ExecutionAccess):
    """What people do with executions; every handler parses, calls one service and answers."""

    def given(self, request: Request) -> dict[str, Any]:
        """Return the validated body of this action. Raises ValidationError."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def as_json(self, execution_id: int) -> dict[str, Any]:
        """Return the execution as it is now; whoever acted on it may see it."""
        found = _NOW.all(pk=execution_id)
        if not found:  # deleted since it was acted on
            raise NotFound(_("There is no execution %(execution_id)s.") % {"execution_id": execution_id})
        (execution,) = found
        me = _user(self.request)
        if execution.owner_id == me.pk:
            execution.owner = me
        if execution.cancel_requested_by_id == me.pk:
            execution.cancel_requested_by = me
        return dict(_as_json.to_representation(execution))

    @extend_schema(
        summary="Start an execution",
        request=StartRequest,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: ExecutionSerializer, 200: STARTED_BEFORE, **CONFLICT, 422: KEY_REUSED},
    )
    def create(self, request: Request) -> Response:
        """Queue an execution; it starts as soon as a worker has a free slot."""
        key, given = request.headers.get("Idempotency-Key"), self.given(request)
        if key is None:
            return self.created(services.start(owner=_user(request), source="api", **given))
        execution, started = idempotency.start_once(_user(request), key, given, source="api")
        return self.created(execution, status.HTTP_201_CREATED if started else status.HTTP_200_OK)

    @extend_schema(
        summary="Cancel an execution",
        request=CancelRequest,
        responses=CancelResultSerializer,
        operation_id="executions_cancel",
    )
    @action(detail=True, methods=["post"], serializer_class=CancelRequest)
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it, with all that it started. Canceling twice, or too late, is harmless and says so."""
        given = self.given(request)
        execution = self.addressed()
        report = services.cancel_one(execution, by=_user(request), reason=given["reason"], source="api")
        if given["wait"] and not report.already_finished:
            async_to_sync(confirmation.wait)(execution, given["wait"])
        return Response(confirmation.result(report, self.as_json(execution)))

    @extend_schema(
        summary="Cancel many executions",
        request=CancelManyRequest,
        responses=CancelManyResultSerializer,
        operation_id="executions_cancel_many",
    )
    @action(detail=False, methods=["post"], url_path="cancel", url_name="cancel-many", name="Cancel many",
            serializer_class=CancelManyRequest)  # fmt: skip
    def cancel_many(self, request: Request) -> Response:
        """Stop executions by ids, by the list's filters, or all that you may see."""
        given = self.given(request)
        chosen, not_found = _chosen(self.get_queryset(), given)
        report = services.cancel(chosen, by=_user(request), reason=given["reason"], source="api")
        return Response(confirmation.result_of_many(report, not_found))

    @extend_schema(
        summary="Answer a question",
        request=AnswerRequest,
        responses={200: ExecutionSerializer, **CONFLICT},
        operation_id="executions_answer",
    )
    @action(detail=True, methods=["post"], serializer_class=AnswerRequest)
    def answer(self, request: Request, pk: str) -> Response:
        """Answer the question in `question`, or approve or reject the plan."""
        execution, given = self.get_object(), self.given(request)
        services.answer(execution.pk, question_id=given["question_id"], answer=given["answer"], by=_user(request))
        return Response(self.as_json(execution.pk))

    @extend_schema(
        summary="Retry an execution", request=None, responses={201: ExecutionSerializer, **CONFLICT},
        operation_id="executions_retry",
    )  # fmt: skip
    @action(detail=True, methods=["post"], serializer_class=Serializer)
    def retry(self, request: Request, pk: str) -> Response:
        """Start the same request again as a new execution; only finished ones can be retried."""
        return self.created(services.retry(self.get_object(), by=_user(request), source="api"))

    @extend_schema(
        summary="Move an execution in the queue",
        request=PriorityRequest,
        responses={200: ExecutionSerializer, **CONFLICT},
        operation_id="executions_priority",
    )
    @action(detail=True, methods=["post"], serializer_class=PriorityRequest)
    def priority(self, request: Request, pk: str) -> Response:
        """Change the priority of a queued execution; higher ones start first."""
        execution, given = self.get_object(), self.given(request)
        services.set_priority(execution, given["priority"], by=_user(request))
        return Response(self.as_json(execution.pk))

    def created(self, execution: Execution, code: int = status.HTTP_201_CREATED) -> Response:
        address = self.reverse_action("detail", args=[execution.pk])
        return Response(self.as_json(execution.pk), code, headers={"Location": address})


def _user(request: Request) -> User:
    assert isinstance(request.user, User)  # InScope has seen to it
    return request.user


def _chosen(visible: ExecutionQuerySet, given: dict[str, Any]) -> tuple[ExecutionQuerySet, list[int]]:
    """Return what a cancel of many is about, and the ids for which there is nothing to see."""
    if given.get("ids"):
        found = set(visible.filter(pk__in=given["ids"]).order_by().values_list("pk", flat=True))
        return Execution.objects.filter(pk__in=found), sorted(set(given["ids"]) - found)
    if given.get("filter"):
        return narrowed(visible.unfinished(), given["filter"]), []
    return visible.unfinished(), []
