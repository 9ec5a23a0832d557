"""What webhooks can be told of. The kind of an event is the status that the execution has since then."""

from __future__ import annotations

from enum import StrEnum


class WebhookEvent(StrEnum):
    """Names of events, as they are on the wire."""

    WAITING = "execution.waiting"
    SUCCEEDED = "execution.succeeded"
    FAILED = "execution.failed"
    CANCELED = "execution.canceled"
    TIMED_OUT = "execution.timed_out"
    LOST = "execution.lost"

    @property
    def kind(self) -> str:
        return self.value.removeprefix("execution.")


#: What "send a test" sends; nobody chooses it.
TEST = "webhook.test"
