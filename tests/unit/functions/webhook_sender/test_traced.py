"""Deliveries go on with the trace that their event came of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.incoming import read
from shared.egress import EgressResponse, EgressTimeout
from shared.queues.deliveries import decode, encode
from shared.queues.queue import TRACEPARENT
from shared.tracing import checked
from tests.fakes.spans import PARENT, TRACE_ID, recorder
from tests.fakes.webhooks import a_record, a_task, a_webhook, fakes

CARRIED = {TRACEPARENT: {"stringValue": PARENT, "dataType": "String"}}


class Endpoint:
    """Answers one after the other; an exception is one that never comes."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = list(answers)
        self.headers: list[Mapping[str, str]] = []

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        self.headers.append(headers)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return EgressResponse(answer, 5)


async def test_an_endpoint_is_told_of_the_trace_and_all_attempts_are_of_it() -> None:
    endpoint = Endpoint(500, 200)
    made = fakes(a_webhook(), client=endpoint)
    await process_batch([a_record(a_task()) | {"messageAttributes": CARRIED}], made.services)
    ((retry, _),) = made.tasks.tasks
    assert retry.traceparent == PARENT
    made.clock.now = retry.not_before
    await process_batch([a_record(retry) | {"messageAttributes": CARRIED}], made.services)
    assert [headers["traceparent"] for headers in endpoint.headers] == [PARENT, PARENT]
    assert made.records.of("wh_a").traceparent == PARENT


async def test_an_attempt_at_a_task_of_an_earlier_version_begins_a_trace() -> None:
    endpoint = Endpoint(500)
    made = fakes(a_webhook(), client=endpoint)
    await process_batch([a_record(a_task())], made.services)
    begun = endpoint.headers[0]["traceparent"]
    assert checked(begun) == begun
    assert made.records.of("wh_a").traceparent is None


async def test_an_endpoint_s_own_header_is_left_to_it() -> None:
    endpoint = Endpoint(200)
    made = fakes(a_webhook(headers={"Traceparent": "mine"}), client=endpoint)
    await process_batch([a_record(a_task())], made.services)
    assert endpoint.headers[0]["Traceparent"] == "mine"
    assert "traceparent" not in endpoint.headers[0]


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [(200, 200, None), (503, 503, "503"), (EgressTimeout("no answer within 10 s"), None, "timeout")],
)
async def test_each_attempt_is_a_span(answer: int | Exception, status: int | None, error: str | None) -> None:
    tracer, exporter = recorder()
    made = fakes(a_webhook(url="https://shop.example/hook?token=secret"), client=Endpoint(answer))
    record = a_record(a_task()) | {"messageAttributes": CARRIED}
    await process_batch([record], replace(made.services, tracer=tracer))
    (span,) = exporter.get_finished_spans()
    assert span.name == "deliver event"
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == PARENT.split("-")[2]
    attributes = dict(span.attributes or {})
    assert attributes.get("http.response.status_code") == status
    assert attributes.get("error.type") == error
    assert (attributes["hivewp.tenant"], attributes["hivewp.webhook"]) == ("acme", "wh_a")
    assert "secret" not in str(attributes)
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == TRACE_ID


def test_the_trace_is_no_part_of_what_earlier_senders_read() -> None:
    task = replace(a_task(), traceparent=PARENT)
    assert "traceparent" not in encode(task)
    assert decode(encode(task), PARENT) == task


@pytest.mark.parametrize("sent", ["", "nonsense", PARENT.upper()])
def test_what_is_no_trace_is_not_carried_on(sent: str) -> None:
    record = a_record(a_task()) | {"messageAttributes": {TRACEPARENT: {"stringValue": sent}}}
    assert read(record).task.traceparent is None
