"""Forms of the staff's pages: the priority of one that is queued, and what a confirmation is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from executions import services
from executions.errors import ExecutionError
from executions.models import Execution
from executions.validation import MAX_REASON_CHARS
from executions.wording import number

if TYPE_CHECKING:  # Django's class takes parameters in its stubs only
    ExecutionForm = forms.ModelForm[Execution]
else:
    ExecutionForm = forms.ModelForm

#: How many one confirmation can be about.
MAX_SELECTED = 10_000


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


class CancelForm(forms.Form):
    """What a confirmation of a cancel is about; the ids are those that the page has shown."""

    ids = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(required=False, max_length=MAX_REASON_CHARS, widget=forms.TextInput(attrs={"size": 60}))

    def clean_ids(self) -> list[int]:
        parts = self.cleaned_data["ids"].split(",")
        if len(parts) > MAX_SELECTED or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise ValidationError(
                _("Select 1 to %(max_selected)s executions in the list first.") % {"max_selected": number(MAX_SELECTED)}
            )
        return [int(part) for part in parts]
