"""How long to wait before an attempt is made again."""

from __future__ import annotations

import random
from datetime import timedelta

from executions.conf import conf
from executions.deliveries.outgoing import Answer

FACTOR = 4.0
LONGEST = 6 * 3600.0
#: What is put off together is not tried again together.
JITTER = 0.25


def delay(attempts: int, answer: Answer) -> timedelta:
    """Return the pause after that many attempts: 5 s, 20 s, 80 s and so on, at most six hours, give or take a quarter.

    A receiver that asks for more (``Retry-After``) gets it, up to the same limit.
    """
    seconds = min(conf.delivery_retry_seconds * FACTOR ** (attempts - 1), LONGEST)
    seconds *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
    return timedelta(seconds=max(seconds, min(answer.retry_after, LONGEST)))
