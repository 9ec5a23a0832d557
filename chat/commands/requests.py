"""What the command endpoints take. Shapes and types only: what is allowed is decided by the services."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from rest_framework import serializers

from executions.states import OnBusy
from executions.validation import MAX_ID

#: What a lock on a directory can hold.
MAX_PATH_CHARS = 1000


class OnDisconnect(StrEnum):
    """What becomes of a run whose connection ends before its answer."""

    CANCEL = "cancel"
    CONTINUE = "continue"


class ImageRequest(serializers.Serializer[Any]):
    """An image in the body."""

    name = serializers.CharField(required=False, allow_blank=True, default="", max_length=255)
    data = serializers.CharField(  # type: ignore[assignment]  # the metaclass moves it to declared fields
        trim_whitespace=False, help_text="Base64, or a data: URL."
    )
    mimeType = serializers.CharField(  # noqa: N815 - the wire's name
        required=False, allow_blank=True, max_length=255, help_text="Ignored: the bytes decide."
    )


class RunRequest(serializers.Serializer[Any]):
    """What both kinds of requests may say."""

    project = serializers.CharField(max_length=MAX_PATH_CHARS, trim_whitespace=False, help_text="An absolute path.")
    on_disconnect = serializers.ChoiceField(choices=list(OnDisconnect), default=OnDisconnect.CANCEL)
    on_busy_project = serializers.ChoiceField(
        choices=[OnBusy.QUEUE, OnBusy.REJECT], default=OnBusy.QUEUE, help_text="When another run has the directory."
    )


class CommandRequest(RunRequest):
    """A command."""

    command = serializers.CharField(max_length=64)
    args = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, default="", trim_whitespace=False,
        style={"base_template": "textarea.html", "rows": 6},
    )  # fmt: skip
    images = ImageRequest(many=True, required=False, allow_null=True)


class ContinueRequest(RunRequest):
    """An answer to what was asked, or the next message, in a session of the CLI."""

    session_id = serializers.CharField(max_length=128)
    answer = serializers.JSONField(help_text="A text, or an object of answers by question.")


class FilesQuery(serializers.Serializer[Any]):
    project = serializers.CharField(max_length=MAX_PATH_CHARS, trim_whitespace=False)


class StreamQuery(serializers.Serializer[Any]):
    """Which run to read on in."""

    execution_id = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    after = serializers.IntegerField(default=0, min_value=0, max_value=MAX_ID, help_text="As Last-Event-ID.")
    on_disconnect = serializers.ChoiceField(choices=list(OnDisconnect), default=OnDisconnect.CONTINUE)
