"""A client of a KakoClaw server, for programs: start executions, follow them, answer them, and stop them.

    from kakoclaw.client import Client

    with Client("https://kakoclaw.example.org", token) as client:
        run = client.start("Summarize the open pull requests")
        for event in client.follow(run.id):
            print(event.type, event.data)
        print(client.get(run.id).output)

It needs httpx and nothing else of this project. ``python -m kakoclaw.client`` is the command line on top of it.
"""

from kakoclaw.client.api import Client
from kakoclaw.client.errors import (
    ClientError,
    Conflict,
    Forbidden,
    NotFound,
    Refused,
    ServerError,
    Throttled,
    Unauthenticated,
    Unavailable,
    Unreachable,
    WaitedTooLong,
    WrongAddress,
)
from kakoclaw.client.values import Cancellation, Event, Execution, Usage

__all__ = [
    "Cancellation",
    "Client",
    "ClientError",
    "Conflict",
    "Event",
    "Execution",
    "Forbidden",
    "NotFound",
    "Refused",
    "ServerError",
    "Throttled",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "Usage",
    "WaitedTooLong",
    "WrongAddress",
]
