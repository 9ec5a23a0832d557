"""What a child process of an execution finds in its environment: nothing that the server did not mean to give."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: The variable that says which execution a process belongs to.
VARIABLE = "KAKOCLAW_EXECUTION"

#: What is passed on from the server's own environment. Everything else may hold a secret.
PASSED_ON = (
    "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME",
    "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip

#: A program here talks to a pipe and to nobody who could answer it.
QUIET = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "PYTHONUNBUFFERED": "1",
}

#: Until it is configured, it is nobody else's: a sweep must not reach the processes of a stranger.
_instance = f"process-{os.getpid()}"


def instance_of(database: Mapping[str, Any]) -> str:
    """Return a name that all processes with this database share, and no other installation on this host has."""
    name = "|".join(str(database.get(key, "")) for key in ("ENGINE", "HOST", "PORT", "NAME"))
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def configure(instance: str) -> None:
    """Set the name of this installation in the tag: servers that share a database share it, others must not.

    Raises ValueError when it is empty or holds a colon, a NUL or white space.
    """
    global _instance
    if not instance or any(c in ":\0" or c.isspace() for c in instance):
        raise ValueError(f"An instance name has no colon, NUL or white space and is not empty, got {instance!r}.")
    _instance = instance


def tag(execution_id: int | str) -> str:
    """Return ``NAME=value`` of the tag of one execution; of all of this instance's for ``""``."""
    return f"{VARIABLE}={_instance}:{execution_id}"


def clean_environment(
    execution_id: int, extra: Mapping[str, str] | None = None, *, home: Path | None = None
) -> dict[str, str]:
    """Return the environment of a process of that execution: a few variables of the server, ``extra``, and the tag."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment.setdefault("PATH", os.defpath)
    environment.setdefault("LANG", "C.UTF-8")
    environment.update(QUIET)
    if home is not None:
        environment["HOME"] = str(home)
    environment.update(extra or {})
    name, _, value = tag(execution_id).partition("=")
    environment[name] = value
    return environment
