"""What an execution can be found by."""

from __future__ import annotations

from django.db import models


class SearchEntry(models.Model):
    """The words of a finished execution, in a table of their own: nothing that happens to an execution rewrites them.

    A migration makes the index of the words, another on each kind of database; ``executions/searching`` asks it.
    """

    execution = models.OneToOneField(
        "executions.Execution", primary_key=True, on_delete=models.CASCADE, related_name="search_entry"
    )
    words = models.TextField(blank=True, help_text="separated by spaces; PostgreSQL has them as lexemes")

    class Meta:
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return f"words of execution {self.pk}"
