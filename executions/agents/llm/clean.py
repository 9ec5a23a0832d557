"""Text of a model or a tool, made storable: no NUL characters, no halves of an emoji."""

from __future__ import annotations


def clean(text: str) -> str:
    """Return the text without NUL characters, its surrogate pairs joined, lone surrogates replaced by ``U+FFFD``."""
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Cleaner:
    """Cleans a stream of pieces in which a server may have cut an emoji in two."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        """Return what can be shown of the text so far and was not returned before."""
        piece, self._half = self._half + piece, ""
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        return clean(piece)
