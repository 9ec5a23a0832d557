"""Images in a request's body."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User

from executions import attachments
from executions.errors import InvalidImage
from executions.images import MAX_IMAGES


def save_images(owner: User, given: Sequence[dict[str, Any]]) -> list[str]:
    """Keep images ``[{name, data}]`` and return their ids. Raises InvalidImage."""
    if len(given) > MAX_IMAGES:
        raise InvalidImage(f"There are {len(given)} images; at most {MAX_IMAGES} can go with a message.")
    decoded = [(image["name"], _bytes_of(image)) for image in given]
    return [attachments.save_image(owner, name, data) for name, data in decoded]


def _bytes_of(image: dict[str, Any]) -> bytes:
    text = image["data"]
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidImage(f"The image {image['name'] or 'in the body'} is not valid base64.") from None
