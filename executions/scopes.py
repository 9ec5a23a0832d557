"""What a token may be used for. Whoever is signed in with a password may do all that the account may."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy


class Scope(StrEnum):
    """Each allows what the ones before it allow."""

    READ = "read"
    RUN = "run"
    ADMIN = "admin"

    def allows(self, needed: Scope) -> bool:
        """Return whether this is enough where ``needed`` is asked for."""
        return _ORDER[self] >= _ORDER[needed]


_ORDER = {scope: place for place, scope in enumerate(Scope)}

#: In words, for people who choose one.
MEANINGS = {
    Scope.READ: gettext_lazy("look at executions, sessions and their events"),
    Scope.RUN: gettext_lazy("also start, answer and stop them, and write in sessions"),
    Scope.ADMIN: gettext_lazy("all that you may, also make tokens and change your password"),
}
