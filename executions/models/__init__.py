"""The rows of the engine: executions, their journal, and the workers that run them."""

from executions.models.event import EventRow
from executions.models.execution import Execution
from executions.models.worker import Worker

__all__ = ["EventRow", "Execution", "Worker"]
