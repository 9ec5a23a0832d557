"""Limits of users: one's own to look at, everybody's for the staff to change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from executions import owner_limits
from executions.api.base import EngineView, StaffView
from executions.api.pagination import is_id
from executions.errors import NoSuchUser
from executions.models import OwnerLimits
from executions.validation import MAX_REASON_CHARS

DOLLARS: dict[str, Any] = {"allow_null": True}


class LimitsSerializer(serializers.Serializer[Any]):
    """What holds; a budget of null is none."""

    may_start = serializers.BooleanField()
    max_running = serializers.IntegerField(help_text="At once, over all workers; those that wait for you do not count.")
    max_queued = serializers.IntegerField()
    max_priority = serializers.IntegerField(help_text="The highest that you may give; staff may give any.")
    usd_per_day, usd_per_month = serializers.FloatField(**DOLLARS), serializers.FloatField(**DOLLARS)
    tokens_per_day, tokens_per_month = serializers.IntegerField(**DOLLARS), serializers.IntegerField(**DOLLARS)


class UsedSerializer(serializers.Serializer[Any]):
    """What there is of it now; days and months are those of UTC, and what still runs is not counted yet."""

    running, queued = serializers.IntegerField(), serializers.IntegerField()
    usd_per_day, usd_per_month = serializers.FloatField(), serializers.FloatField()
    tokens_per_day, tokens_per_month = serializers.IntegerField(), serializers.IntegerField()


@extend_schema_serializer(component_name="OwnerLimitsOwn")
class OwnLimitsSerializer(serializers.ModelSerializer[OwnerLimits]):
    """What is set for this user alone; null: as for everybody."""

    class Meta:
        model = OwnerLimits
        fields: tuple[str, ...] = owner_limits.NAMES
        extra_kwargs = {name: {"coerce_to_string": False} for name in ("usd_per_day", "usd_per_month")}

    def to_representation(self, instance: OwnerLimits) -> dict[str, Any]:
        """Return amounts as the numbers that the schema says they are; DRF would write decimals as texts."""
        values = super().to_representation(instance)
        return {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}


class OwnerLimitsSerializer(serializers.Serializer[Any]):
    """The limits of a user, and what is used of them."""

    user = serializers.CharField()
    limits = LimitsSerializer()
    used = UsedSerializer()
    own = OwnLimitsSerializer(required=False, help_text="For staff: what of it is set for this user alone.")


@extend_schema_serializer(component_name="OwnerLimitsRequest")
class LimitsRequest(OwnLimitsSerializer):
    """All that is to be set for this user alone: what is left out or null is as for everybody."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_REASON_CHARS)

    class Meta(OwnLimitsSerializer.Meta):
        fields = (*owner_limits.NAMES, "reason")


class MyLimitsView(EngineView):
    """Your own."""

    @extend_schema(summary="Your limits", responses=OwnerLimitsSerializer, operation_id="me_limits", tags=["limits"])
    def get(self, request: Request) -> Response:
        """What you may, and what you have used of it."""
        return Response(as_json(self.me))


@extend_schema(parameters=[OpenApiParameter("user_id", int, OpenApiParameter.PATH)])
class UserLimitsView(StaffView):
    """Those of a user."""

    @extend_schema(summary="A user's limits", responses=OwnerLimitsSerializer,
                   operation_id="users_limits", tags=["limits"])  # fmt: skip
    def get(self, request: Request, user_id: str) -> Response:
        """What the user may and has used of it, and what is set for this user alone."""
        return Response(as_json(_user(user_id), own=True))

    @extend_schema(summary="Set a user's limits", request=LimitsRequest, responses=OwnerLimitsSerializer,
                   operation_id="users_limits_set", tags=["limits"])  # fmt: skip
    def put(self, request: Request, user_id: str) -> Response:
        """They hold from now on, also for what is queued already."""
        user, given = _user(user_id), self.given(LimitsRequest, request)
        reason = given.pop("reason")
        wanted = {name: given.get(name) for name in owner_limits.NAMES}
        owner_limits.change(user, wanted, by=self.me, reason=reason)
        return Response(as_json(user, own=True))


def _user(user_id: str) -> User:
    user = User.objects.filter(pk=int(user_id)).first() if is_id(user_id) else None
    if user is None:
        raise NoSuchUser(f"There is no user {user_id[:20]}.")
    return user


def as_json(user: User, *, own: bool = False) -> dict[str, Any]:
    """Return the limits of ``user`` and what is used of them; with ``own``, what is set for this user alone, too."""
    found: dict[str, Any] = {
        "user": user.get_username(),
        "limits": owner_limits.limits_of(user),
        "used": owner_limits.used_by(user),
    }
    if own:
        found["own"] = owner_limits.own_limits(user)
    return dict(OwnerLimitsSerializer(found).data)
