from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "kakoclaw"
    verbose_name = "KakoClaw"

    def ready(self) -> None:
        from kakoclaw import checks, schema  # noqa: F401 - both register what they define
