"""The distributed form, measured: web processes and workers on a private PostgreSQL and Redis of this machine."""

from benchmarks.distributed.suite import distributed_suite

__all__ = ["distributed_suite"]
