"""``manage.py flush``: Django's own, which empties every table, and so also the one that refuses it."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush

from executions.audit_pruning import opened


class Command(flush.Command):
    """Empties the audit log too: whoever empties the whole database means it."""

    def handle(self, **options: Any) -> None:
        with opened():
            super().handle(**options)
