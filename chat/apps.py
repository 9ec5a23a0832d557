"""The chat application."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Connects what the engine tells to what the chat keeps."""

    name = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chat import recording, revoking
        from executions.signals import execution_queued, executions_finished

        execution_queued.connect(recording.record_prompt, dispatch_uid="chat.record_prompt")
        executions_finished.connect(recording.record_answers, dispatch_uid="chat.record_answers")
        revoking.connect()
