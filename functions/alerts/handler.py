"""The entry point in Lambda: `functions.alerts.handler.handler`, called by SNS.

It raises when a target did not take an alert, nobody would hear of an alarm, or the targets cannot be read: Lambda then
calls it again after one and two minutes, and puts the event on the dead-letter queue after that. Who dies in between
tells an alert twice at most. That all is well, as each alarm says once after it was made, may be heard by nobody.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

from functions.alerts.alert import Alert, State
from functions.alerts.cloudwatch import alert_of
from functions.alerts.send import Sender
from functions.alerts.settings import AlertSettings
from functions.alerts.targets import parse_targets
from functions.alerts.text import Message, message_of, notice
from shared.egress import EgressPolicy, GuardedClient
from shared.logs import log_json
from shared.secrets import fetch_secret
from shared.settings import log_level

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0


class NobodyToTell(Exception):
    """There are no targets: the alert must not be lost without a word."""


class Runtime:
    """One loop and one way out for the life of the process."""

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._sender = self._runner.run(self._open())

    def handle(self, event: dict[str, Any]) -> None:
        """Tells all alerts of an event of SNS. Raises NotSent, NobodyToTell, BadTargets, SecretUnreadable."""
        self._runner.run(self._handle(event))

    def close(self) -> None:
        """Gives connections back; in Lambda the process just ends."""
        self._runner.run(self._stack.aclose())
        self._runner.close()

    async def _open(self) -> Sender:
        policy = EgressPolicy.local() if self._settings.allow_local else EgressPolicy.production()
        return Sender(await self._stack.enter_async_context(GuardedClient(policy, timeout=TIMEOUT_S)))

    async def _handle(self, event: dict[str, Any]) -> None:
        secret = await fetch_secret(self._settings.aws, self._settings.targets_secret)  # each time: it may be corrected
        targets = parse_targets(secret)
        said = [record["Sns"] for record in event["Records"]]
        alerts = [alert_of(one["Message"], self._settings.aws.prefix) for one in said]
        if not targets and not self._settings.by_email and any(map(_must_be_heard, alerts)):
            raise NobodyToTell("the secret of the targets names none")
        sends = (
            self._sender.send(one["MessageId"], message_of(alert) if alert else _notice(one), targets)
            for one, alert in zip(said, alerts, strict=True)
        )
        for result in await asyncio.gather(*sends, return_exceptions=True):
            if result is not None:
                raise result


def _must_be_heard(alert: Alert | None) -> bool:
    """Whether something is wrong, or somebody wrote to the topic who wants to be read."""
    return alert is None or alert.state is State.ALARM


def _notice(said: dict[str, Any]) -> Message:
    return notice(said.get("Subject"), said["Message"])


@cache
def runtime() -> Runtime:
    """The process's runtime, made at the first call."""
    return Runtime(AlertSettings.parse(os.environ))


def handler(event: dict[str, Any], _context: Any) -> None:
    """Tells the alarms of an event."""
    runtime().handle(event)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    log_json(log_level(os.environ), "alerts")
