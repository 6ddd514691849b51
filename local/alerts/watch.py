"""Looks at the figures again and again, and tells each change once.

An alert that a target did not take is tried again at the next look, for that target alone, until it is taken or no
longer true.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from functions.alerts.alert import Alert, State
from functions.alerts.send import NotSent, Sender
from functions.alerts.targets import Target
from functions.alerts.text import message_of
from local.alerts.history import Figure, History
from local.alerts.judge import judge
from local.alerts.reading import WATCHED, Reading
from local.alerts.told import Told
from shared.alarms import Alarm, alarm_name
from shared.clock import Clock, iso
from shared.queues.queue import QueueError
from shared.store.database import StoreError

LOOK_EVERY_S = 30.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Watch:
    """`read` gives the figures of now; `prefix` starts the names of the deployment's alarms."""

    prefix: str
    read: Callable[[], Awaitable[Reading]]
    sender: Sender
    targets: Sequence[Target]
    told: Told
    clock: Clock
    history: History = field(default_factory=History)
    changed: dict[tuple[Alarm, Target], float] = field(default_factory=dict)

    async def run(self, stopping: asyncio.Event) -> None:
        """Looks until `stopping` is set."""
        while not stopping.is_set():
            await self.look()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stopping.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Looks, judges, tells."""
        try:
            self.history.add(await self.read())
        except (StoreError, QueueError) as error:
            log.warning("the figures cannot be read: %s", error)
        now = self.clock.unix()
        await asyncio.gather(*(self._follow(alarm, now) for alarm in WATCHED))

    async def _follow(self, alarm: Alarm, now: float) -> None:
        periods = self.history.periods(alarm, now)
        await asyncio.gather(*(self._tell(alarm, periods, target, now) for target in self.targets))

    async def _tell(self, alarm: Alarm, periods: Sequence[Figure], target: Target, now: float) -> None:
        """What one target was told says nothing of another: one that takes nothing keeps nothing from the rest."""
        before = self.told.state(alarm, target)
        state = judge(alarm, periods, before)
        if state is before:
            self.changed.pop((alarm, target), None)
            return
        since = self.changed.setdefault((alarm, target), now)
        alert = self._alert(alarm, state, before, periods[0], iso(since))
        try:
            await self.sender.send(f"{alarm.id} {state} {since}", message_of(alert), [target])
        except NotSent as error:
            log.warning("tried again in %g s: %s", LOOK_EVERY_S, error)
            return
        log.info("told the %s target: %s is %s", target.kind, alarm.id, state)
        self.told.note(alarm, target, state)
        del self.changed[alarm, target]

    def _alert(self, alarm: Alarm, state: State, before: State, figure: Figure, since: str) -> Alert:
        condition = alarm.condition()
        return Alert(
            deployment=self.prefix,
            name=alarm_name(self.prefix, alarm),
            alarm=alarm,
            state=state,
            since=since,
            condition=condition,
            reason=f"{'It was' if state is State.ALARM else 'It is no longer'} {condition}",
            before=before,
            value=figure if isinstance(figure, int | float) else None,
        )
