"""``python -m benchmarks.seed``: a history as large as one likes, made in the database by the database itself.

For measuring how queries behave at a million executions. It writes into the database of DATABASE_URL, which must be
migrated and hold no executions. One owner has an eighth of everything; models, agents and outcomes are as uneven as
they are in use; the newest rows are unfinished.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import django

#: Executions for which rows are made by one statement.
BATCH = 20_000
#: Executions of one session, and seconds between the starts of two executions.
PER_SESSION = 10
SECONDS_APART = 30
#: The newest executions are these, from the newest: queued, running, waiting.
QUEUED, RUNNING, WAITING = 1_400, 500, 100
WORKER = "seeded-worker"
WORDS = " ".join(
    f"{word}{number}"
    for number in range(40)
    for word in ("agent", "error", "deploy", "weather", "invoice", "report", "naïve", "search", "table", "queue")
)


@dataclass(frozen=True)
class Dialect:
    """What the two databases write differently; ``seconds`` is an SQL expression."""

    series: str
    time: str
    json: str

    def at(self, seconds: str) -> str:
        return self.time.format(seconds=seconds)

    def as_json(self, text: str) -> str:
        return self.json.format(text=text)


POSTGRES = Dialect(
    "SELECT i FROM generate_series({low}, {high}) AS i", "to_timestamp({seconds})", "CAST({text} AS jsonb)"
)
SQLITE = Dialect(
    "WITH RECURSIVE g(i) AS (SELECT {low} UNION ALL SELECT i + 1 FROM g WHERE i < {high}) SELECT i FROM g",
    "strftime('%%Y-%%m-%%d %%H:%%M:%%f', {seconds}, 'unixepoch')",
    "{text}",
)

EXECUTIONS = """
INSERT INTO executions_execution (id, owner_id, session_id, agent, model, state, outcome, error_code, priority,
  worker_id, created_at, started_at, finished_at, changed_at, cancel_reason, cancel_source, input_tokens, output_tokens,
  requests, cost_usd, last_seq, compacted, pruned, receipt, error, options, prompt, output, lock, agent_session,
  traceparent)
SELECT i, {owner},
  CASE WHEN {age} < {unfinished} THEN 'web:chat:live' || i ELSE 'web:chat:s' || (i / {per_session}) END,
  CASE WHEN i %% 10007 = 0 THEN 'rare' WHEN i %% 5 < 3 THEN 'demo' ELSE 'llm' END,
  CASE WHEN i %% 10007 = 0 THEN 'openai:rare' WHEN i %% 5 < 3 THEN 'demo' WHEN i %% 5 = 3 THEN 'openai:gpt-x'
    ELSE 'anthropic:model-y' END,
  CASE WHEN {age} < {queued} THEN 'queued' WHEN {age} < {queued} + {running} THEN 'running'
    WHEN {age} < {unfinished} THEN 'waiting' ELSE 'finished' END,
  CASE WHEN {age} < {unfinished} THEN '' WHEN i %% 2003 = 0 THEN 'lost' WHEN i %% 997 = 0 THEN 'timed_out'
    WHEN i %% 20 = 0 THEN 'failed' WHEN i %% 25 = 0 THEN 'canceled' ELSE 'succeeded' END,
  '', i %% 3, CASE WHEN {age} < {queued} THEN NULL ELSE '{worker}' END, {created},
  CASE WHEN {age} < {queued} THEN NULL ELSE {started} END, CASE WHEN {age} < {unfinished} THEN NULL ELSE {finished} END,
  {finished}, '', '', 100, 200, 1, NULL, {events}, {true}, {false}, {empty},
  CASE WHEN i %% 20 = 0 THEN 'It failed for reason ' || i %% 97 ELSE '' END, {empty},
  'Look at ' || i || ': ' || substr(%s, 1 + i %% 1999, 60), substr(%s, 1 + i %% 1499, 600), '', '', ''
FROM ({series}) AS s
"""
EVENTS = """
INSERT INTO executions_eventrow (execution_id, seq, type, data, created_at)
SELECT i, n,
  CASE WHEN n = 1 THEN 'started' WHEN {over} THEN 'finished' ELSE 'text' END,
  CASE WHEN n = 1 THEN {started_data} WHEN {over} THEN {finished_data} ELSE {text_data} END, {started}
FROM ({series}) AS s CROSS JOIN ({numbers}) AS k ORDER BY i, n
"""
SESSIONS = """
INSERT INTO chat_session (owner_id, session_id, title, archived, created_at, updated_at, turns, message_count,
  last_message)
