"""How long something took, in the form the panel shows."""

from __future__ import annotations

from datetime import timedelta


def spoken(duration: timedelta | None) -> str:
    """Return such as ``45.3s``; ``0.0s`` for what has not started."""
    return f"{duration.total_seconds() if duration else 0.0:.1f}s"
