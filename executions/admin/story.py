"""What the page of an execution shows beside its columns: how it is, where the time went, and its journal."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from executions.claiming import queue_position
from executions.models import Execution
from executions.ongoing import ongoing
from executions.pages.execution import events_of, picture_of
from executions.pictures import WIDTH
from executions.states import State


def story_of(request: HttpRequest, execution: Execution) -> dict[str, Any]:
    """Return the context of the page's own templates."""
    picture, partial = picture_of(execution)
    unfinished = execution.state != State.FINISHED
    return {
        "picture": picture,
        "partial": partial,
        "picture_width": WIDTH,
        "ids": str(execution.pk),
        "place": queue_position(execution),
        "now": ongoing([execution.pk]).get(execution.pk) if unfinished else None,
        **events_of(request, execution),
    }
