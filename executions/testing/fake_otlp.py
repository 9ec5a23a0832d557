"""A collector of traces: what OTLP over HTTP sends, decoded by OpenTelemetry's own messages, kept to be looked at."""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

ERROR = 2


@dataclass(frozen=True, slots=True)
class Span:
    """A span as it has arrived; ids are hexadecimal, times in nanoseconds since 1970."""

    name: str
    trace: str
    span: str
    parent: str
    began: int
    ended: int
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


class FakeCollector:
    """Listens on a free port of this machine; ``spans`` is what has arrived so far."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.headers: dict[str, str] = {}
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, name: str, seconds: float = 30.0, **attributes: Any) -> Span:
        """Return a span of that name with those attributes (``_`` for ``.``). Raises TimeoutError."""
        wanted = {key.replace("_", "."): value for key, value in attributes.items()}

        def found() -> Span | None:
            return next((s for s in self.spans if s.name == name and wanted.items() <= s.attributes.items()), None)

        with self._arrived:
            if not self._arrived.wait_for(lambda: found() is not None, seconds):
                raise TimeoutError(f"no span {name!r} with {wanted}; there are {[s.name for s in self.spans]}")
            span = found()
        assert span is not None
        return span

    def below(self, parent: Span) -> dict[str, Span]:
        """Return the spans directly below one, by name."""
        return {span.name: span for span in self.spans if span.parent == parent.span}

    def _take(self, body: bytes, headers: dict[str, str]) -> None:
        with self._arrived:
            self.headers = headers
            self.spans += _spans(ExportTraceServiceRequest.FromString(body))
            self._arrived.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                known = self.path == "/v1/traces"
                if known:
                    take(body, dict(self.headers))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Say nothing."""

        return Handler


def _spans(request: ExportTraceServiceRequest) -> list[Span]:
    return [
        Span(
            span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.start_time_unix_nano,
            span.end_time_unix_nano, span.status.code == ERROR, _values(span.attributes),
            _values(group.resource.attributes),
        )
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]  # fmt: skip


def _values(attributes: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in attributes}
