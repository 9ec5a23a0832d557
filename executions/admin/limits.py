"""Limits of users: on the page of each, and a list of those who have some of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.admin import StackedInline

from executions import owner_limits
from executions.admin.base import ReadOnlyPages
from executions.models import OwnerLimits

if TYPE_CHECKING:  # Django's classes take parameters in their stubs only
    FormSet = BaseInlineFormSet[OwnerLimits, User, ModelForm[OwnerLimits]]
    Inline = admin.StackedInline[OwnerLimits, User]
else:
    FormSet, Inline = BaseInlineFormSet, StackedInline


class LimitsFormSet(FormSet):
    """Changes limits by the service, which records it."""

    by: Any = None

    def save_new(self, form: Any, commit: bool = True) -> OwnerLimits:
        return self._change(form)

    def save_existing(self, form: Any, obj: OwnerLimits, commit: bool = True) -> OwnerLimits:
        return self._change(form)

    def _change(self, form: Any) -> OwnerLimits:
        wanted = {name: form.cleaned_data[name] for name in owner_limits.NAMES}
        return owner_limits.change(self.instance, wanted, by=self.by)


class LimitsInline(Inline):
    """What is set for this user alone."""

    model = OwnerLimits
    formset = LimitsFormSet
    fields = owner_limits.NAMES
    hide_title = True
    verbose_name_plural = gettext_lazy("Limits")
    extra = 1
    max_num = 1
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: User | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        return type("LimitsFormSetOfRequest", (formset,), {"by": request.user})


@admin.register(OwnerLimits)
class OwnerLimitsAdmin(ReadOnlyPages):
    """Those who have limits of their own; they are changed on the user's page."""

    list_display = ("owner", *owner_limits.NAMES)
    list_filter = ("may_start",)
    list_select_related = ("owner",)
    search_fields = ("=owner__username",)
    ordering = ("owner__username",)
