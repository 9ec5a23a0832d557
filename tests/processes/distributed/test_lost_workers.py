"""A worker that dies, and one that only seems to be dead."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.processes.distributed.reader import Reader
from tests.processes.distributed.site import Site, processes_of
from tests.support import wait_until

pytestmark = pytest.mark.services

COUNT = "count 100000 every 100ms"
DAEMON = "say begun\nrun setsid sh -c 'sleep 1000 & sleep 1000' & sleep 1000"
ASK = "say begun\nask Which? | this | that"
DEFAULT_LEASE = {"KAKOCLAW_LEASE_SECONDS": "10", "KAKOCLAW_HEARTBEAT_SECONDS": "3"}
SHORT_LEASE = {"KAKOCLAW_LEASE_SECONDS": "3", "KAKOCLAW_HEARTBEAT_SECONDS": "1"}
HOLDS_ITS_LEASE_LOCKED = """
    SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE state = 'idle in transaction' AND relation = 'executions_worker'::regclass AND mode = 'RowShareLock'
"""
STORIES = """
    SELECT execution_id, count(*), max(seq) FROM executions_eventrow WHERE execution_id = ANY(%s) GROUP BY 1 ORDER BY 1
"""
LOST = "outcome = 'lost' AND error_code = 'worker_lost'"


def test_a_killed_worker_leaves_lost_executions_no_process_and_nobody_else_harmed(site: Site) -> None:
    web = site.web(wait=False, **DEFAULT_LEASE)
    doomed = site.worker("--slots", "46", wait=False, **DEFAULT_LEASE)
    site.wait_until_ready(web, doomed)
    counting, daemons, asking = site.queue(30, COUNT), site.queue(15, DAEMON), site.queue(5, ASK)
    site.wait_for(50, "state IN ('running', 'waiting')")
    wait_until(lambda: len(processes_of(site, daemons)) >= 15 * 3, 30)
    readers = [Reader(site, [web], execution_id) for execution_id in (counting[0], daemons[0], asking[0])]
    for reader in readers:
        reader.wait_for_events(2)
    with connect(f"{web.websocket_url}/ws/chat?token={site.services.tokens['admin']}") as socket:
        socket.send(json.dumps({"type": "message", "content": COUNT, "session_id": "s"}))
        in_session = _next(socket, "stream")["execution_id"]
        # Both have no room for all of these: some are queued when the first is killed.
        other = site.worker("--slots", "3", **DEFAULT_LEASE)
        elsewhere = site.queue(8, "wait 2s\nsay done")
        site.wait_for(3, "state = 'running' AND worker_id = %s", site.worker_id(other))

        began = time.monotonic()
        doomed.kill()
        site.wait_for(51, LOST)
        seconds = time.monotonic() - began
        print(f"51 executions were lost {seconds:.1f} s after their worker was killed")
        assert seconds < 15
        end = _next(socket, "stream_end")
        assert (end["execution_id"], end["outcome"]) == (in_session, "lost")
    assert processes_of(site, daemons) == []
    for reader in readers:
        reader.wait()
        assert reader.events[-1]["data"]["outcome"] == "lost"
        reader.assert_whole(site)
    assert site.count(f"{LOST} AND output <> ''") == 51
    site.wait_for(8, "outcome = 'succeeded' AND id = ANY(%s)", elsewhere)
    site.assert_each_has_one_story()


def test_a_frozen_worker_that_thaws_writes_no_second_outcome_and_starts_anew(site: Site) -> None:
    (web,), (frozen,) = site.start(**SHORT_LEASE)
    ids = [*site.queue(20, "count 100000 every 20ms"), *site.queue(5, DAEMON), *site.queue(5, ASK)]
    site.wait_for(30, "state IN ('running', 'waiting')")
    old = site.worker_id(frozen)
    reader = Reader(site, [web], ids[0])
    reader.wait_for_events(5)
    frozen.process.send_signal(signal.SIGSTOP)
    seconds = site.wait_for(30, LOST)
    print(f"a frozen worker's executions were lost after {seconds:.1f} s with a lease of 3 s")
    reader.wait()
    before = site.query(STORIES, ids)
    again = site.queue(10, "say done")
    other = site.worker()
    site.wait_for(10, "outcome = 'succeeded' AND id = ANY(%s)", again)
    other.stop()

    frozen.process.send_signal(signal.SIGCONT)
    frozen.wait_for_line("has lost its lease and starts anew")
    frozen.wait_for_line("runs up to")
    assert site.worker_id(frozen) != old
    wait_until(lambda: processes_of(site, ids) == [], 15)
    assert site.query(STORIES, ids) == before
    assert site.count(LOST) == 30
    # It works again, under its new lease.
    later = site.queue(10, "say done")
    site.wait_for(10, "outcome = 'succeeded' AND id = ANY(%s)", later)
    site.assert_each_has_one_story()
    reader.assert_whole(site)


def test_a_worker_frozen_within_a_transaction_holds_up_nobody_for_long(site: Site) -> None:
    _, (frozen,) = site.start(webs=0, **SHORT_LEASE)
    site.queue(50, "count 100000 every 20ms")
    site.wait_for(50, "state = 'running'")

    def frozen_within() -> bool:
        frozen.process.send_signal(signal.SIGSTOP)
        # The server answers what it was asked, and waits for more: seen again and again, it is no passing state.
        if all(site.query(HOLDS_ITS_LEASE_LOCKED)[0][0] for _ in range(5)):
            return True
        frozen.process.send_signal(signal.SIGCONT)
        return False

    wait_until(frozen_within, 60)
    site.worker(**SHORT_LEASE)
    site.wait_for(50, LOST, timeout=30)
    later = site.queue(10, "say done")
    site.wait_for(10, "outcome = 'succeeded' AND id = ANY(%s)", later)
    frozen.process.send_signal(signal.SIGCONT)
    frozen.wait_for_line("has lost its lease and starts anew")
    site.assert_each_has_one_story()


def _next(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """Return the next frame of a kind."""
    while (frame := json.loads(socket.recv(timeout=30)))["type"] != kind:
        pass
    return dict(frame)
