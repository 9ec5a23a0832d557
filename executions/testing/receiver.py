"""Something on loopback that webhooks can be sent to, which keeps what it gets and answers as it is told.

``python -m executions.testing.receiver --port 8770 --secret whsec_…`` prints what arrives and whether its signature is
right; the server must be allowed to connect to it: ``KAKOCLAW_ALLOW_PRIVATE_ADDRESSES=1 make run``.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hmac import compare_digest, digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Received:
    """A POST as it came; names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def message(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def signed_with(self, secret: str) -> bool:
        """Whether one of the signatures was made with ``secret`` (``whsec_…``)."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        right = b64encode(digest(b64decode(secret.removeprefix("whsec_")), signed, "sha256")).decode()
        given = self.headers["webhook-signature"].split(" ")
        return any(compare_digest(signature, f"v1,{right}") for signature in given)


@dataclass(slots=True)
class Reply:
    """What is answered. ``hold`` keeps the answer back until it is set, or the client is gone."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hold: threading.Event | None = None


class Receiver:
    """The server, as a context manager. The first of ``replies`` answers the next POST; then all get ``reply``."""

    def __init__(self, port: int = 0) -> None:
        self.received: list[Received] = []
        self.replies: list[Reply] = []
        self.reply = Reply()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What came, parsed, in order."""
        return [received.message for received in self.received]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        for reply in [*self.replies, self.reply]:
            if reply.hold is not None:
                reply.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, received: Received) -> Reply:
        """Keep what came and say what is answered; others may decide by what it is."""
        with self._lock:
            self.received.append(received)
            return self.replies.pop(0) if self.replies else self.reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                self._send(receiver.answer(Received(self.path, headers, body)))

            def _send(self, reply: Reply) -> None:
                if reply.hold is not None:
                    reply.hold.wait()
                try:
                    self.send_response(reply.status)
                    for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(reply.body)
                except ConnectionError:
                    return  # The client has not waited.

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        return Handler


def main() -> None:
    """Receive until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m executions.testing.receiver", description="Prints the webhooks that it gets, on loopback."
    )
    parser.add_argument("--port", type=int, default=8770, help="port to listen on, 0 for any (default: %(default)s)")
    parser.add_argument("--secret", default="", help="whsec_…, to check signatures with")
    options = parser.parse_args()

    class Printing(Receiver):
        def answer(self, received: Received) -> Reply:
            good = "unchecked" if not options.secret else "good" if received.signed_with(options.secret) else "WRONG"
            print(f"{received.message['type']} {received.headers['webhook-id']} signature: {good}")
            print(json.dumps(received.message["data"], indent=2, ensure_ascii=False), flush=True)
            return super().answer(received)

    with Printing(options.port) as server:
        print(f"Waiting for webhooks at {server.url} (Ctrl-C ends it).", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
