"""What readers are told about how an answer ended."""

from __future__ import annotations

from executions.states import Outcome
from executions.told import in_words

#: Fixed by the wire contract.
CANCELED = "Execution canceled by user"

_DEFAULTS = {
    Outcome.FAILED: "The execution failed.",
    Outcome.TIMED_OUT: "The execution took longer than it may and was stopped.",
    Outcome.LOST: "The worker that ran this execution is gone; what it had written until then is kept.",
}


def error_of(outcome: str, error: str) -> str:
    """Return the error text of a finished execution, ``""`` when it succeeded."""
    if not outcome or outcome == Outcome.SUCCEEDED:
        return ""
    if outcome == Outcome.CANCELED:
        return CANCELED
    return error or _DEFAULTS[Outcome(outcome)]


def told(outcome: str, error: str) -> str:
    """Return that text in the language in use; what the contract fixes for a cancel is the same in each."""
    return error if outcome == Outcome.CANCELED else in_words(error)
