from django.apps import AppConfig
from django.db.models.signals import post_delete


class ExecutionsConfig(AppConfig):
    name = "executions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from executions import accounts, attachments, deleting, labels, metrics, owner_limits, signals, tracing
        from executions.deliveries import channel, outbox
        from executions.models import Attachment
        from executions.tallies import noting
        from executions.webhooks.channel import WebhookChannel

        post_delete.connect(attachments.removed, sender=Attachment, dispatch_uid="executions.attachment_removed")
        labels.translate(self)
        accounts.connect()
        deleting.connect()
        owner_limits.connect()
        metrics.connect()
        channel.register(WebhookChannel())
        outbox.connect()
        noting.connect()
        signals.executions_finished.connect(tracing.finished, dispatch_uid="executions.tracing")
