"""Images that people attach to a message: judged by their bytes, kept as files in the home. No database here."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from django.utils.translation import gettext as _

from executions.conf import conf
from executions.errors import InvalidImage, UnknownImage
from executions.wording import number

MAX_IMAGES = 5
MAX_BYTES = 5 * 1024 * 1024
#: Pixels of a side, and in all: a small file may unfold to gigabytes.
MAX_SIDE, MAX_PIXELS = 8_000, 40_000_000
#: By Pillow's name of the format: the suffix of the file and its media type.
FORMATS = {"JPEG": "jpg", "PNG": "png", "GIF": "gif", "WEBP": "webp"}
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp"}

_ID = re.compile(r"[0-9a-f]{32}\.(jpg|png|gif|webp)")


def suffix_of(data: bytes, name: str = "The image") -> str:
    """Return the suffix of the format that the bytes are in, having decoded them. Raises InvalidImage."""
    from PIL import Image, UnidentifiedImageError  # a server that is never given an image need not wait for it

    if not data:
        raise InvalidImage(_("%(name)s is empty.") % {"name": name})
    if len(data) > MAX_BYTES:
        raise InvalidImage(
            _("%(name)s has %(count)s bytes; at most %(max_bytes)s are allowed.")
            % {"name": name, "count": number(len(data)), "max_bytes": number(MAX_BYTES)}
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=list(FORMATS)) as image:
                width, height = image.size
                if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
                    raise InvalidImage(
                        _(
                            "%(name)s has %(width)s x %(height)s pixels; at most %(max_side)s a side and "
                            "%(max_pixels)s in all are allowed."
                        )
                        % {
                            "name": name,
                            "width": width,
                            "height": height,
                            "max_side": number(MAX_SIDE),
                            "max_pixels": number(MAX_PIXELS),
                        }
                    )
                image.load()
                return FORMATS[str(image.format)]
    except UnidentifiedImageError:
        raise InvalidImage(
            _("%(name)s is not an image; JPEG, PNG, GIF and WebP can be attached.") % {"name": name}
        ) from None
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombWarning) as error:
        # What Pillow's decoders raise for broken data: SyntaxError for a broken PNG, OSError for a truncated file.
        raise InvalidImage(
            _("%(name)s is broken and cannot be shown (%(error)s).") % {"name": name, "error": error}
        ) from None


def store(data: bytes, name: str = "The image") -> str:
    """Write an image to the home and return its id. Raises InvalidImage, OSError."""
    image_id = f"{uuid4().hex}.{suffix_of(data, name)}"
    path = path_of(image_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(data)
    draft.rename(path)
    return image_id


def path_of(image_id: str) -> Path:
    """Return where the image is kept. Raises UnknownImage for what can't be an id."""
    if not isinstance(image_id, str) or not _ID.fullmatch(image_id):
        raise UnknownImage(_("%(value)s is not the id of an image.") % {"value": repr(str(image_id)[:100])})
    return Path(conf.home) / "attachments" / image_id


def media_type_of(image_id: str) -> str:
    """Return the media type of a stored image."""
    return MEDIA_TYPES[image_id.rpartition(".")[2]]


def forget(image_id: str) -> None:
    """Remove the file; one that is gone already is no error."""
    path_of(image_id).unlink(missing_ok=True)
