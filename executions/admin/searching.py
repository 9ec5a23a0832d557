"""How the staff's search looks for executions: by what has an index, and for words."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Q

from executions.models.execution import ExecutionQuerySet
from executions.narrowing import found_by


def search(executions: ExecutionQuerySet, term: str) -> ExecutionQuerySet:
    """Look for one thing after the other (an id, an owner, a session), as each has an index of its own; then words."""
    term = term.replace("\0", "").strip()
    if not term:
        return executions
    exact = [Q(session_id=term)]
    if (owner := User.objects.filter(username=term).first()) is not None:
        exact.insert(0, Q(owner=owner.pk))
    if term.isascii() and term.isdecimal() and len(term) < 19:
        exact.insert(0, Q(pk=int(term)))
    for condition in exact:
        if (found := executions.filter(condition)).exists():
            return found
    return found_by(executions, term, ("prompt",), None)  # type: ignore[return-value]
