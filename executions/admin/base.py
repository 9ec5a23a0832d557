"""What all staff pages have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.options import ShowFacets
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from executions.counting import BoundedPaginator

if TYPE_CHECKING:  # Django's class takes parameters in its stubs only
    from django.contrib import admin

    Pages = admin.ModelAdmin[Any]
else:
    Pages = ModelAdmin


class StaffPages(Pages):
    """Lists that count no more than anybody turns pages, of things that nobody makes by hand."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyPages(StaffPages):
    """Things to look at."""

    actions: Any = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
