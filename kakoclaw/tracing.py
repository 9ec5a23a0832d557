"""Switches OpenTelemetry on for a process of the site; imported only where that is wanted.

Where spans are sent is said by OpenTelemetry's own variables, such as ``OTEL_EXPORTER_OTLP_ENDPOINT``.
"""

from __future__ import annotations

import os
import socket

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from executions import tracing
from executions.otel import OpenTelemetry
from kakoclaw import __version__

#: What a monitor asks for every few seconds.
NOT_TRACED = "api/v1/health,metrics$,static/"


def set_up(*, content: bool) -> None:
    """Trace requests and executions from now on. ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` win."""
    ours = Resource.create({
        "service.name": "kakoclaw", "service.version": __version__, "host.name": socket.gethostname(),
        "process.pid": os.getpid(),
    })  # fmt: skip
    provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    DjangoInstrumentor().instrument(tracer_provider=provider, excluded_urls=NOT_TRACED)
    tracing.set_recorder(OpenTelemetry(provider, content=content))
