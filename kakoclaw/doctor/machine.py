"""Questions about this machine: files, room, limits."""

from __future__ import annotations

import os
import resource
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from kakoclaw.doctor.findings import Finding, error, warning

GIGABYTE = 1024**3
#: Below these, journals, workspaces and the database soon have no room to grow.
SHORT_OF_SPACE, OUT_OF_SPACE = GIGABYTE, GIGABYTE // 10
#: Connections, database files, and pipes of processes that agents run.
ENOUGH_FILES = 4_096


def files_are_safe() -> Iterator[Finding]:
    """Ask whether others of this machine can read what only the server should."""
    for path, name in ((settings.HOME, "KAKOCLAW_HOME"), (_env_file(), "The file of settings")):
        if path is None or not path.exists():
            continue
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            mode = "700" if path.is_dir() else "600"
            yield warning(
                f"{name} {path} can be read or written by other users of this machine.", f"Run `chmod {mode} {path}`."
            )


def _env_file() -> Path | None:
    given = os.environ.get("KAKOCLAW_ENV_FILE", "")
    path = Path(given) if given else settings.BASE_DIR / ".env"
    return path if path.is_file() else None


def there_is_room() -> Iterator[Finding]:
    """Ask how much the disk of the home can still take."""
    free = shutil.disk_usage(settings.HOME).free
    if free < SHORT_OF_SPACE:
        make = error if free < OUT_OF_SPACE else warning
        yield make(
            f"The disk of {settings.HOME} has only {free / GIGABYTE:.2g} GB free.",
            "Make room, move KAKOCLAW_HOME, or remove old journals: `manage.py executions prune --older-than 30d`.",
        )


def limits_are_high_enough() -> Iterator[Finding]:
    """Ask how many files a process may have open; the server raises its own limit as far as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < ENOUGH_FILES:
        yield warning(
            f"A process may have only {hard:,} files open here, and each connection takes one.",
            f"Raise the limit: `ulimit -Hn {ENOUGH_FILES * 4}`, or LimitNOFILE= in systemd.",
        )


def metrics_have_a_directory() -> Iterator[Finding]:
    """Ask whether processes that keep their counts together have where to."""
    given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if given is not None and not (Path(given).is_dir() and os.access(given, os.W_OK)):
        yield error(
            f"PROMETHEUS_MULTIPROC_DIR={given} is no directory that this user may write to.",
            "Make it, or unset the variable: see docs/monitoring.md.",
        )
