"""Pages of the history that stay quick at the millionth row."""

from __future__ import annotations

from typing import Any

from rest_framework import pagination
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor
from rest_framework.request import Request

from executions.validation import MAX_ID

NOT_A_CURSOR = {"cursor": "Not a cursor of this list; take it from next or previous."}

OLDER = "https://kakoclaw.example.org/api/v1/executions/?cursor=cD00Mg%3D%3D"


class HistoryPagination(pagination.CursorPagination):
    """Newest first; a cursor is a place in the history, so new executions do not shift the pages."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int:
        """Return ``?limit=``; unlike DRF's, a wrong one is an error and not the default."""
        raw = request.query_params.get(self.page_size_query_param)
        if raw is None:
            return self.page_size
        return whole_number(raw, "limit", 1, self.max_page_size)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page; DRF's own description is of an older OpenAPI."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The page of older ones; null on the last.", "example": OLDER},
                "previous": {**link, "description": "The page of newer ones; null on the first.", "example": None},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe ``limit`` with its bounds."""
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return parameters

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the place asked for; DRF would take any text as a position and fail in the query."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise ValidationError(NOT_A_CURSOR) from None
        if cursor is not None and cursor.position is not None and not is_id(cursor.position):
            raise ValidationError(NOT_A_CURSOR)
        return cursor


def is_id(value: Any) -> bool:
    """Whether ``value`` (a text) is the decimal form of a number that fits an id column."""
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20 and int(value) <= MAX_ID


def whole_number(raw: str, name: str, least: int, most: int) -> int:
    """Return the number in a query parameter. Raises ValidationError naming the parameter and its range."""
    if not is_id(raw) or not least <= int(raw) <= most:
        raise ValidationError({name: f"Must be a whole number from {least:,} to {most:,}."})
    return int(raw)
