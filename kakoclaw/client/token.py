"""Where a command line finds its token: not among its arguments, if it can be helped: everybody can read those."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from kakoclaw.client.errors import Unauthenticated

TOKEN = "KAKOCLAW_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE = "KAKOCLAW_TOKEN_FILE"  # noqa: S105 - the name of a variable
MISSING = (
    f"A server wants to know who you are: put a token into {TOKEN}, or name a file that holds one in --token-file."
)


def find(environment: Mapping[str, str], given: str, file: str) -> tuple[str, str]:
    """Return the token, and what is to be said about where it was, if anything. Raises Unauthenticated.

    An argument wins over a variable, and the token itself over a file of it.
    """
    if given:
        return given, "Other users of this machine can read the arguments of a command: use --token-file instead."
    if file:
        return _read(Path(file))
    if token := environment.get(TOKEN, "").strip():
        return token, ""
    if named := environment.get(TOKEN_FILE, "").strip():
        return _read(Path(named))
    raise Unauthenticated(MISSING, "no_token")


def _read(path: Path) -> tuple[str, str]:
    try:
        token = path.expanduser().read_text(encoding="utf-8").strip()
        mode = path.expanduser().stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Unauthenticated(f"The token in {path} can't be read: {reason}.", "no_token") from error
    if not token:
        raise Unauthenticated(f"There is no token in {path}.", "no_token")
    shared = stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH)
    return token, f"Others can read the token in {path}: chmod 600 {path}" if shared else ""
