"""Addresses of the engine's API, to be included at ``api/v1/``."""

from django.urls import re_path

from executions.api import audit, limits, queue, workers
from executions.api.routers import OptionalSlashRouter
from executions.api.viewsets import ExecutionViewSet
from executions.api.webhooks import WebhookViewSet

router = OptionalSlashRouter()
router.register("executions", ExecutionViewSet, basename="execution")
router.register("webhooks", WebhookViewSet, basename="webhook")

urlpatterns = [
    *router.urls,
    re_path(r"^queue/?$", queue.QueueView.as_view(), name="queue"),
    re_path(r"^queue/hold/?$", queue.QueueHoldView.as_view(), name="queue-hold"),
    re_path(r"^queue/release/?$", queue.QueueReleaseView.as_view(), name="queue-release"),
    re_path(r"^workers/?$", workers.WorkersView.as_view(), name="workers"),
    re_path(r"^workers/(?P<worker_id>[^/]+)/drain/?$", workers.WorkerDrainView.as_view(), name="worker-drain"),
    re_path(r"^workers/(?P<worker_id>[^/]+)/resume/?$", workers.WorkerResumeView.as_view(), name="worker-resume"),
    re_path(r"^me/limits/?$", limits.MyLimitsView.as_view(), name="my-limits"),
    re_path(r"^users/(?P<user_id>[^/]+)/limits/?$", limits.UserLimitsView.as_view(), name="user-limits"),
    re_path(r"^audit/?$", audit.AuditView.as_view(), name="audit"),
    re_path(r"^audit/export/?$", audit.AuditExportView.as_view(), name="audit-export"),
]
