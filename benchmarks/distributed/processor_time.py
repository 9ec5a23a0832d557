"""Where the processor's time goes: how much each kind of process has used."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

import psutil

from benchmarks.distributed.installation import Installation
from benchmarks.figures import Figure, figure

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class ProcessorTime:
    """Seconds of processor time by kind of process, up to a moment."""

    at: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, installation: Installation) -> ProcessorTime:
        """Read it now."""
        site = installation.site
        assert site.postgres.process is not None
        assert site.redis.process is not None
        pids = {
            "web": [server.process.pid for server in installation.web_servers],
            "workers": [server.process.pid for server in installation.workers],
            "postgres": [site.postgres.process.pid],
            "redis": [site.redis.process.pid],
            "client": [os.getpid()],
        }
        return cls(
            seconds={
                kind: sum(_used(psutil.Process(pid), family=kind == "postgres") for pid in members)
                for kind, members in pids.items()
            }
        )

    def figures(self, until: ProcessorTime, count: int, what: str) -> list[Figure]:
        """Return what ``count`` executions have used up to a later moment, each, and of the whole machine."""
        whole = (until.at - self.at) * CORES
        found = []
        for kind, before in self.seconds.items():
            used = until.seconds[kind] - before
            found += [
                figure(f"{what}, CPU of {kind} for each", "ms", 1000 * used / max(1, count)),
                figure(f"{what}, CPU of {kind}", "% of the machine", 100 * used / whole),
            ]
        return found


def _used(process: psutil.Process, *, family: bool) -> float:
    """Return a process's time; with ``family``, with that of its children, those that have ended included."""
    times = process.cpu_times()
    used = times.user + times.system
    if family:
        used += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        for child in process.children():
            try:
                used += sum(child.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue  # ended between the two looks: the next reading has it
    return float(used)
