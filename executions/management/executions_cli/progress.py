"""A line that shows how far something long has come, on a terminal only."""

from __future__ import annotations

import shutil
import time

from django.core.management.base import OutputWrapper

WIDTH = 30
#: Seconds between two drawings.
EVERY = 0.1


class ProgressBar:
    """``[#####.....] 1,234 of 5,678 executions, 98,765 events, 12 s left``; nothing where nobody looks."""

    def __init__(self, out: OutputWrapper, total: int) -> None:
        self._out, self._total = out, total
        self._began = time.monotonic()
        self._drawn_at = 0.0
        self._on = out.isatty()

    def show(self, done: int, rows: int) -> None:
        """Draw it, unless that was done a moment ago."""
        now = time.monotonic()
        if self._on and (now - self._drawn_at >= EVERY or done >= self._total):
            self._drawn_at = now
            columns = shutil.get_terminal_size((120, 24)).columns - 1
            self._out.write(f"\r{self._text(done, rows, now):<{columns}}"[: columns + 1], ending="")
            self._out.flush()

    def clear(self) -> None:
        """Remove it, for what is written next."""
        if self._drawn_at:
            self._out.write("\r" + " " * (shutil.get_terminal_size((120, 24)).columns - 1) + "\r", ending="")
            self._out.flush()

    def _text(self, done: int, rows: int, now: float) -> str:
        part = min(done / self._total, 1.0) if self._total else 1.0
        filled = int(part * WIDTH)
        left = f", {(now - self._began) / part * (1 - part):,.0f} s left" if 0 < part < 1 else ""
        return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done:,} of {self._total:,} executions, {rows:,} events{left}"
