"""Records of the queue."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from functions.webhook_sender.incoming import read
from shared.clock import iso
from shared.ids import id_of
from tests.fakes.clock import NOW
from tests.fakes.webhooks import a_record, a_task, an_event


def test_a_record_is_read_with_what_its_message_tells() -> None:
    task = a_task(webhook_id="wh_a", attempt=2)
    work = read(a_record(task, receives=3, sent_at=NOW + 0.25))
    assert work.task == task
    assert (work.event_id, work.event_type, work.instance, work.sequence) == ("evt_1", "message.received", "shop-1", 1)
    assert (work.receives, work.sent_at, work.happened_at) == (3, NOW + 0.25, NOW)


def test_an_event_was_noted_when_its_id_was_made_however_long_before_it_happened() -> None:
    event = replace(an_event(), id=id_of("evt", NOW, b"0123456789"), timestamp=iso(NOW - 3600))
    work = read(a_record(a_task(event)))
    assert (work.noted_at, work.happened_at) == (NOW, NOW - 3600)
    assert read(a_record(a_task())).noted_at == NOW, "an id of another form tells nothing"


def test_an_event_of_a_type_that_is_not_known_here_is_delivered_all_the_same() -> None:
    body = an_event().body().replace("message.received", "message.of_tomorrow")
    assert read({"messageId": "m", "body": _task(body)}).event_type == "message.of_tomorrow"


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"tenant": "a"}', json.dumps({"tenant": "a", "event": "x"})])
def test_what_is_no_task_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read({"messageId": "m", "body": body})


@pytest.mark.parametrize("event", ["{}", "[]", "1", '{"id": "evt_1"}'])
def test_what_is_no_event_is_refused(event: str) -> None:
    with pytest.raises(ValueError, match="not an event"):
        read({"messageId": "m", "body": _task(event)})


def _task(event: str) -> str:
    return json.dumps({"tenant": "acme", "event": event})
