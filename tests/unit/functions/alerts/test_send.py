from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from functions.alerts.send import NotSent, Sender
from functions.alerts.targets import BadTargets, Kind, Target, parse_targets
from functions.alerts.text import notice
from shared.egress import EgressRefused, EgressResponse

GOOD, BAD, INSIDE = "https://good.test/secret-1", "https://bad.test/secret-2", "https://inside.test/secret-3"


@dataclass
class FakePoster:
    """Answers by URL; the good one takes everything."""

    statuses: dict[str, int] = field(default_factory=dict)
    got: list[str] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        assert headers["content-type"] == "application/json"
        assert json.loads(body)
        if url == INSIDE:
            raise EgressRefused("the URL points at a private address, which is not permitted")
        self.got.append(url)
        return EgressResponse(self.statuses.get(url, 200), 1)


TARGETS = [Target(Kind.SLACK, BAD), Target(Kind.DISCORD, INSIDE), Target(Kind.JSON, GOOD)]


async def test_one_that_fails_holds_up_no_other_and_only_it_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    poster = FakePoster({BAD: 500})
    sender = Sender(poster)
    with pytest.raises(NotSent, match="2 of 3"):
        await sender.send("m1", notice(None, "hello"), TARGETS)
    assert sorted(poster.got) == [BAD, GOOD]
    poster.statuses, poster.got = {}, []
    with pytest.raises(NotSent, match="1 of 3"):
        await sender.send("m1", notice(None, "hello"), TARGETS)
    assert poster.got == [BAD]
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "the slack target answered 500" in logged
    assert "the discord target cannot be reached: refused" in logged


async def test_neither_log_nor_error_shows_a_url(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NotSent) as error:
        await Sender(FakePoster({BAD: 404})).send("m1", notice(None, "hello"), TARGETS)
    assert "secret" not in caplog.text + str(error.value) + repr(TARGETS)


async def test_another_message_goes_to_all() -> None:
    poster = FakePoster()
    sender = Sender(poster)
    for message_id in ("m1", "m1", "m2"):
        await sender.send(message_id, notice(None, "hello"), [TARGETS[0], TARGETS[2]])
    assert sorted(poster.got) == [BAD, BAD, GOOD, GOOD]


async def test_nobody_to_tell_is_no_failure() -> None:
    await Sender(FakePoster()).send("m1", notice(None, "hello"), [])


def test_targets_are_read_from_json() -> None:
    listed = [{"kind": "slack", "url": GOOD}, {"kind": "json", "url": BAD}]
    assert parse_targets(json.dumps({"targets": listed})) == [Target(Kind.SLACK, GOOD), Target(Kind.JSON, BAD)]
    assert parse_targets('{"targets": []}') == []


@pytest.mark.parametrize(
    "secret",
    ["", GOOD, "[]", "{}", '{"targets": 3}', '{"targets": {}}', '{"targets": "x"}',
     '{"targets": ["x"]}', json.dumps({"targets": [{"kind": "slack"}]}),
     json.dumps({"targets": [{"kind": "pager", "url": GOOD}]}), json.dumps({"targets": [{"kind": [], "url": GOOD}]})],
)  # fmt: skip
def test_a_secret_that_cannot_be_read_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(BadTargets) as error:
        parse_targets(secret)
    assert "good.test" not in str(error.value)
