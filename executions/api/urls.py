"""Addresses of the engine's API, to be included at ``api/v1/``."""

from executions.api.routers import OptionalSlashRouter
from executions.api.viewsets import ExecutionViewSet

router = OptionalSlashRouter()
router.register("executions", ExecutionViewSet, basename="execution")

urlpatterns = router.urls
