"""The entry point as Lambda calls it, with a secret in Secrets Manager and receivers that really listen."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from functions.alerts import handler as alerts
from functions.alerts.send import NotSent
from local.cli.receiver import served
from shared.aws import AwsSettings, client
from tests.fakes.alarms import alarm_message, sns_event


@dataclass
class Receiver:
    """Answers with its status, and keeps what it was sent."""

    status: int = 204
    got: list[dict[str, Any]] = field(default_factory=list)

    async def hear(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        return web.Response(status=self.status)


@dataclass
class Alerting:
    """A function with three targets."""

    slack: Receiver
    discord: Receiver
    other: Receiver
    manager: Any = None
    secret: str = ""
    targets: list[dict[str, str]] = field(default_factory=list)

    async def name(self, targets: list[dict[str, str]]) -> None:
        """Says whom to tell from now on."""
        await self.manager.put_secret_value(SecretId=self.secret, SecretString=json.dumps({"targets": targets}))

    async def tell(self, *messages: str) -> None:
        """As SNS does."""
        await asyncio.to_thread(alerts.handler, sns_event(*messages), None)


@pytest.fixture
async def alerting(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Alerting]:
    made = Alerting(Receiver(), Receiver(), Receiver())
    async with AsyncExitStack() as stack:
        kinds = {"slack": made.slack, "discord": made.discord, "json": made.other}
        targets = [
            {"kind": kind, "url": await stack.enter_async_context(served(receiver.hear))}
            for kind, receiver in kinds.items()
        ]
        settings = AwsSettings("us-east-1", aws_endpoint, "", "local", "local")
        manager = await stack.enter_async_context(client(settings, "secretsmanager"))
        secret = await manager.create_secret(Name=uuid.uuid4().hex, SecretString=json.dumps({"targets": targets}))
        monkeypatch.setenv("HIVEWP_PREFIX", "hivewp-prod")
        monkeypatch.setenv("HIVEWP_AWS_ENDPOINT", aws_endpoint)
        monkeypatch.setenv("HIVEWP_ALERT_TARGETS_SECRET", secret["ARN"])
        monkeypatch.setenv("HIVEWP_ALLOW_LOCAL_WEBHOOKS", "1")
        alerts.runtime.cache_clear()
        made.manager, made.secret, made.targets = manager, secret["ARN"], targets
        yield made
        await asyncio.to_thread(lambda: alerts.runtime().close())
        alerts.runtime.cache_clear()


async def test_an_alarm_reaches_every_target_in_its_own_form(alerting: Alerting) -> None:
    await alerting.tell(alarm_message())
    (slack,), (discord,), (other,) = alerting.slack.got, alerting.discord.got, alerting.other.got
    assert slack["text"].startswith("*ALARM hivewp-prod: A session host is short of memory*\n")
    assert discord["content"].startswith("**ALARM hivewp-prod: A session host is short of memory**\n")
    assert (other["alarm"], other["state"], other["value"]) == ("host-memory", "ALARM", 95.31)
    await alerting.tell(alarm_message(state="OK", before="ALARM"))
    assert alerting.other.got[1]["title"] == "OK hivewp-prod: A session host is short of memory (it is over)"


async def test_one_target_that_fails_stops_no_other_and_the_next_try_goes_to_it_alone(alerting: Alerting) -> None:
    alerting.slack.status = 500
    with pytest.raises(NotSent):
        await alerting.tell(alarm_message())
    alerting.slack.status = 200
    await alerting.tell(alarm_message())
    assert [len(one.got) for one in (alerting.slack, alerting.discord, alerting.other)] == [2, 1, 1]


async def test_a_url_that_is_none_holds_up_no_other(alerting: Alerting) -> None:
    slack = alerting.targets[0]
    await alerting.name([slack | {"url": "hooks.slack.example/services/x"}, *alerting.targets[1:]])
    with pytest.raises(NotSent, match="1 of 3"):
        await alerting.tell(alarm_message())
    assert [len(one.got) for one in (alerting.slack, alerting.discord, alerting.other)] == [0, 1, 1]


async def test_an_alert_with_nobody_to_tell_is_not_lost_without_a_word(alerting: Alerting) -> None:
    await alerting.name([])
    with pytest.raises(alerts.NobodyToTell):
        await alerting.tell(alarm_message())
    await alerting.name(alerting.targets)
    await alerting.tell(alarm_message())
    assert len(alerting.other.got) == 1


async def test_with_nobody_to_tell_good_news_is_none(alerting: Alerting) -> None:
    """Every alarm says once, after it was made, that all is well; targets are named after that."""
    await alerting.name([])
    await alerting.tell(alarm_message(state="OK", before="INSUFFICIENT_DATA"))
    with pytest.raises(alerts.NobodyToTell):
        await alerting.tell("does anybody read this?")


async def test_who_hears_by_email_needs_no_target(alerting: Alerting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVEWP_ALERTS_BY_EMAIL", "1")
    alerts.runtime.cache_clear()
    await alerting.name([])
    await alerting.tell(alarm_message())


async def test_what_somebody_writes_to_the_topic_is_passed_on(alerting: Alerting) -> None:
    await alerting.tell("does this arrive?")
    assert alerting.other.got[0]["text"].endswith("\ndoes this arrive?")


async def test_targets_inside_the_network_are_not_called(alerting: Alerting, monkeypatch: pytest.MonkeyPatch) -> None:
    """In production, whatever the secret says."""
    monkeypatch.delenv("HIVEWP_ALLOW_LOCAL_WEBHOOKS")
    alerts.runtime.cache_clear()
    with pytest.raises(NotSent, match="3 of 3"):
        await alerting.tell(alarm_message())
    assert alerting.other.got == []
