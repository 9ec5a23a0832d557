"""Which executions a request reaches."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.viewsets import GenericViewSet

from executions.api.pagination import is_id
from executions.api.permissions import InScope
from executions.api.throttles import LimitedView
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet


class ExecutionAccess(LimitedView, GenericViewSet[Execution]):
    """Everything goes through what the user may see: somebody else's execution does not exist."""

    permission_classes = (InScope,)
    people = ("owner", "cancel_requested_by")
    queryset = Execution.objects.none()  # names the model; get_queryset() is what is used

    def get_queryset(self) -> ExecutionQuerySet:
        visible = Execution.objects.visible_to(self.request.user)
        if self.action in ("list", "active"):
            # Not joined: SQLite would go through the people first, and sort all that they have.
            return visible.without_bodies().prefetch_related(*self.people)
        return visible.select_related(*self.people).defer("transcript", "options")

    def get_object(self) -> Execution:
        """Return the execution of the address. Raises NotFound, also for one of somebody else."""
        pk = self.addressed()
        execution = self.get_queryset().filter(pk=pk).first()
        if execution is None:
            raise self.missing(pk)
        return execution

    def missing(self, pk: int) -> NotFound:
        """Return what is said of an execution that is not there, or not for this user."""
        return NotFound(_("There is no execution %(pk)s.") % {"pk": pk})

    def addressed(self) -> int:
        """Return the id in the address. Raises NotFound when it can't be one."""
        pk = self.kwargs["pk"]
        if not is_id(pk):
            raise NotFound(_("There is no execution %(pk)s; ids are whole numbers.") % {"pk": repr(pk)})
        return int(pk)
