"""Aligned columns that fit the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from executions.management.executions_cli.text import fit, one_line, width

SEPARATOR = "  "
NARROWEST = 4


def table(head: Sequence[str], rows: Sequence[Sequence[object]], columns: int | None = None) -> str:
    """Return ``rows`` under ``head``, at most ``columns`` wide (the terminal's by default)."""
    columns = columns or shutil.get_terminal_size((120, 24)).columns
    cells = [list(head), *([one_line("" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(head))]
    # The widest gives way first, so ids and times stay whole while a request is cut.
    while sum(widths) + len(SEPARATOR) * (len(widths) - 1) > columns and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return "\n".join(SEPARATOR.join(map(fit, row, widths)).rstrip() for row in cells)