SELECT {owner}, 'web:chat:s' || (i / {per_session}), substr(%s, 1 + i %% 1999, 40), {false}, {created}, {created},
  {per_session}, 2 * {per_session}, substr(%s, 1 + i %% 1999, 150)
FROM ({series}) AS s WHERE i %% {per_session} = 0
"""
MESSAGES = """
INSERT INTO chat_message (session_id, execution_id, turn, role, outcome, client_id, created_at, error, content)
SELECT c.id, e.id, 1 + e.id %% {per_session}, CASE WHEN n = 1 THEN 'user' ELSE 'assistant' END,
  CASE WHEN n = 1 THEN '' ELSE e.outcome END, '', e.created_at, '', CASE WHEN n = 1 THEN e.prompt ELSE e.output END
FROM executions_execution e JOIN chat_session c ON c.owner_id = e.owner_id AND c.session_id = e.session_id
CROSS JOIN ({two}) AS k WHERE e.id BETWEEN {low} AND {high} ORDER BY e.id, n
"""


def seed(executions: int, events: int, owners: int) -> None:
    """Make that many executions with ``events`` events each, of ``owners`` users. Raises SystemExit when not empty."""
    from django.contrib.auth.models import User
    from django.db import connection

    from executions.models import Execution, Worker

    if Execution.objects.exists():
        raise SystemExit("This database has executions; seed an empty one.")
    User.objects.bulk_create([User(username=f"seeded-{n}") for n in range(owners)], batch_size=500)
    first = User.objects.get(username="seeded-0").pk
    if not Worker.objects.filter(pk=WORKER).exists():
        Worker.objects.create(id=WORKER, host="elsewhere", pid=1, process_started_at=0, version="0", slots=RUNNING)
    is_postgres = connection.vendor == "postgresql"
    dialect = POSTGRES if is_postgres else SQLITE
    # Whole sessions belong to one owner, and one in eight of them to the first.
    session = f"(i / {PER_SESSION})"
    created = f"({int(datetime.now(UTC).timestamp())} - ({executions} - i) * {SECONDS_APART})"
    values = {
        "owner": f"CASE WHEN {session} %% 8 = 0 THEN {first} ELSE {first} + 1 + {session} %% {owners - 1} END",
        "age": f"({executions} - i)",
        "queued": QUEUED,
        "running": RUNNING,
        "unfinished": QUEUED + RUNNING + WAITING,
        "per_session": PER_SESSION,
        "worker": WORKER,
        "created": dialect.at(created),
        "started": dialect.at(f"{created} + 1"),
        "finished": dialect.at(f"{created} + 1 + i %% 60"),
        "events": events,
        "over": f"n = {events} AND {executions} - i >= {QUEUED + RUNNING + WAITING}",
        "true": "true" if is_postgres else "1",
        "false": "false" if is_postgres else "0",
        "empty": dialect.as_json("'{}'"),
        "numbers": " UNION ALL ".join(f"SELECT {n} AS n" for n in range(1, events + 1)),
        "two": "SELECT 1 AS n UNION ALL SELECT 2",
        "started_data": dialect.as_json(f"""'{{"worker": "{WORKER}"}}'"""),
        "finished_data": dialect.as_json("""'{"outcome": "succeeded", "error": "", "receipt": {}}'"""),
        "text_data": dialect.as_json("""'{"text": "some words of an answer, piece ' || n || ' of ' || i || '"}'"""),
    }
    began = time.monotonic()
    for low in range(1, executions + 1, BATCH):
        high = min(low + BATCH - 1, executions)
        batch = {**values, "low": low, "high": high, "series": dialect.series.format(low=low, high=high)}
        with connection.cursor() as cursor:
            if is_postgres:
                cursor.execute("SET synchronous_commit = off")
            cursor.execute(EXECUTIONS.format(**batch), [WORDS, WORDS])
            cursor.execute(EVENTS.format(**batch), [])
            cursor.execute(SESSIONS.format(**batch), [WORDS, WORDS])
            cursor.execute(MESSAGES.format(**batch), [])
        seconds = time.monotonic() - began
        print(f"\r{high:>12,} executions, {high * events:>12,} events, {seconds:.0f} s", end="", file=sys.stderr)
    print(file=sys.stderr)
    with connection.cursor() as cursor:
        if is_postgres:
            cursor.execute("SELECT setval('executions_execution_id_seq', %s)", [executions])
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("ANALYZE")


def main() -> None:
    """Parse the command line and fill the database."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seed", description=__doc__.splitlines()[0])
    parser.add_argument("--executions", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20, help="of each execution")
    parser.add_argument("--owners", type=int, default=500)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kakoclaw.settings")
    django.setup()
    seed(options.executions, options.events, options.owners)


if __name__ == "__main__":
    main()
