"""A collector of spans on loopback: takes OTLP over HTTP and keeps what it was told."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it was exported; ids in hex, `parent` empty where a trace begins."""

    service: str
    name: str
    id: str
    parent: str
    trace_id: str
    attributes: dict[str, str | int]
    failed: bool


class Collector:
    """Its `url` is known once it is served."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Seen] = []

    @property
    def settings(self) -> dict[str, str]:
        """What a process is told to export to it: at once, and only what a caller has sampled."""
        return {
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": self.url,
            "OTEL_TRACES_SAMPLER": "parentbased_always_off",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }

    async def take(self, request: web.Request) -> web.Response:
        """One export."""
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            service = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
            for scope in resource.scope_spans:
                self.spans += [
                    Seen(
                        service=service,
                        name=span.name,
                        id=span.span_id.hex(),
                        parent=span.parent_span_id.hex(),
                        trace_id=span.trace_id.hex(),
                        attributes={one.key: one.value.string_value or one.value.int_value for one in span.attributes},
                        failed=span.status.code == 2,
                    )
                    for span in scope.spans
                ]
        return web.Response(content_type="application/x-protobuf")

    def of_trace(self, trace_id: str) -> list[Seen]:
        """The spans of a trace, as they came."""
        return [span for span in self.spans if span.trace_id == trace_id]
