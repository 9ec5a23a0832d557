from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig


class SiteConfig(AppConfig):
    name = "kakoclaw"
    verbose_name = "KakoClaw"

    def ready(self) -> None:
        from executions.signals import process_started
        from kakoclaw import checks, schema  # noqa: F401 - both register what they define
        from kakoclaw.postgresql.connection import expect_answers

        process_started.connect(expect_answers, dispatch_uid="kakoclaw.expect_answers")
        if settings.OTEL:
            from kakoclaw import tracing

            tracing.set_up(content=settings.OTEL_CONTENT)


class StaffConfig(AdminConfig):
    """Django's admin, as the staff's site."""

    default_site = "kakoclaw.staff.StaffSite"
