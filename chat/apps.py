"""The chat application."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Connects what the engine tells to what the chat keeps."""

    name = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chat import recording, revoking
        from chat.push.channel import PushChannel
        from chat.push.channel import webhook_disabled as tell_of_webhook
        from executions import labels
        from executions.deliveries import channel
        from executions.signals import execution_queued, executions_finished, webhook_disabled

        labels.translate(self)
        execution_queued.connect(recording.record_prompt, dispatch_uid="chat.record_prompt")
        executions_finished.connect(recording.record_answers, dispatch_uid="chat.record_answers")
        webhook_disabled.connect(tell_of_webhook, dispatch_uid="chat.push.webhook_disabled")
        channel.register(PushChannel())
        revoking.connect()
