"""File descriptors: every connection takes one, and many systems let a process have 1,024 unless it asks for more."""

from __future__ import annotations

import logging
import resource

logger = logging.getLogger(__name__)

#: More than this helps nobody, and some systems call "no limit" what they do not grant.
ENOUGH = 65_536


def raise_descriptor_limit() -> None:
    """Ask for as many as the system grants, up to :data:`ENOUGH`. A refusal is logged: fewer connections fit then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        logger.warning("the limit of %d open files could not be raised: %s", soft, error)
