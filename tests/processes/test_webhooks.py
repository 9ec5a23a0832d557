"""Webhooks and the death of the process that sends them."""

from __future__ import annotations

import threading

from executions.testing.receiver import Receiver, Reply
from tests.servers import ADMIN, Servers
from tests.support import wait_until


def test_what_a_killed_server_was_sending_is_sent_by_the_next_once_its_lease_has_ended(servers: Servers) -> None:
    variables = {"KAKOCLAW_ALLOW_PRIVATE_ADDRESSES": "1", "KAKOCLAW_DELIVERY_SECONDS": "2"}
    server = servers.start(**variables)
    hold = threading.Event()
    with Receiver() as receiver:
        receiver.replies = [Reply(hold=hold)]
        body = {"name": "CI", "url": receiver.url, "events": ["execution.succeeded"]}
        with server.client(*ADMIN) as client:
            secret = client.post("/api/v1/webhooks/", json=body).json()["secret"]
        execution = server.start("say hello")
        wait_until(lambda: receiver.received, 20)
        server.kill()
        hold.set()
        second = servers.start(server.home, **variables)
        wait_until(lambda: len(receiver.received) == 2, 30)
        first, again = receiver.received
        assert first.headers["webhook-id"] == again.headers["webhook-id"]
        assert first.body == again.body
        assert again.message["data"]["id"] == execution
        assert again.signed_with(secret)
        with second.client(*ADMIN) as client:

            def log() -> list[dict[str, object]]:
                (delivery,) = client.get("/api/v1/webhooks/1/deliveries/").json()["results"]
                return list(delivery["log"]) if delivery["state"] == "delivered" else []

            wait_until(log, 10)
            assert [attempt["status"] for attempt in log()] == [None, 204]
            assert "was gone before the answer came" in str(log()[0]["error"])


def test_what_happens_while_nothing_is_sent_is_sent_after_the_next_start(servers: Servers) -> None:
    variables = {"KAKOCLAW_ALLOW_PRIVATE_ADDRESSES": "1"}
    server = servers.start(**variables)
    with Receiver() as receiver:
        body = {"name": "CI", "url": receiver.url, "events": ["execution.lost"]}
        with server.client(*ADMIN) as client:
            client.post("/api/v1/webhooks/", json=body).raise_for_status()
        execution = server.start("wait 600")
        wait_until(lambda: server.execution(execution)["state"] == "running", 20)
        server.kill()
        servers.start(server.home, **variables)
        wait_until(lambda: receiver.received, 30)
        assert receiver.messages[0]["type"] == "execution.lost"
        assert receiver.messages[0]["data"]["id"] == execution
