"""Spans that carry a trace on, recorded or not."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

from shared.tracing import PASS_ON, Kind, current, trace_id_of, within
from shared.tracing.recording import NO_WAITING_S, NowAndThen, Recorder
from shared.tracing.traceparent import new_traceparent
from tests.fakes.spans import PARENT, recorder

UNSAMPLED = f"{PARENT[:-2]}00"


def test_without_a_recorder_what_came_goes_on_unchanged() -> None:
    with PASS_ON.span("outer", Kind.SERVER, PARENT) as outer:
        assert outer.traceparent == current() == PARENT
        with PASS_ON.span("inner", Kind.CLIENT) as inner:
            assert inner.traceparent == PARENT
    assert current() is None


def test_without_a_recorder_a_trace_that_begins_here_is_not_sampled() -> None:
    with PASS_ON.span("one", Kind.SERVER) as one, PASS_ON.span("two", Kind.CLIENT) as two:
        assert one.traceparent == two.traceparent
        assert one.traceparent.endswith("-00")


def test_spans_are_recorded_below_each_other() -> None:
    tracer, exporter = recorder()
    with tracer.span("outer", Kind.SERVER, PARENT, {"hivewp.tenant": "acme"}) as outer:
        outer.note({"http.route": "/x", "http.response.status_code": 500})
        outer.rename("POST /x")
        outer.failed("500")
        with tracer.span("inner", Kind.CLIENT) as inner:
            assert inner.trace_id == outer.trace_id == trace_id_of(PARENT)
    first, second = exporter.get_finished_spans()
    assert (first.name, second.name) == ("inner", "POST /x")
    assert first.parent is not None
    assert second.parent is not None
    assert f"{first.parent.span_id:016x}" == outer.traceparent.split("-")[2]
    assert f"{second.parent.span_id:016x}" == PARENT.split("-")[2]
    assert second.attributes == {
        "hivewp.tenant": "acme",
        "http.route": "/x",
        "http.response.status_code": 500,
        "error.type": "500",
    }


def test_an_error_is_recorded_by_its_kind_without_its_text() -> None:
    tracer, exporter = recorder()
    with pytest.raises(ValueError, match="private"), tracer.span("outer", Kind.SERVER):
        raise ValueError("private")
    (span,) = exporter.get_finished_spans()
    assert span.attributes == {"error.type": "ValueError"}
    assert not span.events
    assert span.status.description is None


def test_what_the_caller_did_not_sample_is_carried_on_and_not_recorded() -> None:
    tracer, exporter = recorder()
    with tracer.span("outer", Kind.SERVER, UNSAMPLED) as outer:
        assert outer.trace_id == trace_id_of(PARENT)
        assert outer.traceparent.endswith("-00")
    assert not exporter.get_finished_spans()


def test_a_sampler_decides_of_what_begins_here_alone() -> None:
    tracer, exporter = recorder(ParentBased(ALWAYS_OFF))
    with tracer.span("ours", Kind.SERVER), tracer.span("inner", Kind.CLIENT):
        pass
    with tracer.span("theirs", Kind.SERVER, PARENT):
        pass
    assert [span.name for span in exporter.get_finished_spans()] == ["theirs"]


async def test_tasks_side_by_side_keep_their_traces_apart() -> None:
    async def work(parent: str) -> str | None:
        with PASS_ON.span("work", Kind.INTERNAL, parent):
            await asyncio.sleep(0)
            return current()

    parents = [new_traceparent() for _ in range(20)]
    assert await asyncio.gather(*map(work, parents)) == parents


def test_within_goes_on_with_a_trace_and_out_of_it() -> None:
    with within(PARENT):
        assert current() == PARENT
        with within(None):
            assert current() is None
        assert current() == PARENT


class Hanging(SpanExporter):
    """A collector that does not answer until it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.asked += 1
        self.go_on.wait(20)
        return SpanExportResult.FAILURE


class Slow(SpanProcessor):
    """A flush that lasts until it is let go, or long enough to see whether it is waited for."""

    def __init__(self) -> None:
        self.lasts_s = 0.0
        self.go_on = threading.Event()
        self.began = self.ended = 0

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        self.began += 1
        self.go_on.wait(self.lasts_s)
        self.ended += 1
        return True

    def all_over(self) -> None:
        self.go_on.set()
        for thread in threading.enumerate():
            if thread.name == "spans":
                thread.join(20)
        self.go_on.clear()


def test_after_a_flush_in_vain_none_is_waited_for_for_a_minute() -> None:
    flushed, now = Slow(), 0.0
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(flushed)
    tracer = Recorder(provider, lambda: now)

    def flush(within_s: float) -> tuple[int, int]:
        """How many have begun and ended once it returns."""
        with tracer.span("call", Kind.SERVER):
            pass
        tracer.flush(within_s)
        return flushed.began, flushed.ended

    flushed.lasts_s = 20.0
    assert flush(0.01) == (1, 0), "it was waited for, in vain"
    assert flush(20.0) == (1, 0), "it still goes on: nothing else begins"
    flushed.all_over()
    flushed.lasts_s, now = 1.0, NO_WAITING_S - 1
    assert flush(20.0) == (2, 1), "it goes on behind"
    flushed.all_over()
    flushed.lasts_s, now = 0.05, NO_WAITING_S
    assert flush(20.0) == (3, 3), "they are waited for again"


def test_a_flush_without_news_asks_nobody() -> None:
    exporter = Hanging()
    exporter.go_on.set()
    provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=60_000))
    tracer = Recorder(provider)
    with tracer.span("call", Kind.SERVER):
        pass
    tracer.flush(0.2)
    tracer.close(5)
    assert exporter.asked == 0


def test_an_exporter_that_fails_is_heard_now_and_then() -> None:
    times = iter((0.0, 1.0, 200.0, 300.0, 301.0))
    filtering = NowAndThen(lambda: next(times))
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", None, None)
    heard = [filtering.filter(record) for _ in range(5)]
    assert heard == [True, False, False, True, False]
