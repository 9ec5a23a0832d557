"""The people who use the site, and their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from executions.admin.executions import ExecutionAdmin
from executions.admin.limits import LimitsInline
from executions.counting import BoundedPaginator
from executions.models import Execution
from executions.preview import preview

if TYPE_CHECKING:  # Django's class takes parameters in its stubs only
    PersonPages = UserAdmin[User]
else:
    PersonPages = UserAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(PersonPages, ModelAdmin):
    """A person: who they are, and what they may do."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    paginator = BoundedPaginator
    show_full_result_count = False
    actions = ("stop_runs",)
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    #: Django's two boxes side by side are wider than a page, and say too little to a screen reader.
    filter_horizontal = ()

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return [LimitsInline] if obj is not None else []

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Say what becomes of the runs of somebody who may no longer sign in."""
        super().save_model(request, obj, form, change)
        if change and not obj.is_active and "is_active" in form.changed_data:
            left = preview(Execution.objects.filter(owner=obj))
            if left.count:
                told = _(
                    "%(name)s has unfinished runs: %(runs)s. What is queued waits; what runs goes on until you stop it."
                )
                self.message_user(request, told % {"name": obj, "runs": left}, messages.WARNING)

    @admin.action(description=gettext_lazy("Stop all runs of the selected users…"), permissions=["change"])
    def stop_runs(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Show what would be stopped, and ask."""
        return executions_pages(self.admin_site).cancel_selected(
            request, Execution.objects.visible_to(request.user).filter(owner__in=queryset)
        )


def executions_pages(site: admin.AdminSite) -> ExecutionAdmin:
    """Return the pages of executions, which have the confirmation."""
    pages = site.get_model_admin(Execution)
    assert isinstance(pages, ExecutionAdmin)
    return pages


@admin.register(Group)
class PeopleAdmin(GroupAdmin, ModelAdmin):
    """A group: what its members may do."""

    filter_horizontal = ()
