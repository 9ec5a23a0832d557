"""The rows of the engine: executions, their journal, what is attached to them, and the workers that run them."""

from executions.models.attachment import Attachment
from executions.models.event import EventRow
from executions.models.execution import Execution
from executions.models.search_entry import SearchEntry
from executions.models.start_key import StartKey
from executions.models.worker import Worker

__all__ = ["Attachment", "EventRow", "Execution", "SearchEntry", "StartKey", "Worker"]
