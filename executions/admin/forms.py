"""Forms of the staff's pages: the priority of one that is queued, and what a confirmation is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from executions import services
from executions.errors import ExecutionError
from executions.models import Execution
from executions.validation import MAX_REASON_CHARS

if TYPE_CHECKING:  # Django's class takes parameters in its stubs only
    ExecutionForm = forms.ModelForm[Execution]
else:
    ExecutionForm = forms.ModelForm


class PriorityForm(ExecutionForm):
    """The one thing that can be edited, while it is queued."""

    user: Any = None

    class Meta:
        model = Execution
        fields = ("priority",)

    def clean_priority(self) -> int:
        priority: int = self.cleaned_data["priority"]
        if priority != self.initial.get("priority"):
            try:
                # The guarded update is the check: between a check and a save, a worker may claim the execution.
                services.set_priority(self.instance, priority, by=self.user)
            except ExecutionError as error:
                raise ValidationError(error.message) from error
        return priority


class ConfirmForm(forms.Form):
    """What a confirmation is about; the ids are those that the page has shown."""

    #: How many one confirmation can be about.
    most = 10_000

    ids = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=MAX_REASON_CHARS, widget=UnfoldAdminTextInputWidget,
        help_text=_("Kept with the run, or in the audit log."),
    )  # fmt: skip

    def clean_ids(self) -> list[int]:
        parts = self.cleaned_data["ids"].split(",")
        if len(parts) > self.most or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise ValidationError(
                gettext("Select 1 to %(most)s executions in the list first.") % {"most": f"{self.most:,}"}
            )
        return [int(part) for part in parts]


class RetryForm(ConfirmForm):
    """Each retry is a transaction of its own, and somebody waits for them all."""

    most = 200


class ReprioritizeForm(ConfirmForm):
    """The new priority, the same for all."""

    most = 500
    field_order = ("ids", "priority", "reason")

    priority = forms.IntegerField(
        label=_("New priority"), min_value=-100, max_value=100, widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("-100 to 100; a greater one runs sooner."),
    )  # fmt: skip
