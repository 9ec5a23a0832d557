"""What the history can be narrowed by, in the query string and in the ``filter`` of a cancel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from executions import narrowing
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.states import ACTIVE, Outcome, State

#: Says the same as a state that is not ``finished``, and is what SQLite can match a partial index by: a state is a
#: parameter of the statement, which its planner does not look at.
_UNFINISHED = Q(finished_at__isnull=True)

#: The one word people see of an execution, as a condition on its columns.
STATUSES: dict[str, Q] = {
    "queued": _UNFINISHED & Q(state=State.QUEUED),
    "running": _UNFINISHED & Q(state=State.RUNNING, cancel_requested_at__isnull=True),
    "waiting": _UNFINISHED & Q(state=State.WAITING, cancel_requested_at__isnull=True),
    "stopping": _UNFINISHED & Q(state__in=ACTIVE, cancel_requested_at__isnull=False),
    **{outcome.value: Q(state=State.FINISHED, outcome=outcome) for outcome in Outcome},
}

SEARCHED = ("prompt", "output", "error")

#: Query parameters that are not filters.
OTHER_PARAMETERS = frozenset({"cursor", "limit", "format"})


def _choices(values: Any) -> list[tuple[str, str]]:
    return [(str(value), str(value).replace("_", " ")) for value in values]


class ExecutionFilter(FilterSet):
    """Filters of executions; those with choices may be given several times."""

    status = django_filters.MultipleChoiceFilter(choices=_choices(STATUSES), method="by_status")
    state = django_filters.MultipleChoiceFilter(choices=_choices(State), method="by_state")
    outcome = django_filters.MultipleChoiceFilter(choices=_choices(Outcome), distinct=False)
    agent = django_filters.CharFilter(max_length=64)
    model = django_filters.CharFilter(max_length=200)
    session_id = django_filters.CharFilter(max_length=128)
    owner = django_filters.CharFilter(method="by_owner", max_length=150)
    created_after = django_filters.IsoDateTimeFilter(method="by_start")
    created_before = django_filters.IsoDateTimeFilter(method="by_end")
    updated_after = django_filters.IsoDateTimeFilter(method="by_change", label="Begun, changed or finished since")
    # The last: it looks at the newest of what the others leave.
    q = django_filters.CharFilter(
        method="by_text",
        label="Search in request, answer and error: for words, and inside of words among the newest"
        f" {narrowing.SEARCHED_ROWS:,} that match the rest; finds at most as many",
        max_length=200,
    )

    class Meta:
        model = Execution
        fields = ()

    def by_state(self, queryset: QuerySet[Execution], name: str, value: list[str]) -> QuerySet[Execution]:
        if value and State.FINISHED not in value:
            queryset = queryset.filter(_UNFINISHED)
        return queryset.filter(state__in=value) if value else queryset

    def by_status(self, queryset: QuerySet[Execution], name: str, value: list[str]) -> QuerySet[Execution]:
        condition = Q()
        for status in value:
            condition |= STATUSES[status]
        return queryset.filter(condition)

    def by_owner(self, queryset: QuerySet[Execution], name: str, value: str) -> QuerySet[Execution]:
        # Looked up first: the database plans the history of one who has little otherwise than of one who has much.
        owner = User.objects.filter(username=value).values_list("pk", flat=True).first()
        return queryset.filter(owner=owner) if owner is not None else queryset.none()

    def by_start(self, queryset: QuerySet[Execution], name: str, value: datetime) -> QuerySet[Execution]:
        return narrowing.created_from(queryset, value)

    def by_end(self, queryset: QuerySet[Execution], name: str, value: datetime) -> QuerySet[Execution]:
        return narrowing.created_before(queryset, value)

    def by_change(self, queryset: QuerySet[Execution], name: str, value: datetime) -> QuerySet[Execution]:
        return narrowing.changed_from(queryset, value)

    def by_text(self, queryset: QuerySet[Execution], name: str, value: str) -> QuerySet[Execution]:
        user = self.request.user if self.request is not None else None
        owner = user.pk if user is not None and not user.is_staff else None
        return narrowing.found_by(queryset, value, SEARCHED, owner)


class CompleteFilter(ExecutionFilter):
    """The same where nothing that matches may be left out, because something is done to it."""

    def by_text(self, queryset: QuerySet[Execution], name: str, value: str) -> QuerySet[Execution]:
        return queryset.filter(Q(prompt__icontains=value) | Q(output__icontains=value) | Q(error__icontains=value))


def check_names(names: Any, allowed: Any) -> None:
    """Raise ValidationError when one of ``names`` is not allowed: a filter with a typo must not match everything."""
    known = ", ".join(sorted(allowed))
    unknown = sorted(set(names) - set(allowed))
    if unknown:
        raise ValidationError(dict.fromkeys(unknown, f"There is no such filter; there are {known}."))


def narrowed(queryset: ExecutionQuerySet, wanted: dict[str, Any]) -> ExecutionQuerySet:
    """Return what of ``queryset`` matches ``wanted``, filters as JSON. Raises ValidationError for a wrong one."""
    filters = ExecutionFilter.base_filters
    check_names(wanted, filters)
    data: dict[str, Any] = {}
    for name, value in wanted.items():
        several = isinstance(filters[name], django_filters.MultipleChoiceFilter)
        values = value if several and isinstance(value, list) else [value]
        if not values or not all(isinstance(item, str) and item for item in values):
            kind = "a text that is not empty, or a list of those" if several else "a text that is not empty"
            raise ValidationError({name: f"Must be {kind}."})
        data[name] = values if several else value
    filterset = CompleteFilter(data, queryset)
    if not filterset.is_valid():
        raise ValidationError(filterset.errors.get_json_data())
    return filterset.qs


class StrictFilterBackend(DjangoFilterBackend):
    """Refuses filters that do not exist."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        if self.get_filterset_class(view, queryset) is not None:
            check_names(request.query_params.keys() - OTHER_PARAMETERS, ExecutionFilter.base_filters)
        return super().filter_queryset(request, queryset, view)
