"""What the API's documentation shows: one execution, from its start to its receipt."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

EXECUTION: dict[str, Any] = {
    "id": 42,
    "owner": "ada",
    "session_id": "web:chat",
    "agent": "llm",
    "model": "anthropic:claude-sonnet-4-5",
    "state": "finished",
    "outcome": "canceled",
    "status": "canceled",
    "stopping": False,
    "priority": 0,
    "prompt": "Run the tests and tell me what fails",
    "error": "",
    "error_code": "",
    "created_at": "2026-03-01T09:00:00.000000Z",
    "started_at": "2026-03-01T09:00:00.021000Z",
    "finished_at": "2026-03-01T09:00:12.345000Z",
    "duration_ms": 12324,
    "cancel": {
        "requested_at": "2026-03-01T09:00:12.300000Z", "by": "ada", "reason": "Wrong branch", "source": "api",
    },
    "receipt": {
        "by": "ada", "reason": "Wrong branch", "source": "api", "elapsed_ms": 45.2,
        "processes": [{"pid": 4711, "name": "pytest"}], "tool": "exec",
    },
    "question": None,
    "usage": {"input_tokens": 1830, "output_tokens": 212, "requests": 2, "cost_usd": 0.0087},
    "last_seq": 31,
    "journal_pruned": False,
    "worker": "b7c1d2e3f4a5",
    "retry_of": None,
}  # fmt: skip
WHOLE = {**EXECUTION, "queue_position": None, "agent_session": "", "output": "I am running the tests now."}

LISTED = OpenApiExample("A canceled one", EXECUTION, response_only=True)
STOPPED = OpenApiExample("A canceled one", WHOLE, response_only=True)
EVENT = OpenApiExample(
    "A piece of the answer",
    {
        "execution_id": 42,
        "seq": 7,
        "type": "text",
        "data": {"text": "I am running "},
        "created_at": "2026-03-01T09:00:03.120000Z",
    },
    response_only=True,
)
START = [
    OpenApiExample("The shortest", {"prompt": "Say hi"}, request_only=True),
    OpenApiExample(
        "In a session, with a model and limits",
        {
            "prompt": "Run the tests and tell me what fails",
            "session_id": "ci:main",
            "model": "anthropic:claude-sonnet-4-5",
            "limits": {"wall_seconds": 600},
            "on_busy": "interrupt",
        },
        request_only=True,
    ),
]
CANCEL = OpenApiExample("With a reason", {"reason": "Wrong branch", "wait": 5}, request_only=True)
CANCEL_MANY = [
    OpenApiExample("These", {"ids": [41, 42]}, request_only=True),
    OpenApiExample(
        "A session", {"filter": {"session_id": "ci:main", "status": ["queued", "running"]}}, request_only=True
    ),
    OpenApiExample("Everything", {"all": True, "reason": "Stopping for the day"}, request_only=True),
]
CANCELED = OpenApiExample(
    "Stopped", {"canceled": 1, "requested": 0, "message": "Canceled.", "execution": WHOLE}, response_only=True
)
ANSWER = [
    OpenApiExample(
        "A question", {"question_id": "q1", "answers": {"Which database?": "PostgreSQL"}}, request_only=True
    ),
    OpenApiExample("A plan", {"question_id": "p1", "approved": True, "comment": "Go on"}, request_only=True),
]
ERROR = OpenApiExample(
    "Wrong input",
    {
        "detail": "priority: A valid integer is required.",
        "error": "priority: A valid integer is required.",
        "code": "invalid",
        "type": "urn:kakoclaw:problem:invalid",
        "title": "Invalid",
        "status": 400,
        "fields": {"priority": ["A valid integer is required."]},
    },
    response_only=True,
)
