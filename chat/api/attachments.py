"""Images for messages: kept when they are attached, shown to whoever attached them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.base import PanelView
from executions import attachments
from executions.errors import InvalidImage, NotFound, UnknownImage
from executions.images import MAX_BYTES
from executions.wording import number

IMAGE = {(200, "image/*"): OpenApiResponse(OpenApiTypes.BINARY, description="The image.")}


class AttachmentRequest(serializers.Serializer[Any]):
    image = serializers.FileField(help_text="A JPEG, PNG, GIF or WebP image of at most 5 MB.")


class AttachmentResponse(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


class AttachmentsView(PanelView):
    """Keeps an image that a message may name in its `images`."""

    parser_classes = [MultiPartParser]

    @extend_schema(request=AttachmentRequest, responses={201: AttachmentResponse})
    def post(self, request: Request) -> Response:
        image = self.given(AttachmentRequest, request)["image"]
        if image.size > MAX_BYTES:
            raise InvalidImage(
                _("The image %(name)s has %(size)s bytes; at most %(max_bytes)s are allowed.")
                % {"name": image.name, "size": number(image.size), "max_bytes": number(MAX_BYTES)}
            )
        image_id = attachments.save_image(self.me, image.name, image.read())
        return Response({"id": image_id, "name": image.name}, status.HTTP_201_CREATED)


class AttachmentView(PanelView):
    """An image that you have attached."""

    @extend_schema(responses=IMAGE)
    def get(self, request: Request, image_id: str) -> HttpResponseBase:
        try:
            found = attachments.find(self.me, image_id)
        except UnknownImage as error:
            raise NotFound(error.message) from None
        response = HttpResponse(found.path.read_bytes(), content_type=found.media_type)
        response["Cache-Control"] = "private, max-age=86400, immutable"
        return response
