"""Makes what an agent or a tool said storable: PostgreSQL refuses NUL, and nobody can encode half an emoji."""

from __future__ import annotations

from typing import Any

#: Python writes no number of more than 4,300 digits.
MAX_INT_BITS = 10_000


def clean_text(text: str) -> str:
    """Replace NUL characters and lone surrogates by U+FFFD; other text is returned as it is.

    Raises TypeError for what is not text.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be str, not {type(text).__name__}")
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean(value: Any) -> Any:
    """Clean every text in a JSON value."""
    match value:
        case str():
            return clean_text(value)
        case dict():
            return {clean_text(str(key)): clean(item) for key, item in value.items()}
        case list() | tuple():
            return [clean(item) for item in value]
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None  # JSON has no NaN; PostgreSQL refuses it
        case int() if value.bit_length() > MAX_INT_BITS:
            return None
        case None | bool() | int() | float():
            return value
        case _:
            return clean_text(str(value))
