"""Which processes can be seen from here: what makes a pid mean anything."""

from __future__ import annotations

import socket
import sys
from functools import cache
from pathlib import Path


@cache
def process_space() -> str:
    """Return a name that two processes share only if each sees the other's pid.

    A host's name does not say that: containers may have the same one, and each its own pids. On Linux it is the boot
    of the machine and the namespace of the pids. Raises OSError when /proc is not there.
    """
    if sys.platform != "linux":
        return socket.gethostname()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
