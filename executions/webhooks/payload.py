"""What a webhook is told: small, the same for every event, and only ever added to within one ``version``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from executions.conf import conf
from executions.models import Execution, Webhook
from executions.webhooks.events import TEST

#: Of the meaning of what is there; new members do not change it.
VERSION = 1
MAX_ERROR_CHARS = 2_000


def names_of(executions: Iterable[Execution]) -> dict[int, str]:
    """Return the names of the people in these executions: owners, and who has stopped them."""
    ids = {pk for e in executions for pk in (e.owner_id, e.cancel_requested_by_id) if pk is not None}
    users = get_user_model().objects.filter(pk__in=ids)
    return dict(users.values_list("pk", get_user_model().USERNAME_FIELD))


def of_execution(kind: str, execution: Execution, names: Mapping[int, str]) -> str:
    """Return the body that tells that ``execution`` is ``kind`` since now."""
    happened = execution.finished_at or execution.changed_at
    return _body(f"execution.{kind}", happened, _data(execution, names))


def of_test(webhook: Webhook) -> str:
    """Return the body of a test."""
    return _body(TEST, timezone.now(), {"webhook": webhook.pk, "name": webhook.name, "events": webhook.events})


def _body(kind: str, happened: datetime, data: dict[str, Any]) -> str:
    message = {"type": kind, "version": VERSION, "timestamp": _time(happened), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _data(execution: Execution, names: Mapping[int, str]) -> dict[str, Any]:
    duration = execution.duration
    question = execution.question or {}
    return {
        "id": execution.pk,
        "owner": names.get(execution.owner_id, ""),
        "session_id": execution.session_id,
        "agent": execution.agent,
        "model": execution.model,
        "status": execution.status,
        "outcome": execution.outcome,
        "error": execution.error[:MAX_ERROR_CHARS],
        "error_code": execution.error_code,
        "created_at": _time(execution.created_at),
        "started_at": _time(execution.started_at),
        "finished_at": _time(execution.finished_at),
        "duration_ms": None if duration is None else round(duration.total_seconds() * 1000),
        "usage": {
            "input_tokens": execution.input_tokens,
            "output_tokens": execution.output_tokens,
            "requests": execution.requests,
            "cost_usd": None if execution.cost_usd is None else float(execution.cost_usd),
        },
        "cancel": _cancel(execution, names),
        "receipt": execution.receipt,
        "question": {"question_id": question["question_id"], "kind": question["kind"]} if question else None,
        "retry_of": execution.retry_of_id,
        "links": {
            "page": link("execution", execution.pk),
            "api": link("execution-detail", execution.pk),
        },
    }


def _cancel(execution: Execution, names: Mapping[int, str]) -> dict[str, Any] | None:
    if execution.cancel_requested_at is None:
        return None
    return {
        "requested_at": _time(execution.cancel_requested_at),
        "by": names.get(execution.cancel_requested_by_id or 0, ""),
        "reason": execution.cancel_reason,
        "source": execution.cancel_source,
    }


def link(name: str, pk: int) -> str:
    """Return the address of a page: whole where the site knows its own, and its path elsewhere."""
    path = reverse(name, args=[pk])
    return conf.public_url + path


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
