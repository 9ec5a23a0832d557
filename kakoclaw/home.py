"""The home: the one directory that holds what this installation keeps (database, workspaces, secret key)."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.exceptions import ImproperlyConfigured


def open_home(home: Path) -> Path:
    """Make the home, readable by its owner only, and return it. Raises ImproperlyConfigured in one line."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(_unusable(home, error)) from error
    # Asked of the system: a read-only file system forbids what the mode allows, and root may what the mode forbids.
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise ImproperlyConfigured(_unusable(home, "it is not writable by this user"))
    return home


def _unusable(home: Path, reason: object) -> str:
    text = reason.strerror if isinstance(reason, OSError) and reason.strerror else reason
    return f"KAKOCLAW_HOME={str(home)!r} cannot be used: {text}. Choose a directory that this user may write to."


def secret_key(home: Path) -> str:
    """Return the key kept in the home; made once, by whichever process comes first.

    The key is written to a file of its own and then linked to its name, which fails when the name exists: two
    processes that start together agree on one key, and none ever reads half of one.
    """
    path = home / "secret-key"
    if not path.exists():
        draft = home / f".secret-key.{os.getpid()}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(64))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # Another process was first; its key is the key.
            finally:
                draft.unlink()
        except OSError as error:
            raise ImproperlyConfigured(_unusable(home, error)) from error
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} does not hold a secret key; remove the file to have a new one made.")
    return key


@contextmanager
def one_at_a_time(home: Path) -> Iterator[None]:
    """Wait until no other process of this machine is in here for the same home. Raises ImproperlyConfigured."""
    try:
        file = (home / "setup.lock").open("a", encoding="ascii")
    except OSError as error:
        raise ImproperlyConfigured(_unusable(home, error)) from error
    with file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


#: The open file of a home that this process has locked: closing any other one of the same file would end the lock.
_locks: dict[Path, IO[str]] = {}


def lock_home(home: Path) -> None:
    """Make this process the home's only server, until it ends. Raises ImproperlyConfigured when there is one already.

    Without Redis, servers know nothing of each other: each would run executions that the other one cannot be told to
    stop. A lock of the process, not of the file, is not kept alive by the children that a killed server leaves behind.
    """
    path = home / "server.lock"
    if path in _locks:
        return
    try:
        file = path.open("a+", encoding="ascii")
    except OSError as error:
        raise ImproperlyConfigured(_unusable(home, error)) from error
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.seek(0)
        holder = file.read(20).strip()
        file.close()
        raise ImproperlyConfigured(
            f"KAKOCLAW_HOME={str(home)!r} is in use by another server, process {holder}. Stop that one, choose "
            "another home, or connect several servers with REDIS_URL."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    _locks[path] = file
