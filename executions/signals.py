"""What the engine tells the applications above it, inside the transaction in which it happens."""

from django.dispatch import Signal

#: Sent with ``execution=Execution`` in the transaction that queues it.
execution_queued = Signal()

#: Sent with ``executions=[Execution, …]`` (fresh rows, ``output`` and ``outcome`` set) in the transaction that
#: finishes them, from whichever process wins. A receiver must be quick and set-based; it runs once per batch.
executions_finished = Signal()

#: Sent with ``executions=[Execution, …]`` (``question`` set) in the transaction in which they begin to wait for their
#: owner. A receiver must be quick and set-based; it runs once per batch.
executions_waiting = Signal()

#: Sent when a process begins to serve people or to run executions; commands, which may take their time, send nothing.
process_started = Signal()

#: Sent with ``webhook=Webhook, reason=str`` in the transaction in which a webhook is switched off for its failures.
webhook_disabled = Signal()
