"""``python -m benchmarks.plans``: what the site asks of a large history, how long the database takes, and its plans.

Every scenario runs the site's own code, twice, and the second run's queries are timed; those that write are rolled
back. With ``--explain``, the plan of each scenario's slowest query follows. Made for a database that
``python -m benchmarks.seed`` has filled.
"""

from __future__ import annotations

import argparse
import os
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import django

Scenario = Callable[[], object]


@dataclass
class Recorder:
    """Times every query; an ``execute_wrapper`` of Django's connection."""

    queries: list[tuple[float, str, Any]] = field(default_factory=list)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries.append(((time.perf_counter() - began) * 1000, sql, params))


def scenarios() -> dict[str, Scenario]:
    """Return what is asked, by name."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.utils import timezone
    from rest_framework.test import APIClient

    from benchmarks.seed import WORKER
    from executions import claiming, held, leases
    from executions.models import Execution

    owner = User.objects.get(username="seeded-0")
    staff, _ = User.objects.get_or_create(username="seeded-staff", is_staff=True, is_superuser=True)
    newest = Execution.objects.order_by("-pk").values_list("pk", flat=True)[0]
    middle = Execution.objects.finished().filter(pk__gte=newest // 2).order_by("pk")[0]
    found: dict[str, Scenario] = {}

    def get(client: Any, path: str) -> Scenario:
        def call() -> None:
            response = client.get(path, headers={"host": "localhost"})
            assert response.status_code == 200, f"{path}: {response.status_code} {response.content[:300]!r}"

        return call

    ago = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    old = Execution.objects.filter(pk__gte=newest // 10).order_by("pk")[0].created_at
    old_from, old_to = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (old, old + timedelta(hours=6)))
    filters = {
        "first page": "",
        # A cursor is a position, so a page far back is had without walking there.
        "deep page": f"cursor={quote(b64encode(f'p={newest // 4}'.encode()))}",
        "state=queued": "state=queued",
        "state=finished": "state=finished",
        "outcome=lost": "outcome=lost",
        "outcome=succeeded": "outcome=succeeded",
        "status=failed": "status=failed",
        "status=stopping": "status=stopping",
        "status=stopping,lost": "status=stopping&status=lost",
        "agent=rare": "agent=rare",
        "agent=unknown": "agent=unknown",
        "model=openai:rare": "model=openai:rare",
        "model=demo": "model=demo",
        "session_id": f"session_id={middle.session_id}",
        "session_id unknown": "session_id=web:chat:nowhere",
        "created last day": f"created_after={ago}",
        "created six hours, long ago": f"created_after={old_from}&created_before={old_to}",
        "created before, long ago": f"created_before={old_from}",
        "agent and outcome, no match": "agent=rare&outcome=lost",
        "model and created, long ago": f"model=openai:rare&created_before={old_from}",
        "q found": "q=invoice12",
        "q not found": "q=there-is-no-such-text",
        "q not found, long ago": f"q=there-is-no-such-text&created_before={old_to}",
    }
    for who, user in (("owner", owner), ("staff", staff)):
        api, pages = APIClient(), Client()
        api.force_authenticate(user)
        pages.force_login(user)
        for name, query in filters.items():
            found[f"list, {who}: {name}"] = get(api, f"/api/v1/executions/?{query}")
        found[f"active, {who}"] = get(api, "/api/v1/executions/active/")
        found[f"stats, {who}"] = get(api, "/api/v1/executions/stats/")
        everyone = "who=all" if user is staff else ""
        found[f"history page, {who}"] = get(pages, f"/history?{everyone}")
        found[f"history page, {who}: outcome"] = get(pages, f"/history?outcome=lost&{everyone}")
        found[f"history page, {who}: agent"] = get(pages, f"/history?agent=rare&{everyone}")
        found[f"history page, {who}: q"] = get(pages, f"/history?q=there-is-no-such-text&{everyone}")
        found[f"activity page, {who}"] = get(pages, f"/activity?{everyone}")
    found["list, staff: owner"] = get(api, "/api/v1/executions/?owner=seeded-0")
    found["list, staff: owner unknown"] = get(api, "/api/v1/executions/?owner=nobody")
    found["list, staff: owner and model"] = get(api, "/api/v1/executions/?owner=seeded-0&model=none")
    found["retrieve"] = get(api, f"/api/v1/executions/{middle.pk}/")
    found["retrieve queued"] = get(api, f"/api/v1/executions/{newest}/")
    found["events page"] = get(api, f"/api/v1/executions/{middle.pk}/events/?after=5")
    found["detail page"] = get(pages, f"/executions/{middle.pk}")
    admin = "/admin/executions/execution/"
    found["admin list"] = get(pages, admin)
    found["admin list: page 100"] = get(pages, f"{admin}?p=100")
    found["admin list: outcome"] = get(pages, f"{admin}?outcome__exact=lost")
    found["admin list: state"] = get(pages, f"{admin}?state__exact=finished")
    found["admin list: agent"] = get(pages, f"{admin}?agent=llm")
    found["admin list: created today"] = get(pages, f"{admin}?created_at__gte={ago[:10]}+00%3A00%3A00%2B00%3A00")
    found["admin list: search id"] = get(pages, f"{admin}?q={middle.pk}")
    found["admin list: search owner"] = get(pages, f"{admin}?q=seeded-0")
    found["admin list: search text"] = get(pages, f"{admin}?q=nothing-like-it")
    found["admin execution"] = get(pages, f"{admin}{middle.pk}/change/")
    found["admin workers"] = get(pages, "/admin/executions/worker/")
    found["admin sessions"] = get(pages, "/admin/chat/session/")
    found["admin messages"] = get(pages, "/admin/chat/message/")
    chat = APIClient()
    chat.force_authenticate(owner)
    found["chat sessions"] = get(chat, "/api/v1/chat/sessions")
    found["chat sessions, offset 5000"] = get(chat, "/api/v1/chat/sessions?offset=5000")
    mine = Execution.objects.finished().filter(owner=owner, pk__gte=newest // 2).order_by("pk")[0]
    found["chat messages"] = get(chat, f"/api/v1/chat/sessions/{mine.session_id}")
    found["chat search, found"] = get(chat, "/api/v1/chat/search?q=invoice12")
    found["chat search, not found"] = get(chat, "/api/v1/chat/search?q=there-is-no-such-text")
    own_pages = Client()
    own_pages.force_login(owner)
    found["chat page"] = get(own_pages, f"/chat/{mine.session_id}")
    found["claim"] = lambda: claiming.claim(WORKER, 64)
    found["news of a worker"] = lambda: held.news(WORKER)
    found["finish left behind, nothing"] = lambda: leases.finish_left_behind("somebody else")
    return found


def measure(scenario: Scenario) -> Recorder:
    """Run a scenario twice and return the second run's queries; nothing it writes stays."""
    from django.db import connection, transaction

    from executions.models import Worker

    recorder = Recorder()
    for recording in (False, True):
        with transaction.atomic():
            Worker.objects.update(heartbeat_at=django.utils.timezone.now())
            if recording:
                with connection.execute_wrapper(recorder):
                    scenario()
            else:
                scenario()
            transaction.set_rollback(True)
    return recorder


