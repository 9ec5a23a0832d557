"""Images that people attach to a message: judged by their bytes, kept as files in the home. No database here."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from executions.conf import conf
from executions.errors import InvalidImage, UnknownImage

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
        raise InvalidImage(f"{name} is empty.")
    if len(data) > MAX_BYTES:
        raise InvalidImage(f"{name} has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=list(FORMATS)) as image:
                width, height = image.size
                if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
                    raise InvalidImage(
                        f"{name} has {width} x {height} pixels; at most {MAX_SIDE:,} a side and {MAX_PIXELS:,} in all "
                        "are allowed."
                    )
                image.load()
                return FORMATS[str(image.format)]
    except UnidentifiedImageError:
        raise InvalidImage(f"{name} is not an image; JPEG, PNG, GIF and WebP can be attached.") from None
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombWarning) as error:
        # What Pillow's decoders raise for broken data: SyntaxError for a broken PNG, OSError for a truncated file.
        raise InvalidImage(f"{name} is broken and cannot be shown ({error}).") from None


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
        raise UnknownImage(f"{str(image_id)[:100]!r} is not the id of an image.")
    return Path(conf.home) / "attachments" / image_id


def media_type_of(image_id: str) -> str:
    """Return the media type of a stored image."""
    return MEDIA_TYPES[image_id.rpartition(".")[2]]


def forget(image_id: str) -> None:
    """Remove the file; one that is gone already is no error."""
    path_of(image_id).unlink(missing_ok=True)
