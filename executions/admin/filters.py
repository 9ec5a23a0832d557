"""What the list of executions is narrowed by: each goes along an index, and no name is looked for in the table."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from executions import wording
from executions.conf import conf
from executions.models.execution import ExecutionQuerySet
from executions.states import Outcome, Source, State
from executions.status import look


class OneOf(admin.SimpleListFilter):
    """Some values, and what each of them leaves."""

    def values(self) -> list[tuple[str, str]]:
        """Return what can be chosen, with its word."""
        raise NotImplementedError

    def narrowed(self, executions: ExecutionQuerySet, value: str) -> ExecutionQuerySet:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return self.values()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return self.narrowed(queryset, value) if (value := self.value()) else queryset


class StateFilter(OneOf):
    """States; those of what is unfinished say so, as the indexes of the unfinished need to be told."""

    title = _("state")
    parameter_name = "state"

    def values(self) -> list[tuple[str, str]]:
        named = [State.QUEUED.value, State.RUNNING.value, State.WAITING.value, "stopping"]
        return [(name, look(name).word) for name in named] + [(State.FINISHED.value, str(_("Finished")))]

    def narrowed(self, executions: ExecutionQuerySet, value: str) -> ExecutionQuerySet:
        if value == "stopping":
            return executions.active().filter(cancel_requested_at__isnull=False)
        return executions.finished() if value == State.FINISHED else executions.unfinished().filter(state=value)


class OutcomeFilter(OneOf):
    """How what has finished did so."""

    title = _("outcome")
    parameter_name = "outcome"

    def values(self) -> list[tuple[str, str]]:
        return [(outcome.value, look(outcome).word) for outcome in Outcome]

    def narrowed(self, executions: ExecutionQuerySet, value: str) -> ExecutionQuerySet:
        return executions.filter(outcome=value)


class AgentFilter(OneOf):
    """Agents as configured: asking the table which there are would read all of it."""

    title = _("agent")
    parameter_name = "agent"

    def values(self) -> list[tuple[str, str]]:
        return [(name, name) for name in conf.agents]

    def narrowed(self, executions: ExecutionQuerySet, value: str) -> ExecutionQuerySet:
        return executions.filter(agent=value)


class ModelFilter(OneOf):
    """Models as configured."""

    title = _("model")
    parameter_name = "model"

    def values(self) -> list[tuple[str, str]]:
        return [(name, name) for name in conf.models]

    def narrowed(self, executions: ExecutionQuerySet, value: str) -> ExecutionQuerySet:
        return executions.filter(model=value)


class SourceFilter(OneOf):
    """From where a stop was asked for."""

    title = _("stopped from")
    parameter_name = "cancel_source"

    def values(self) -> list[tuple[str, str]]:
        return [(source.value, wording.source(source.value)) for source in Source]

    def narrowed(self, executions: ExecutionQuerySet, value: str) -> ExecutionQuerySet:
        return executions.exclude(cancel_source="").filter(cancel_source=value)
