"""What the staff can do to several executions at once: each act knows whom it is for, what it would do, and does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Max, Min, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from executions import services, wording
from executions.admin.forms import ConfirmForm, ReprioritizeForm, RetryForm
from executions.errors import ExecutionError
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.preview import preview
from executions.states import Source
from executions.status import look

Carry = Callable[[ExecutionQuerySet, dict[str, Any], User], tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Act:
    """An act with its words. ``chosen`` leaves those it can be done to, ``would`` says what it would do.

    ``do`` returns what it did in words, and whether it did anything.
    """

    name: str
    title: str | Promise
    button: str | Promise
    nothing: str | Promise
    form: type[ConfirmForm]
    chosen: Callable[[ExecutionQuerySet], ExecutionQuerySet]
    would: Callable[[ExecutionQuerySet, int], str]
    do: Carry


def _would_cancel(executions: ExecutionQuerySet, count: int) -> str:
    return str(preview(executions))


def _cancel(executions: ExecutionQuerySet, cleaned: dict[str, Any], by: User) -> tuple[str, bool]:
    report = services.cancel(executions, by=by, reason=cleaned["reason"], source=Source.ADMIN)
    parts = {
        gettext("canceled"): report.canceled,
        gettext("told to stop"): report.requested,
        gettext("told to stop before"): report.already_requested,
        gettext("finished already"): report.already_finished,
    }
    said = ", ".join(f"{len(ids):,} {word}" for word, ids in parts.items() if ids)
    return said or gettext("Nothing to cancel."), bool(report.count)


def _would_retry(executions: ExecutionQuerySet, count: int) -> str:
    outcomes = Counter(executions.order_by().values_list("outcome", flat=True))
    ended = ", ".join(f"{number} {look(outcome).word}" for outcome, number in outcomes.most_common())
    sums = executions.order_by().aggregate(usd=Sum("cost_usd"), read=Sum("input_tokens"), written=Sum("output_tokens"))
    again = ngettext("%(count)s run starts again", "%(count)s runs start again", count) % {"count": count}
    said = [f"{again} ({ended})"]
    if tokens := (sums["read"] or 0) + (sums["written"] or 0):
        said.append(gettext("%(tokens)s tokens the last time") % {"tokens": f"{tokens:,}"})
    if sums["usd"] is not None:
        said.append(gettext("%(cost)s the last time") % {"cost": wording.cost(sums["usd"])})
    return ", ".join(said)


def _retry(executions: ExecutionQuerySet, cleaned: dict[str, Any], by: User) -> tuple[str, bool]:
    again = partial(services.retry, by=by, source=Source.ADMIN, reason=cleaned["reason"])
    done, refused = _each(executions.select_related("owner").defer(None).order_by("pk"), again)
    said = ngettext("%(count)s run starts again.", "%(count)s runs start again.", done) % {"count": done}
    return _with_refusals(said, refused), bool(done)


def _would_reprioritize(executions: ExecutionQuerySet, count: int) -> str:
    facts = executions.order_by().aggregate(
        owners=Count("owner", distinct=True), least=Min("priority"), most=Max("priority")
    )
    said = ngettext("%(count)s queued run", "%(count)s queued runs", count) % {"count": count}
    of = ngettext("of %(owners)s owner", "of %(owners)s owners", facts["owners"]) % facts
    now = gettext("priority %(least)s to %(most)s now") % facts
    if facts["least"] == facts["most"]:
        now = gettext("priority %(least)s now") % facts
    return f"{said} {of}, {now}"


def _reprioritize(executions: ExecutionQuerySet, cleaned: dict[str, Any], by: User) -> tuple[str, bool]:
    move = partial(services.set_priority, priority=cleaned["priority"], by=by, reason=cleaned["reason"])
    done, refused = _each(executions.order_by("pk"), move)
    said = ngettext("%(count)s run has a new priority.", "%(count)s runs have a new priority.", done) % {"count": done}
    return _with_refusals(said, refused), bool(done)


def _each(executions: Iterable[Execution], do: Callable[[Execution], Any]) -> tuple[int, Counter[str]]:
    """Do something to each; returns to how many, and why it could not be done to the others."""
    done, refused = 0, Counter[str]()
    for execution in executions:
        try:
            do(execution)
            done += 1
        except ExecutionError as error:
            refused[error.message] += 1
    return done, refused


def _with_refusals(said: str, refused: Counter[str]) -> str:
    return " ".join([said, *(f"{count}: {why}" for why, count in refused.most_common(5))])


CANCEL = Act(
    "cancel", _("Cancel executions"), _("Stop"), _("All of the selected executions have finished already."),
    ConfirmForm, ExecutionQuerySet.unfinished, _would_cancel, _cancel,
)  # fmt: skip
RETRY = Act(
    "retry", _("Run executions again"), _("Run again"), _("None of the selected executions has finished."),
    RetryForm, ExecutionQuerySet.finished, _would_retry, _retry,
)  # fmt: skip
PRIORITY = Act(
    "priority", _("Change the priority"), _("Change the priority"), _("None of the selected executions is queued."),
    ReprioritizeForm, ExecutionQuerySet.queued, _would_reprioritize, _reprioritize,
)  # fmt: skip
ACTS = (CANCEL, RETRY, PRIORITY)
