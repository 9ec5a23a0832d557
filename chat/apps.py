"""The chat application."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Connects what the engine tells to what the chat keeps."""

    name = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from chat import recording, revoking
        from executions.models import Execution
        from executions.signals import executions_finished

        post_save.connect(recording.record_prompt, sender=Execution, dispatch_uid="chat.record_prompt")
        executions_finished.connect(recording.record_answers, dispatch_uid="chat.record_answers")
        revoking.connect()
