from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "kakoclaw"
    verbose_name = "KakoClaw"

    def ready(self) -> None:
        from kakoclaw import checks  # noqa: F401 - registers them
