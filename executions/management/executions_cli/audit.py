"""``executions audit`` and ``executions prune-audit``: read the audit log, and remove its oldest entries."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from executions import audit_pruning, auditing
from executions.actions import Action
from executions.management.executions_cli.ages import age
from executions.management.executions_cli.exit_codes import INTERRUPTED, OK, USAGE
from executions.management.executions_cli.progress import ProgressBar
from executions.management.executions_cli.subcommand import Subcommand, count
from executions.management.executions_cli.table import table
from executions.models import AuditEntry
from executions.models.audit import AuditQuerySet

YOUNGEST = timedelta(days=1)
HEAD = ("ID", "WHEN", "WHO", "WHAT", "ON", "WHOSE", "FROM", "DETAILS")


class Audit(Subcommand):
    """Who did what."""

    help = "Who did what, from where: the newest entries of the audit log. With --json, an entry a line."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=count, default=30, metavar="N", help="how many (%(default)s)")
        parser.add_argument("--action", choices=Action.values, metavar="ACTION", help=", ".join(Action.values))
        parser.add_argument("--actor", metavar="NAME", help="who did it")
        parser.add_argument("--object", metavar="KIND:ID", help="on what, such as execution:42")
        parser.add_argument("--since", type=age, metavar="AGE", help="no older than: 90s, 15m, 12h, 30d, 8w")

    def run(self, options: dict[str, Any]) -> int:
        entries = _chosen(options)[: options["limit"]]
        if options["json"]:
            for entry in entries:
                self.out.write(auditing.as_json(entry), ending="")
        else:
            self.out.write(table(HEAD, [_row(entry) for entry in entries]) if entries else "Nothing was recorded.")
        return OK


def _chosen(options: dict[str, Any]) -> AuditQuerySet:
    entries = AuditEntry.objects.all()
    if options["since"]:
        entries = auditing.since(entries, timezone.now() - options["since"])
    if options["action"]:
        entries = entries.filter(action=options["action"])
    if options["actor"]:
        entries = entries.filter(actor_name=options["actor"])
    if options["object"]:
        kind, _, object_id = options["object"].partition(":")
        entries = entries.filter(kind=kind, object_id=object_id)
    return entries


def _row(entry: AuditEntry) -> tuple[object, ...]:
    what = f"{entry.kind} {entry.object_id}" if entry.object_id or not entry.kind else f"{entry.count:,} {entry.kind}s"
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    where = f"{entry.source} {entry.address or entry.client}"
    return (
        entry.pk,
        f"{entry.at:%Y-%m-%d %H:%M:%S}",
        entry.actor_name,
        entry.action,
        what,
        entry.owner_name,
        where,
        details,
    )


class PruneAudit(Subcommand):
    """Remove the oldest entries of the audit log."""

    help = (
        "Remove old entries of the audit log, the only way there is; that it was done is an entry that stays. May be "
        "interrupted and run again, also while the server works."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than", type=age, required=True, metavar="AGE", help="at least 1d: 30d, 8w")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def run(self, options: dict[str, Any]) -> int:
        if options["older_than"] < YOUNGEST:
            raise CommandError("--older-than must be at least 1d: what is newer stays.", returncode=USAGE)
        before = timezone.now() - options["older_than"]
        total, removed, code = audit_pruning.prunable(before).count(), 0, OK
        if not options["dry_run"]:
            bar = ProgressBar(self.err, total)
            try:
                for removed in audit_pruning.prune(before):
                    bar.show(removed, removed)
            except KeyboardInterrupt:
                code = INTERRUPTED
            bar.clear()
        done = total if options["dry_run"] else removed
        if options["json"]:
            self.write_json({"removed": done, "dry_run": options["dry_run"], "complete": code == OK})
        else:
            would = "Would have removed" if options["dry_run"] else "Removed"
            self.out.write(f"{would} {done:,} entries from before {before:%Y-%m-%d %H:%M} UTC.")
        return code
