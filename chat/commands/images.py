"""Images in a request's body."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from executions import attachments
from executions.errors import InvalidImage
from executions.images import MAX_IMAGES


def save_images(owner: User, given: Sequence[dict[str, Any]]) -> list[str]:
    """Keep images ``[{name, data}]`` and return their ids. Raises InvalidImage."""
    if len(given) > MAX_IMAGES:
        raise InvalidImage(
            _("There are %(count)s images; at most %(max_images)s can go with a message.")
            % {"count": len(given), "max_images": MAX_IMAGES}
        )
    decoded = [(image["name"], _bytes_of(image)) for image in given]
    return [attachments.save_image(owner, name, data) for name, data in decoded]


def _bytes_of(image: dict[str, Any]) -> bytes:
    text = image["data"]
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        if not image["name"]:
            raise InvalidImage(_("The image is not valid base64.")) from None
        raise InvalidImage(_("The image %(name)s is not valid base64.") % {"name": image["name"]}) from None
