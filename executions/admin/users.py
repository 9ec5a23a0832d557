"""The people who use the site, and their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from executions.counting import BoundedPaginator

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


@admin.register(Group)
class PeopleAdmin(GroupAdmin, ModelAdmin):
    """A group: what its members may do."""
