"""Reading the audit log, however long it is: what has an index is looked up, the rest among the newest."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from executions.models import AuditEntry
from executions.models.audit import AuditQuerySet
from executions.narrowing import newest
from executions.pages.records import cell, line

#: How many of the newest entries are looked at for what no index finds.
LOOKED_AT = 10_000
#: Ids are given in the order of time, but for transactions that take longer than others: by less than this.
SLACK = timedelta(minutes=1)

COLUMNS = (
    "id", "at", "actor", "actor_id", "action", "kind", "object_id", "owner", "owner_id", "others", "count", "source",
    "address", "client", "request_id", "details",
)  # fmt: skip
CSV_HEAD = ("\N{ZERO WIDTH NO-BREAK SPACE}" + line(list(COLUMNS))).encode()


def since(entries: AuditQuerySet, moment: datetime) -> AuditQuerySet:
    """Return those written at that moment or later."""
    before = AuditEntry.objects.filter(at__lt=moment - SLACK).order_by("-at").values_list("pk", flat=True).first()
    entries = entries.filter(at__gte=moment)
    return entries if before is None else entries.filter(pk__gt=before)


def until(entries: AuditQuerySet, moment: datetime) -> AuditQuerySet:
    """Return those written before that moment."""
    after = AuditEntry.objects.filter(at__gte=moment + SLACK).order_by("at").values_list("pk", flat=True).first()
    entries = entries.filter(at__lt=moment)
    return entries if after is None else entries.filter(pk__lt=after)


def others_of(entries: AuditQuerySet, owner: str) -> AuditQuerySet:
    """Return what others did to what is ``owner``'s."""
    return entries.filter(others=True, owner_name=owner)


def among_newest(entries: AuditQuerySet, **conditions: Any) -> AuditQuerySet:
    """Return those of the newest that match what has no index."""
    return newest(entries, LOOKED_AT).filter(**conditions)  # type: ignore[return-value]


def search(entries: AuditQuerySet, term: str) -> AuditQuerySet:
    """Look for one thing after the other: an object's id, who did it, an address among the newest."""
    term = term.replace("\0", "").strip()
    if not term:
        return entries
    for kind in ("execution", "worker", "user", "token", "session", "hold", "webhook"):
        if (found := entries.filter(kind=kind, object_id=term)).exists():
            return found
    if (found := entries.filter(actor_name=term)).exists():
        return found
    looked_at: AuditQuerySet = newest(entries, LOOKED_AT)  # type: ignore[assignment]
    return looked_at.filter(Q(address=term) | Q(request_id=term) | Q(owner_name=term))


def record(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as values of JSON, in the order of :data:`COLUMNS`."""
    values = {
        "at": entry.at.isoformat().replace("+00:00", "Z"),
        "actor": entry.actor_name,
        "owner": entry.owner_name,
    }
    return {name: values[name] if name in values else getattr(entry, name) for name in COLUMNS}


def as_json(entry: AuditEntry) -> str:
    """Return an entry as a line of JSON."""
    return json.dumps(record(entry), ensure_ascii=False, separators=(",", ":")) + "\n"


def as_csv(entry: AuditEntry) -> str:
    """Return an entry as a row of CSV, whose texts no spreadsheet takes for formulas."""
    values = record(entry)
    values["details"] = json.dumps(values["details"], ensure_ascii=False)
    return line([cell(value) for value in values.values()])
