"""What the page of the history can be narrowed by. A wrong filter is not used, and said."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from executions import narrowing
from executions.conf import conf
from executions.models import Execution
from executions.states import Outcome
from executions.status import look
from executions.zones import zone_of

SEARCHED = ("prompt", "output", "error")
STOPPED = {"me": _("You"), "others": _("Somebody else"), "server": _("The server")}


def _outcomes() -> list[tuple[str, str]]:
    return [(name.value, look(name.value).word) for name in Outcome]


class HistoryForm(forms.Form):
    """The filters of the history, as a form that GETs."""

    q = forms.CharField(label=_("Text"), max_length=200, required=False)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=_outcomes, required=False)
    agent = forms.CharField(label=_("Agent"), max_length=64, required=False)
    model = forms.CharField(label=_("Model"), max_length=200, required=False)
    since = forms.DateField(
        label=_("From day"), required=False, error_messages={"invalid": _("Write a day as 2026-12-31.")}
    )
    until = forms.DateField(
        label=_("To day"), required=False, error_messages={"invalid": _("Write a day as 2026-12-31.")}
    )
    stopped = forms.ChoiceField(label=_("Stopped by"), choices=list(STOPPED.items()), required=False)
    owner = forms.CharField(label=_("Owner"), max_length=150, required=False)
    zone = forms.CharField(max_length=64, required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        if not user.is_staff:
            del self.fields["owner"]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("since") and given.get("until") and given["since"] > given["until"]:
            self.add_error("until", gettext("This day is before the first one."))
        return given

    @property
    def wanted(self) -> dict[str, Any]:
        """The filters that are in use, without those that are wrong."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value and name != "zone"}

    @property
    def whose(self) -> int | None:
        """The one person whose executions are looked at; ``None`` where staff may see those of several."""
        return None if self.user.is_staff else self.user.pk

    @property
    def agents(self) -> list[str]:
        return sorted({*conf.agents, *filter(None, [self.wanted.get("agent")])})

    def narrow(self, executions: QuerySet[Execution]) -> QuerySet[Execution]:
        """Return what of ``executions`` fits."""
        wanted = self.wanted
        for name in ("outcome", "agent", "model"):
            if name in wanted:
                executions = executions.filter(**{name: wanted[name]})
        if "owner" in wanted:
            # Looked up first: a database plans the history of one who has little otherwise than of one who has much.
            owner = User.objects.filter(username=wanted["owner"]).values_list("pk", flat=True).first()
            executions = executions.filter(owner=owner) if owner is not None else executions.none()
        if "stopped" in wanted:
            # Narrows by an index, where who stopped it alone would make a database look at every row.
            executions = executions.filter(outcome=Outcome.CANCELED)
        match wanted.get("stopped"):
            case "me":
                executions = executions.filter(cancel_requested_by=self.user)
            case "others":
                executions = executions.filter(cancel_requested_by__isnull=False).exclude(cancel_requested_by=self.user)
            case "server":
                executions = executions.filter(cancel_requested_by=None).exclude(cancel_source="")
        zone = zone_of(self.cleaned_data.get("zone", "")) or timezone.get_current_timezone()
        if "since" in wanted:
            executions = narrowing.created_from(executions, _midnight(wanted["since"], zone))
        if "until" in wanted:
            executions = narrowing.created_before(executions, _midnight(wanted["until"] + timedelta(days=1), zone))
        if "q" in wanted:
            # The last: it looks at the newest of what the others leave.
            executions = narrowing.found_by(executions, wanted["q"], SEARCHED, self.whose)
        return executions


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
