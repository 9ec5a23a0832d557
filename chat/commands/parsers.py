"""Bodies with images in them are larger than others."""

from __future__ import annotations

from executions.api.parsers import JSONParser

#: Five images of 5 MB in base64, and a prompt of the greatest length.
MAX_BODY_BYTES = 48 * 1024 * 1024


class CommandParser(JSONParser):
    """JSON of at most :data:`MAX_BODY_BYTES` bytes."""

    max_bytes = MAX_BODY_BYTES
