"""Where an agent's files are: one folder per owner and session."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from executions.conf import conf
from executions.models import Execution


def workspace_of(execution: Execution) -> Path:
    """Return the folder of an execution's session.

    The session's id is never used as a path as it is: the readable part is reduced to safe characters, and a hash of
    the id keeps two ids apart that reduce to the same.
    """
    session_id = execution.session_id or f"execution-{execution.pk}"
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", session_id)[:40].strip("-")
    digest = hashlib.sha256(session_id.encode()).hexdigest()[:12]
    return Path(conf.workspaces) / str(execution.owner_id) / f"{readable}-{digest}"
