"""What people do that the audit log keeps, each with a stable name."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Action(TextChoices):
    """An act of a person; entries of the log have its value, so a value never changes its meaning."""

    STARTED = "started", _("Started")
    RETRIED = "retried", _("Ran again")
    ANSWERED = "answered", _("Answered")
    STOPPED = "stopped", _("Stopped")
    DELETED = "deleted", _("Deleted")
    PRIORITY_CHANGED = "priority_changed", _("Changed a priority")

    QUEUE_HELD = "queue_held", _("Held the queue")
    QUEUE_RELEASED = "queue_released", _("Released the queue")
    REQUEUED = "requeued", _("Queued again what a stop had stopped")
    WORKER_DRAINED = "worker_drained", _("Drained a worker")
    WORKER_RESUMED = "worker_resumed", _("Let a worker take runs again")
    LIMITS_CHANGED = "limits_changed", _("Changed limits")
    EXPORTED = "exported", _("Exported")
    JOURNALS_PRUNED = "journals_pruned", _("Removed old journals")
    LOG_PRUNED = "log_pruned", _("Removed old entries of the audit log")

    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Failed to sign in")
    SIGNED_OUT = "signed_out", _("Signed out")
    PASSWORD_CHANGED = "password_changed", _("Changed a password")
    TOKEN_MADE = "token_made", _("Made a token")
    TOKEN_ENDED = "token_ended", _("Ended a token")
    USER_MADE = "user_made", _("Made a user")
    USER_CHANGED = "user_changed", _("Changed the rights of a user")
    USER_DELETED = "user_deleted", _("Deleted a user")
    WEBHOOK_MADE = "webhook_made", _("Made a webhook")
    WEBHOOK_CHANGED = "webhook_changed", _("Changed a webhook")
    WEBHOOK_ENDED = "webhook_ended", _("Ended a webhook")
    WEBHOOK_RESENT = "webhook_resent", _("Had a webhook told again")


#: Acts by which somebody gains or loses access: each user sees those on their own account.
SECURITY = frozenset({
    Action.SIGNED_IN, Action.SIGN_IN_FAILED, Action.SIGNED_OUT, Action.PASSWORD_CHANGED, Action.TOKEN_MADE,
    Action.TOKEN_ENDED, Action.USER_CHANGED, Action.WEBHOOK_MADE, Action.WEBHOOK_CHANGED, Action.WEBHOOK_ENDED,
})  # fmt: skip
