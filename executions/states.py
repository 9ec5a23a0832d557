"""The life cycle of an execution, as pure values.

An execution is ``queued``, ``running``, ``waiting`` (for an answer of its owner) or ``finished``; a finished one has
exactly one outcome and never changes again. ``stopping`` is not a state: it is a running or waiting execution whose
cancellation was requested and not confirmed yet.
"""

from enum import StrEnum


class State(StrEnum):
    """Where an execution is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    FINISHED = "finished"


class Outcome(StrEnum):
    """How a finished execution ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMED_OUT = "timed_out"
    LOST = "lost"


class OnBusy(StrEnum):
    """What a new execution does when its session has an unfinished one."""

    QUEUE = "queue"
    INTERRUPT = "interrupt"
    REJECT = "reject"


class Source(StrEnum):
    """From where a person acted on an execution."""

    PAGE = "page"
    API = "api"
    ADMIN = "admin"
    COMMAND = "command"
    DISCONNECT = "disconnect"
    INTERRUPT = "interrupt"
    SERVER = "server"


#: Held by a worker: claimed and not finished.
ACTIVE = (State.RUNNING, State.WAITING)
#: Everything that can still be canceled.
UNFINISHED = (State.QUEUED, State.RUNNING, State.WAITING)
