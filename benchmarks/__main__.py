"""``python -m benchmarks``: run benchmarks, print their table, write their JSON."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import suites
from benchmarks.claude import claude_suite
from benchmarks.distributed import distributed_suite
from benchmarks.figures import Figure
from benchmarks.report import machine, table, write_json
from benchmarks.scale import FULL, QUICK, Scale

RESULTS = Path(__file__).parent / "results"
SUITES: dict[str, Callable[[Scale], Awaitable[list[Figure]]]] = {
    "streaming": suites.streaming_suite,
    "short": suites.short_suite,
    "waiting": suites.waiting_suite,
    "llm": suites.llm_suite,
    "distributed": distributed_suite,
    "claude": claude_suite,
}


def main() -> None:
    """Parse the command line and run what it names."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure latency, throughput and memory of a real server, from outside. Each suite starts servers "
        "of its own with temporary homes; figures depend on whatever else the machine does, so its load is shown.",
    )
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"some of {', '.join(SUITES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="a smoke test of a minute; its figures mean nothing")
    parser.add_argument("--json", type=Path, help="where to write the figures (default: a new file in results/)")
    options = parser.parse_args()
    if unknown := set(options.suites) - SUITES.keys():
        parser.error(f"there is no suite {', '.join(sorted(unknown))}; choose from {', '.join(SUITES)}")
    about = machine()
    path = options.json or RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    print(f"{about['processor']}, {about['cores']} cores, Python {about['python']}, load {os.getloadavg()[0]:.1f}")
    figures: list[Figure] = []
    for name in options.suites or SUITES:
        print(f"\n{name}", flush=True)
        found = asyncio.run(SUITES[name](QUICK if options.quick else FULL))
        print(table(found), flush=True)
        figures += found
        write_json(path, figures, about)
    print(f"\nWritten to {path}")


if __name__ == "__main__":
    main()
