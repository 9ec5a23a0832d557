"""JSON bodies, with everything refused that a later layer could only choke on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from executions.api.errors import BodyTooLarge


class JSONParser(parsers.BaseParser):
    """Parse JSON of at most ``max_bytes``, or ``DATA_UPLOAD_MAX_MEMORY_SIZE``, bytes.

    DRF's own parser reads the stream past Django's limit, and lets lone surrogates and NUL characters through to the
    database, and deep nesting through to the interpreter's stack.
    """

    media_type = "application/json"
    #: Bytes of a body, ``None`` for the settings' limit.
    max_bytes: int | None = None

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the parsed body. Raises ParseError (400) or BodyTooLarge (413)."""
        try:
            value = json.loads(_read(stream, self.max_bytes).decode(), parse_constant=_refuse_constant)
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not UTF-8: byte {error.start} cannot be decoded.") from None
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        for text in _texts(value):
            _check(text)
        return value


def _read(stream: IO[bytes], max_bytes: int | None) -> bytes:
    limit = max_bytes or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise BodyTooLarge(f"The request's body is larger than {limit:,} bytes.")
    return raw


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in ``value``, keys included, without recursion."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            todo.extend(item)
        elif isinstance(item, dict):
            todo.extend(item.keys())
            todo.extend(item.values())


def _check(text: str) -> None:
    if "\0" in text:
        raise ParseError("A text in the body contains a NUL character; remove it.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError("A text in the body contains half an emoji (a lone surrogate).") from None
