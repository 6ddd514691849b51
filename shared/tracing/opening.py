"""The tracer that a process's settings ask for."""

from __future__ import annotations

from shared.tracing.otlp import OtlpSettings
from shared.tracing.tracer import PASS_ON, Tracer


def open_tracer(settings: OtlpSettings | None, service: str) -> Tracer:
    """One that records and exports spans of `service` where the settings say so; to be closed at the end.

    OpenTelemetry costs a third of a second of CPU to import, so only who asks for it pays for it."""
    if settings is None:
        return PASS_ON
    from shared.tracing.recording import open_recorder

    return open_recorder(settings, service)
