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
        rows = visible.select_related("owner", "cancel_requested_by")
        lists = self.action in ("list", "active")
        return rows.without_bodies() if lists else rows.defer("transcript", "options")

    def get_object(self) -> Execution:
        """Return the execution of the address; one of somebody else does not exist."""
        if not is_id(self.kwargs["pk"]):
            raise NotFound(f"There is no execution {self.kwargs['pk']!r}; ids are whole numbers.")
        execution = self.get_queryset().filter(pk=int(self.kwargs["pk"])).first()
        if execution is None:
            raise NotFound(f"There is no execution {self.kwargs['pk']}.")
        return execution