def explain(sql: str, params: Any) -> str:
    """Return the plan of a query, run once more where the database tells the real times."""
    from django.db import connection, transaction

    words = "EXPLAIN (ANALYZE, BUFFERS)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{words} {sql}", params)
        rows = cursor.fetchall()
        transaction.set_rollback(True)
    return "\n".join("    " + str(row[-1])[:300] for row in rows)


def main() -> None:
    """Run the scenarios named on the command line, all by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plans", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of the names of scenarios (default: all)")
    parser.add_argument("--explain", action="store_true", help="show the plan of each slowest query")
    parser.add_argument("--over", type=float, default=0, metavar="MS", help="only where the slowest query took longer")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kakoclaw.settings")
    django.setup()
    print(f"{'scenario':<48} {'queries':>7} {'slowest ms':>10} {'all ms':>8}")
    for name, scenario in scenarios().items():
        if options.names and not any(part in name for part in options.names):
            continue
        queries = measure(scenario).queries
        slowest = max(queries, default=(0.0, "", None), key=lambda query: query[0])
        if slowest[0] < options.over:
            continue
        print(f"{name:<48} {len(queries):>7} {slowest[0]:>10.1f} {sum(q[0] for q in queries):>8.1f}", flush=True)
        if options.explain:
            print(f"    {slowest[1][:1500]}\n{explain(slowest[1], slowest[2])}", flush=True)


if __name__ == "__main__":
    main()
