from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "kakoclaw"
    verbose_name = "KakoClaw"

    def ready(self) -> None:
        from executions.signals import process_started
        from kakoclaw import checks, schema  # noqa: F401 - both register what they define
        from kakoclaw.postgresql.connection import expect_answers

        process_started.connect(expect_answers, dispatch_uid="kakoclaw.expect_answers")
