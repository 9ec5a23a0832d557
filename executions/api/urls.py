"""Addresses of the engine's API, to be included at ``api/v1/``."""

from executions.api.routers import OptionalSlashRouter
from executions.api.viewsets import ExecutionViewSet
from executions.api.webhooks import WebhookViewSet

router = OptionalSlashRouter()
router.register("executions", ExecutionViewSet, basename="execution")
router.register("webhooks", WebhookViewSet, basename="webhook")

urlpatterns = router.urls
