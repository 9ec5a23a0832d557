"""Text that a server sends in pieces, some of which cut an emoji in two."""

from __future__ import annotations

from executions.cleaning import clean_text


class Pieces:
    """Makes each piece showable; the first half of a surrogate pair is held back until the second one comes."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        """Return what can be shown by now and was not returned before."""
        piece, self._half = self._half + piece, ""
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        return clean_text(piece)
