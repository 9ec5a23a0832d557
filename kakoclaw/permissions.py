"""What members of the staff may do on the staff's pages: to runs and chats, all that the API lets them do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend

#: Applications of ours. People and groups are Django's: who may change these could make anybody anything.
APPLICATIONS = frozenset({"executions", "chat"})


class StaffBackend(BaseBackend):
    """Permits active members of the staff everything about models of ours; signs nobody in."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return self.has_module_perms(user_obj, perm.partition(".")[0])

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return app_label in APPLICATIONS and user_obj.is_active and user_obj.is_staff
