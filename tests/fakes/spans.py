"""A tracer whose spans are kept in memory, as the SDK recorded them."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from shared.tracing.recording import OwnIds, Recorder

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def recorder(sampler: Sampler | None = None) -> tuple[Recorder, InMemorySpanExporter]:
    """The tracer, and where its spans are."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=sampler, id_generator=OwnIds(), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Recorder(provider), exporter
