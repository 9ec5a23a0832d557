"""Counts for pages of lists that may have a million rows."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

#: Nobody turns more pages than these rows fill; who looks further back filters.
COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Counts up to :data:`COUNTED` rows, since the database has no other way than to look at each."""

    object_list: Any

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most COUNTED."""
        return int(self.object_list.order_by().values("pk")[:COUNTED].count())
