"""Traces: one id from a call over its command and its message to every delivery that follows, by W3C Trace Context.

    traceparent   the text that travels: made, read, checked
    current       what is being done here and now
    tracer        spans, which always carry the trace on, and record nothing (`PassOn`)
    otlp          the settings that ask for spans to be recorded and exported, by OpenTelemetry's names
    recording     spans that are: the only place where OpenTelemetry is imported, once such a setting is there
    opening       the tracer that a process's settings ask for

    traceparent of a call, or a new one
      -> span of the call        -> its answer's header x-trace-id; kept with the message (`traceparent`)
      -> span of the command     -> the attribute `traceparent` of its SQS message
      -> span of carrying it out -> kept with every event that comes of it, and an attribute of its delivery task
      -> span of each attempt    -> the header traceparent of the delivery

What reaches us later of the same message (receipts) goes on with the message's; what nobody asked for (a message from
WhatsApp, a change of state) begins a trace. `tracestate` is not carried on: it is for those who record beside us.

A trace that begins here counts as sampled only where spans are recorded and the sampler takes it; the flag of one that
a caller began is carried on as it is.
"""

from __future__ import annotations

from shared.tracing.current import current, within
from shared.tracing.otlp import OtlpSettings
from shared.tracing.traceparent import LENGTH, checked, new_traceparent, trace_id_of
from shared.tracing.tracer import PASS_ON, Kind, Span, Tracer

__all__ = [
    "LENGTH",
    "PASS_ON",
    "Kind",
    "OtlpSettings",
    "Span",
    "Tracer",
    "checked",
    "current",
    "new_traceparent",
    "trace_id_of",
    "within",
]
