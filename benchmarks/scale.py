"""How much a run of the benchmarks does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of samples, executions and seconds."""

    streams: tuple[int, ...]
    samples: int
    seconds: float
    clients: int
    waiting: int
    llm_streams: int
    llm_waiting: int
    #: Of the distributed form: numbers of workers, of queued short executions, of running ones whose events are
    #: counted, and of readers of each.
    workers: tuple[int, ...]
    queue: int
    costs: tuple[int, ...]
    readers: tuple[int, ...]
    #: How often each of the twenty moments of the Claude CLI is stopped.
    claude: int


FULL = Scale(
    streams=(0, 100, 500), samples=100, seconds=15.0, clients=32, waiting=2_000, llm_streams=50, llm_waiting=200,
    workers=(1, 2, 4), queue=2_000, costs=(10, 100, 500), readers=(0, 1, 10), claude=20,
)  # fmt: skip
#: Shows that everything works; its figures mean nothing.
QUICK = Scale(
    streams=(0, 3), samples=3, seconds=1.0, clients=3, waiting=20, llm_streams=2, llm_waiting=5,
    workers=(2,), queue=20, costs=(4,), readers=(0, 2), claude=1,
)  # fmt: skip
