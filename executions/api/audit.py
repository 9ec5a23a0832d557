"""The audit log, for the staff: pages of it, and all of it as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from executions import audit, auditing, exporting
from executions.actions import Action
from executions.api.base import StaffView
from executions.api.filters import OTHER_PARAMETERS, check_names
from executions.api.pagination import HistoryPagination
from executions.api.serializers import UtcField
from executions.models import AuditEntry
from executions.models.audit import AuditQuerySet

FORMATS: dict[str, tuple[bytes, Any]] = {
    "csv": (auditing.CSV_HEAD, auditing.as_csv),
    "ndjson": (b"", auditing.as_json),
}
ROWS = 500


@extend_schema_field({"type": "object"})
class _Object(serializers.JSONField):
    pass


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """Who did what to what, when, and from where."""

    at = UtcField(read_only=True)
    actor = serializers.CharField(source="actor_name", help_text="Empty where nobody was signed in, as in a shell.")
    action = serializers.ChoiceField(choices=list(Action.values))
    object_id = serializers.CharField(help_text="Empty for several at once, which `count` and `details` tell of.")
    owner = serializers.CharField(source="owner_name", help_text="Whose it is.")
    others = serializers.BooleanField(help_text="Whether it is somebody else's than the actor's.")
    source = serializers.CharField(  # type: ignore[assignment]  # a serializer's fields are no fields of its class
        help_text="`page`, `api`, `websocket`, `admin` or `command`."
    )
    client = serializers.CharField(help_text="The user agent, or the command and who gave it.")
    details = _Object(help_text="Such as `reason`, or `changes` as `{name: [old, new]}`.")

    class Meta:
        model = AuditEntry
        fields = auditing.COLUMNS
        read_only_fields = fields


class AuditFilter(FilterSet):
    """What the log is narrowed by."""

    action = django_filters.MultipleChoiceFilter(choices=Action.choices, distinct=False)
    actor = django_filters.CharFilter("actor_name", max_length=150)
    kind = django_filters.CharFilter(max_length=32, label="Such as `execution`, `token`, `worker`")
    object_id = django_filters.CharFilter(max_length=64, label="Together with `kind`")
    others = django_filters.BooleanFilter(label="true: only acts on what is somebody else's")
    others_of = django_filters.CharFilter(
        method="by_owner", max_length=150, label="What others did to what is this user's"
    )
    after = django_filters.IsoDateTimeFilter(method="by_start")
    before = django_filters.IsoDateTimeFilter(method="by_end")
    # The last: they look at the newest of what the others leave.
    source = django_filters.CharFilter(method="by_newest", max_length=16, label="Among the newest 10,000 of the rest")
    address = django_filters.CharFilter(method="by_newest", max_length=64, label="Among the newest 10,000 of the rest")

    class Meta:
        model = AuditEntry
        fields = ()

    def by_owner(self, queryset: AuditQuerySet, name: str, value: str) -> AuditQuerySet:
        return auditing.others_of(queryset, value)

    def by_start(self, queryset: AuditQuerySet, name: str, value: datetime) -> AuditQuerySet:
        return auditing.since(queryset, value)

    def by_end(self, queryset: AuditQuerySet, name: str, value: datetime) -> AuditQuerySet:
        return auditing.until(queryset, value)

    def by_newest(self, queryset: AuditQuerySet, name: str, value: str) -> AuditQuerySet:
        return auditing.among_newest(queryset, **{name: value})


class _StrictFilters(DjangoFilterBackend):
    """Refuses filters that do not exist: one with a typo must not show everything."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        check_names(request.query_params.keys() - OTHER_PARAMETERS - {"as"}, AuditFilter.base_filters)
        if "object_id" in request.query_params and "kind" not in request.query_params:
            raise ValidationError({"object_id": "Say of what kind, too: kind=execution, for instance."})
        return super().filter_queryset(request, queryset, view)


class _AuditLog(StaffView, GenericAPIView[AuditEntry]):
    queryset = AuditEntry.objects.all()
    filter_backends = [_StrictFilters]
    filterset_class = AuditFilter
    serializer_class = AuditEntrySerializer


class AuditView(_AuditLog):
    """Pages of it."""

    pagination_class = HistoryPagination

    @extend_schema(
        summary="The audit log: who did what, newest first",
        responses=AuditEntrySerializer(many=True), operation_id="audit", tags=["audit"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Entries can neither be changed nor removed, but for old ones that the operator prunes."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class AuditExportView(_AuditLog):
    """All of it."""

    pagination_class = None

    @extend_schema(
        summary="The audit log as a file",
        parameters=[OpenApiParameter("as", str, enum=sorted(FORMATS), default="ndjson", description="The format.")],
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(OpenApiTypes.STR, description="An entry a line."),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="For spreadsheets."),
        },
        operation_id="audit_export", tags=["audit"],
    )  # fmt: skip
    def get(self, request: Request) -> HttpResponseBase:
        """With the same filters; that it was exported is an entry, too."""
        kind = request.query_params.get("as", "ndjson")
        if kind not in FORMATS:
            raise ValidationError({"as": "Must be csv or ndjson."})
        found = self.filter_queryset(self.get_queryset()).order_by("-id")
        head, write = FORMATS[kind]
        response = exporting.as_file(found, kind, "audit", head, write, rows=ROWS, reader=self.me.pk)
        chosen = {name: request.query_params.getlist(name) for name in request.query_params}
        audit.record(Action.EXPORTED, by=self.me, kind="audit", format=kind, filter=chosen)
        return response
