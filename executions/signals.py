"""What the engine tells the applications above it, inside the transaction in which it happens."""

from django.dispatch import Signal

#: Sent with ``execution=Execution`` in the transaction that queues it.
execution_queued = Signal()

#: Sent with ``executions=[Execution, …]`` (fresh rows, ``output`` and ``outcome`` set) in the transaction that
#: finishes them, from whichever process wins. A receiver must be quick and set-based; it runs once per batch.
executions_finished = Signal()

#: Sent when a process begins to serve people or to run executions; commands, which may take their time, send nothing.
process_started = Signal()
