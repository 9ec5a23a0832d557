"""Which executions a request reaches."""

from __future__ import annotations

from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.viewsets import GenericViewSet

from executions.api.pagination import is_id
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet


class ExecutionAccess(GenericViewSet[Execution]):
    """Everything goes through what the user may see: somebody else's execution does not exist."""

    permission_classes = (IsAuthenticated,)
    queryset = Execution.objects.none()  # names the model; get_queryset() is what is used

    def get_queryset(self) -> ExecutionQuerySet:
        visible = Execution.objects.visible_to(self.request.user)
        people = ("owner", "cancel_requested_by")
        if self.action in ("list", "active"):
            # Not joined: SQLite would go through the people first, and sort all that they have.
            return visible.without_bodies().prefetch_related(*people)
        return visible.select_related(*people).defer("transcript", "options")

    def get_object(self) -> Execution:
        """Return the execution of the address. Raises NotFound, also for one of somebody else."""
        execution = self._addressed(self.get_queryset()).first()
        if execution is None:
            raise self.missing()
        return execution

    def addressed(self) -> ExecutionQuerySet:
        """Return the execution of the address as a queryset, which is empty when there is none to be seen."""
        return self._addressed(Execution.objects.visible_to(self.request.user))

    def _addressed(self, visible: ExecutionQuerySet) -> ExecutionQuerySet:
        pk = self.kwargs["pk"]
        if not is_id(pk):
            raise NotFound(f"There is no execution {pk!r}; ids are whole numbers.")
        return visible.filter(pk=int(pk))

    def missing(self) -> NotFound:
        """Return the error of an address at which there is no execution to be seen."""
        return NotFound(f"There is no execution {self.kwargs['pk']}.")
