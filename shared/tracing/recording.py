"""Spans that OpenTelemetry's SDK records and exports by OTLP over HTTP, from a thread of its own.

Exporting never holds up what is being recorded: spans wait in a bounded queue (OTEL_BSP_MAX_QUEUE_SIZE, 2,048), and
those that find no room are dropped. A collector that cannot be reached costs that thread's attempts and a line in the
log now and then. The requests go to the operator's own collector, a setting of the deployment: so not through the door
that guards customers' URLs (shared/egress), and through no proxy that the environment names: a worker's is WhatsApp's.

No provider is registered globally: libraries that bring spans of their own would record paths and texts of errors.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Thread
from types import TracebackType

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from requests import Session

from shared.tracing.current import Within, current
from shared.tracing.otlp import OtlpSettings
from shared.tracing.traceparent import SAMPLED, parts_of, trace_id_of
from shared.tracing.tracer import Attributes, Kind
from shared.version import VERSION

TOLD_EVERY_S = 300.0
NO_WAITING_S = 60.0  # after a flush that did not end in time

_KINDS = {kind: trace.SpanKind[kind.name] for kind in Kind}


class OwnIds(IdGenerator):
    """From the system's own randomness: a process that is made from a snapshot begins traces of its own."""

    def generate_trace_id(self) -> int:
        return secrets.randbits(128) or 1

    def generate_span_id(self) -> int:
        return secrets.randbits(64) or 1


class NowAndThen(logging.Filter):
    """Lets one line through in a while, as a warning: an exporter tells of each batch, and of each try."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._next = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + TOLD_EVERY_S
        return True


class RecordedSpan(AbstractContextManager["RecordedSpan"]):
    """A span of the SDK; where it is not sampled, one that only carries on."""

    __slots__ = ("_ended", "_span", "_within", "traceparent")

    def __init__(self, span: trace.Span, ended: Callable[[], None]) -> None:
        self._span = span
        self._ended = ended
        found = span.get_span_context()
        self.traceparent = f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags & SAMPLED:02x}"
        self._within = Within(self.traceparent)

    @property
    def trace_id(self) -> str:
        return trace_id_of(self.traceparent)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def failed(self, error: str) -> None:
        self._span.set_status(trace.StatusCode.ERROR)
        self._span.set_attribute("error.type", error)

    def __enter__(self) -> RecordedSpan:
        self._within.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._within.__exit__()
        if kind is not None:
            self.failed(kind.__name__)  # its text may quote what it was about
        if self._span.is_recording():
            self._ended()
        self._span.end()


class Recorder:
    """The tracer over a provider of the SDK."""

    def __init__(self, provider: TracerProvider, clock: Callable[[], float] = time.monotonic) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("hivewp", VERSION)
        self._clock = clock
        self._fresh = False
        self._flushing: Thread | None = None
        self._wait_from = float("-inf")

    def span(
        self, name: str, kind: Kind, parent: str | None = None, attributes: Attributes | None = None
    ) -> RecordedSpan:
        above = _context(parent or current())
        return RecordedSpan(self._tracer.start_span(name, above, _KINDS[kind], attributes), self._noted)

    def flush(self, within_s: float) -> None:
        """A flush that is late goes on behind; none is waited for then for a minute: no call pays for a collector that
        is away."""
        if self._flushing is not None and self._flushing.is_alive():
            return
        if not self._fresh:
            return
        self._fresh = False
        self._flushing = self._behind(self._provider.force_flush)
        if self._clock() >= self._wait_from:
            self._flushing.join(within_s)
            if self._flushing.is_alive():
                self._wait_from = self._clock() + NO_WAITING_S

    def close(self, within_s: float) -> None:
        self._behind(self._provider.shutdown).join(within_s)

    def _noted(self) -> None:
        self._fresh = True

    def _behind(self, work: Callable[[], object]) -> Thread:
        thread = Thread(target=work, name="spans", daemon=True)
        thread.start()
        return thread


def open_recorder(settings: OtlpSettings, service: str) -> Recorder:
    """The recorder of a process. What the settings do not hold the SDK reads from the environment."""
    said = OTELResourceDetector().detect().attributes
    resource = Resource.create({"service.name": said.get("service.name") or service, "service.version": VERSION})
    provider = TracerProvider(resource=resource, id_generator=OwnIds(), shutdown_on_exit=False)
    _quieten()
    direct = Session()
    direct.trust_env = False
    exporter = trace_exporter.OTLPSpanExporter(settings.endpoint, headers=dict(settings.headers), session=direct)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Recorder(provider)


def _quieten() -> None:
    logger = logging.getLogger(trace_exporter.__name__)
    if not any(isinstance(one, NowAndThen) for one in logger.filters):
        logger.addFilter(NowAndThen())


def _context(traceparent: str | None) -> Context:
    """The SDK's form of what a span belongs to; empty where a trace begins."""
    if traceparent is None:
        return Context()
    trace_id, span_id, flags = parts_of(traceparent)
    above = trace.SpanContext(trace_id, span_id, is_remote=True, trace_flags=trace.TraceFlags(flags))
    return trace.set_span_in_context(trace.NonRecordingSpan(above), Context())
