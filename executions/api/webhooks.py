"""The REST API of webhooks."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from executions.api.pagination import HistoryPagination, is_id
from executions.api.permissions import InScope
from executions.api.serializers import ErrorSerializer
from executions.api.throttles import LimitedView
from executions.api.webhook_serializers import (
    NewWebhookSerializer,
    WebhookChangeRequest,
    WebhookDeliverySerializer,
    WebhookRequest,
    WebhookSerializer,
)
from executions.models import Webhook, WebhookDelivery
from executions.scopes import Scope
from executions.webhooks import services

#: An answer with a secret is kept nowhere.
UNKEPT = {"Cache-Control": "no-store"}
OFF = {409: OpenApiResponse(ErrorSerializer, description="The webhook is switched off, or this is not over yet.")}
DELIVERY = OpenApiParameter("delivery_id", int, OpenApiParameter.PATH)


class WebhookViewSet(LimitedView, GenericViewSet[Webhook]):
    """Your webhooks: addresses that are told when your executions end or ask."""

    permission_classes = (InScope,)
    queryset = Webhook.objects.none()  # names the model; get_queryset() is what is used
    serializer_class = WebhookSerializer
    pagination_class = None
    filter_backends = ()
    lookup_value_regex = "[^/]+"

    @property
    def scope_needed(self) -> Scope | None:
        """Looking takes ``read``; a webhook sends what happens elsewhere, so all else takes ``admin``."""
        return None if self.request.method in SAFE_METHODS else Scope.ADMIN

    @property
    def me(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[Webhook]:
        return Webhook.objects.filter(owner=self.me)

    def get_object(self) -> Webhook:
        """Return the webhook of the address. Raises NotFound, also for one of somebody else."""
        return services.webhook_of(self.me, self.number("pk", "webhook"))

    def number(self, name: str, what: str) -> int:
        """Return an id in the address. Raises NotFound when it can't be one."""
        if not is_id(self.kwargs[name]):
            raise NotFound(f"There is no {what} {self.kwargs[name]!r}; ids are whole numbers.")
        return int(self.kwargs[name])

    def given(self, request: Request) -> dict[str, Any]:
        """Return the validated body of this action. Raises ValidationError."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def get_serializer_class(self) -> type[Any]:
        return {"create": WebhookRequest, "partial_update": WebhookChangeRequest}.get(
            self.action, self.serializer_class
        )

    @extend_schema(summary="Your webhooks", responses=WebhookSerializer(many=True))
    def list(self, request: Request) -> Response:
        return Response(WebhookSerializer(self.get_queryset(), many=True).data)

    @extend_schema(summary="Make a webhook", request=WebhookRequest, responses={201: NewWebhookSerializer})
    def create(self, request: Request) -> Response:
        """Make one. The answer has its secret, which nobody is told again."""
        webhook, secret = services.create(self.me, **self.given(request))
        where = {"Location": self.reverse_action("detail", args=[webhook.pk])}
        return self.with_secret(webhook, secret, status.HTTP_201_CREATED, where)

    @extend_schema(summary="One webhook", responses=WebhookSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(WebhookSerializer(self.get_object()).data)

    @extend_schema(summary="Change a webhook", request=WebhookChangeRequest, responses=WebhookSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is given; `active` switches it off, or on without the failures before."""
        return Response(WebhookSerializer(services.change(self.get_object(), **self.given(request))).data)

    @extend_schema(summary="End a webhook", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove it, with its log and what waits for it."""
        services.end(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Replace a webhook's secret", request=None, responses=NewWebhookSerializer,
        operation_id="webhooks_rotate",
    )  # fmt: skip
    @action(detail=True, methods=["post"], serializer_class=Serializer)
    def rotate(self, request: Request, pk: str) -> Response:
        """The answer has the new secret; for a day the old one signs as well."""
        return self.with_secret(*services.rotate(self.get_object()))

    @extend_schema(
        summary="Send a test to a webhook", request=None, responses={202: WebhookDeliverySerializer, **OFF},
        operation_id="webhooks_test",
    )  # fmt: skip
    @action(detail=True, methods=["post"], serializer_class=Serializer)
    def test(self, request: Request, pk: str) -> Response:
        """Send `webhook.test`; look at the delivery to see what came of it."""
        return self.accepted(services.send_test(self.get_object()))

    @extend_schema(
        summary="A webhook's deliveries, newest first", responses=WebhookDeliverySerializer(many=True),
        operation_id="webhooks_deliveries_list",
    )  # fmt: skip
    @action(detail=True, pagination_class=HistoryPagination, serializer_class=WebhookDeliverySerializer)
    def deliveries(self, request: Request, pk: str) -> Response:
        """What it was told, or is to be told, and how that went."""
        page = self.paginate_queryset(WebhookDelivery.objects.filter(target=self.get_object()))
        return self.get_paginated_response(WebhookDeliverySerializer(page, many=True).data)

    @extend_schema(
        summary="One delivery", parameters=[DELIVERY], responses=WebhookDeliverySerializer,
        operation_id="webhooks_deliveries_retrieve",
    )  # fmt: skip
    @action(detail=True, url_path=r"deliveries/(?P<delivery_id>[^/]+?)", serializer_class=WebhookDeliverySerializer)
    def delivery(self, request: Request, pk: str, delivery_id: str) -> Response:
        return Response(WebhookDeliverySerializer(self.addressed()).data)

    @extend_schema(
        summary="Send a message again", parameters=[DELIVERY], request=None,
        responses={202: WebhookDeliverySerializer, **OFF}, operation_id="webhooks_redeliver",
    )  # fmt: skip
    @action(detail=True, methods=["post"], url_path=r"deliveries/(?P<delivery_id>[^/]+?)/redeliver",
            serializer_class=Serializer)  # fmt: skip
    def redeliver(self, request: Request, pk: str, delivery_id: str) -> Response:
        """Send it as a new delivery with the id that the message has."""
        return self.accepted(services.redeliver(self.addressed()))

    def addressed(self) -> WebhookDelivery:
        """Return the delivery of the address. Raises NotFound."""
        return services.delivery_of(self.get_object(), self.number("delivery_id", "delivery"))

    def accepted(self, delivery: WebhookDelivery) -> Response:
        return Response(WebhookDeliverySerializer(delivery).data, status.HTTP_202_ACCEPTED)

    def with_secret(
        self, webhook: Webhook, secret: str, code: int = status.HTTP_200_OK, headers: dict[str, str] | None = None
    ) -> Response:
        body = {**WebhookSerializer(webhook).data, "secret": secret}
        return Response(body, code, headers={**UNKEPT, **(headers or {})})
