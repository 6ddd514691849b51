"""The trace of a call."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from opentelemetry.trace import SpanKind
from starlette.types import Message, Receive, Scope, Send

from functions.api.call import CALLER
from functions.api.middleware.tracing import Tracing
from shared.logs.context import bound
from shared.models.api_key import ApiKey
from shared.tracing import PASS_ON, Tracer, current
from tests.fakes.spans import PARENT, TRACE_ID, recorder


class Answering:
    """An app that answers with a status, or dies; `trace` is what it saw."""

    def __init__(self, status: int | None, instance: str = "shop-1") -> None:
        self._status = status
        self._instance = instance
        self.trace: str | None = None
        self.logged: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.trace, self.logged = current(), bound().get("trace_id")
        scope[CALLER] = ApiKey("key", "acme")
        scope["route"] = SimpleNamespace(path="/v1/instances/{instance_id}/messages")
        scope["path_params"] = {"instance_id": self._instance, "message_id": "msg_1"}
        if self._status is None:
            raise ConnectionResetError
        await send({"type": "http.response.start", "status": self._status, "headers": []})


async def call(
    app: Answering, tracer: Tracer = PASS_ON, *sent: str, path: str = "/v1/instances/shop-1/messages"
) -> str | None:
    """The answer's x-trace-id."""
    answers: list[Message] = []

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"traceparent", one.encode()) for one in sent]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    try:
        await Tracing(app, tracer)(scope, receive, send)
    except ConnectionResetError:
        return None
    headers_sent: dict[bytes, bytes] = dict(answers[0]["headers"])
    return headers_sent[b"x-trace-id"].decode()


async def test_a_call_goes_on_with_its_caller_s_trace() -> None:
    app = Answering(202)
    assert await call(app, PASS_ON, PARENT) == TRACE_ID
    assert app.trace == PARENT
    assert app.logged == TRACE_ID
    assert current() is None


@pytest.mark.parametrize("sent", [(), ("nonsense",), (PARENT, PARENT), ("00-" + "0" * 32 + PARENT[35:],)])
async def test_a_call_without_one_that_can_be_used_begins_one(sent: tuple[str, ...]) -> None:
    app, again = Answering(404), Answering(500)
    first, second = await call(app, PASS_ON, *sent), await call(again, PASS_ON, *sent)
    assert app.trace is not None
    assert first == app.trace[3:35] != TRACE_ID
    assert first != second


async def test_its_span_is_named_for_its_route_and_tells_whose_it_is() -> None:
    tracer, exporter = recorder()
    app = Answering(202)
    assert await call(app, tracer, PARENT) == TRACE_ID
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.kind) == ("POST /v1/instances/{instance_id}/messages", SpanKind.SERVER)
    assert span.attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 202,
        "http.route": "/v1/instances/{instance_id}/messages",
        "hivewp.tenant": "acme",
        "hivewp.instance": "shop-1",
    }
    assert span.context is not None
    assert app.trace == f"00-{TRACE_ID}-{span.context.span_id:016x}-01"


@pytest.mark.parametrize("instance", ["call +4915112345678", "shop-1\n", "x" * 51])
async def test_what_has_not_an_id_s_form_is_not_told(instance: str) -> None:
    tracer, exporter = recorder()
    await call(Answering(422, instance), tracer)
    (span,) = exporter.get_finished_spans()
    assert not {"hivewp.instance", "hivewp.message"} & set(span.attributes or ())


@pytest.mark.parametrize(("status", "failed"), [(202, False), (404, False), (429, False), (503, True), (None, True)])
async def test_what_is_our_fault_is_marked_so(status: int | None, failed: bool) -> None:
    tracer, exporter = recorder()
    await call(Answering(status), tracer)
    (span,) = exporter.get_finished_spans()
    assert (not span.status.is_ok) == failed


@pytest.mark.parametrize("path", ["/monitoring/health", "/monitoring/metrics", "/openapi.json"])
async def test_what_machines_ask_every_few_seconds_has_a_trace_id_and_no_span(path: str) -> None:
    tracer, exporter = recorder()
    assert await call(Answering(200), tracer, PARENT, path=path) == TRACE_ID
    assert not exporter.get_finished_spans()
