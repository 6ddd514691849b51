"""The entry point as Lambda calls it: synchronous, one event after the other, in one process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from functions.webhook_sender.handler import handler, runtime
from local.webhooks.shape import record
from shared.models.webhook import DeliveryState
from shared.store.webhooks import Webhooks
from tests.integration.functions.granted import Watch, grants_in
from tests.integration.functions.webhook_sender.conftest import Sending, an_event


class Context:
    """What Lambda tells about the call."""

    def __init__(self, left_ms: int = 60_000) -> None:
        self._left_ms = left_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._left_ms


@pytest.fixture
def lambda_env(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of the function; its process-wide clients are given back at the end.

    What it asks of the store must be granted to the deployed function."""
    monkeypatch.setenv("HIVEWP_AWS_ENDPOINT", sending.settings.aws.endpoint_url or "")
    monkeypatch.setenv("HIVEWP_PREFIX", sending.settings.aws.prefix)
    monkeypatch.setenv("HIVEWP_SEALING_KEY", sending.settings.sealing_key)
    monkeypatch.setenv("HIVEWP_ALLOW_LOCAL_WEBHOOKS", "1")
    monkeypatch.setenv("HIVEWP_METRICS", "emf")
    runtime.cache_clear()
    endpoints = runtime()._services.endpoints
    assert isinstance(endpoints, Webhooks)
    watch = Watch(endpoints._db._client, sending.settings.aws.prefix, grants_in("infra/webhooks.py"), always=True)
    yield
    assert watch.missing == set()
    runtime().close()
    runtime.cache_clear()


@pytest.mark.usefixtures("lambda_env")
async def test_batches_are_delivered_and_failures_named(sending: Sending, capsys: pytest.CaptureFixture[str]) -> None:
    events = [an_event(number) for number in range(3)]
    for event in events:
        await sending.put([event])
        batch = {"Records": [record(message) for message in await sending.queue.receive(wait_s=2)]}
        batch["Records"].append({"messageId": "broken", "body": "{}", "attributes": {}})
        answer = await asyncio.to_thread(handler, batch, Context())
        assert answer == {"batchItemFailures": [{"itemIdentifier": "broken"}]}
    assert len(sending.receiver.got) == 3
    records = [await sending.delivery(event) for event in events]
    assert [one.state for one in records if one] == [DeliveryState.DELIVERED] * 3
    figures = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["MessagesReceived"], one["WebhooksDelivered"]) for one in figures] == [(1, 1)] * 3  # a line each


@pytest.mark.usefixtures("lambda_env")
async def test_without_time_left_nothing_is_begun(sending: Sending) -> None:
    await sending.put([an_event()])
    batch = {"Records": [record(message) for message in await sending.queue.receive(wait_s=2)]}
    answer = await asyncio.to_thread(handler, batch, Context(left_ms=3_000))
    assert answer == {"batchItemFailures": [{"itemIdentifier": batch["Records"][0]["messageId"]}]}
    assert sending.receiver.got == []
