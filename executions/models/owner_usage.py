"""What the finished executions of an owner have used on one day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import connection, models


class OwnerUsageManager(models.Manager["OwnerUsage"]):
    """Adds the counting."""

    def add(self, used: Iterable[tuple[int, date, Decimal, int]]) -> None:
        """Add ``(owner, day, dollars, tokens)``; in the order given, which must be the same everywhere."""
        table = self.model._meta.db_table
        money, day = connection.ops.adapt_decimalfield_value, connection.ops.adapt_datefield_value
        rows = [(owner, day(when), money(dollars, 14, 6), tokens) for owner, when, dollars, tokens in used]
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} (owner_id, day, cost_usd, tokens) VALUES (%s, %s, %s, %s) "  # noqa: S608 - ours
                f"ON CONFLICT (owner_id, day) DO UPDATE SET cost_usd = {table}.cost_usd + excluded.cost_usd, "
                f"tokens = {table}.tokens + excluded.tokens",
                rows,
            )


class OwnerUsage(models.Model):
    """The sum of a day, in UTC. It stays when executions are deleted: what was spent was spent."""

    # No index of its own: that of the constraint begins with it.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    cost_usd = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0))
    tokens = models.PositiveBigIntegerField(default=0)

    objects = OwnerUsageManager()

    class Meta:
        constraints = [models.UniqueConstraint(name="usage_once_per_day", fields=["owner", "day"])]

    def __str__(self) -> str:
        return f"{self.owner_id} on {self.day}"
