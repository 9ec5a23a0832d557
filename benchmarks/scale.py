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


FULL = Scale(
    streams=(0, 100, 500), samples=100, seconds=15.0, clients=32, waiting=2_000, llm_streams=50, llm_waiting=200
)
#: Shows that everything works; its figures mean nothing.
QUICK = Scale(streams=(0, 3), samples=3, seconds=1.0, clients=3, waiting=20, llm_streams=2, llm_waiting=5)
