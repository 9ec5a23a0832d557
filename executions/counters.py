"""What is counted in this process: see :mod:`executions.metrics`."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LONG = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400)

QUEUED = Counter("kakoclaw_executions_queued", "Executions that were put into the queue.", ["agent"])
FINISHED = Counter("kakoclaw_executions_finished", "Executions by how they ended.", ["agent", "outcome"])
FAILURES = Counter("kakoclaw_executions_failed", "Failed executions by cause.", ["agent", "code"])
DURATION = Histogram("kakoclaw_execution_seconds", "From start to end.", ["agent", "outcome"], buckets=_LONG)
QUEUE_WAIT = Histogram("kakoclaw_queue_wait_seconds", "From the queue to the start.", ["agent"], buckets=_LONG)
CANCEL = Histogram("kakoclaw_cancel_seconds", "From asked to confirmed, of canceled ones.", buckets=_SHORT)
TOKENS = Counter("kakoclaw_tokens", "Tokens of models.", ["model", "direction"])
COST = Counter("kakoclaw_cost_usd", "Dollars, where the price is known.", ["model"])
JOURNAL_LAG = Histogram(
    "kakoclaw_journal_lag_seconds", "How long the oldest event of a write has waited for it.", buckets=_SHORT
)
JOURNAL_ROWS = Counter("kakoclaw_journal_rows", "Rows written to journals.")
DOORBELLS_FAILED = Counter("kakoclaw_doorbells_failed", "Messages that the channel layer did not take.")
DOORBELLS_RECOVERED = Counter(
    "kakoclaw_doorbells_recovered", "Times that a reader was behind the journal and was told so by a look at it."
)
DELIVERIES = Counter(
    "kakoclaw_deliveries", "Attempts to tell the outside, by what became of them.", ["channel", "result"]
)
READERS = Gauge("kakoclaw_readers", "Open WebSockets, event streams and waiting requests.", multiprocess_mode="livesum")
