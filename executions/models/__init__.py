"""The rows of the engine: executions, their journal, what is attached to them, who runs them, and who is told."""

from executions.models.attachment import Attachment
from executions.models.audit import AuditEntry
from executions.models.ending import Ending
from executions.models.event import EventRow
from executions.models.execution import Execution
from executions.models.held_stop import HeldStop
from executions.models.hold import Hold
from executions.models.owner_limits import OwnerLimits
from executions.models.owner_usage import OwnerUsage
from executions.models.search_entry import SearchEntry
from executions.models.start_key import StartKey
from executions.models.tally import Tally
from executions.models.webhook import Webhook
from executions.models.webhook_delivery import WebhookDelivery
from executions.models.worker import Worker

__all__ = [
    "Attachment",
    "AuditEntry",
    "Ending",
    "EventRow",
    "Execution",
    "HeldStop",
    "Hold",
    "OwnerLimits",
    "OwnerUsage",
    "SearchEntry",
    "StartKey",
    "Tally",
    "Webhook",
    "WebhookDelivery",
    "Worker",
]
