"""Puts a session host together and runs it.

When it is told to stop: the heartbeat goes first, so that other hosts count on these partitions and let processes
stand by for them; workers serve until that is so, then drain side by side; each lease is released as soon as its worker
is gone. When it dies instead, its workers die with it and the leases run out. When it hangs or is stopped, its workers
live until their own alarms go off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from session_host.host.descriptors import raise_limit
from session_host.host.figures import Figures
from session_host.host.fleet import Fleet
from session_host.host.heartbeat import Heartbeat
from session_host.host.own import OwnReport
from session_host.host.pulse import Pulse
from session_host.host.sight import Sight
from session_host.host.standbys import Program
from session_host.leases.keeper import Keeper
from session_host.leases.ledger import Ledger
from session_host.leases.timing import Timing
from session_host.settings import HostSettings
from session_host.whatsapp.environment import environment
from shared.aws import client
from shared.clock import Clock, SystemClock
from shared.ids import new_id
from shared.logs import stamp
from shared.metrics import Meter
from shared.models.host import HostReport
from shared.store.database import Database
from shared.store.hosts import Hosts
from shared.store.partitions import Partitions

_CONNECTIONS = 16
_log = logging.getLogger(__name__)


async def supervise(
    settings: HostSettings, command: Sequence[str], base: Mapping[str, str], stop: asyncio.Event
) -> None:
    """Runs a host until `stop` is set and everything is handed over.

    `command` is a worker's command line, `base` the environment that workers are started from.
    """
    raise_limit()
    _make_folders(settings)
    async with client(settings.deployment.aws, "dynamodb", connections=_CONNECTIONS) as dynamodb:
        database = Database(dynamodb, settings.deployment.aws.prefix)
        await _run(settings, command, base, database, stop)


async def _run(
    settings: HostSettings, command: Sequence[str], base: Mapping[str, str], database: Database, stop: asyncio.Event
) -> None:
    clock, timing, host_id = SystemClock(), Timing(settings.lease_s), new_id(settings.host_name)
    hosts, partitions = Hosts(database, clock), Partitions(database, settings.deployment.partitions)
    program = Program(tuple(command), environment(settings.whatsapp, base), host_id, _pid_files(settings))
    own, sight, ledger = OwnReport(host_id, clock), Sight(clock), Ledger(host_id, timing)
    meter = Meter.of(settings.deployment.metrics, settings.deployment.aws.prefix, clock.unix)
    stamp(host=host_id)
    _log.info("Session host %s starts", host_id)
    async with asyncio.TaskGroup() as group:
        fleet = Fleet(program, settings.ceilings, group, lambda: heartbeat.news(), lambda lease: keeper.give_up(lease))
        report = partial(_report, own, fleet, ledger)
        heartbeat = Heartbeat(hosts, report, timing)
        leases, others = sight.of_leases(partitions), sight.of_hosts(hosts)
        keeper = Keeper(ledger, leases, others, fleet, clock)
        figures = Figures(meter, sight, clock, own.last, lambda: fleet.restarts, partitions.load)
        await heartbeat.beat()  # before the first look: whoever starts with us knows of us
        group.create_task(heartbeat.run(stop))
        group.create_task(figures.run(stop))
        with _pulse(settings, sight, clock, group):
            await keeper.run(stop)
        fleet.close()
    _log.info("Session host %s has handed everything over", host_id)


@contextmanager
def _pulse(settings: HostSettings, sight: Sight, clock: Clock, group: asyncio.TaskGroup) -> Iterator[None]:
    """For as long as leases are held, the time of a drain included."""
    if settings.health_file is None:
        yield
        return
    beating = group.create_task(Pulse(settings.health_file, sight, clock).run())
    try:
        yield
    finally:
        beating.cancel()


def _report(own: OwnReport, fleet: Fleet, ledger: Ledger) -> HostReport:
    return own.make(fleet.reports(), fleet.standbys, ledger.renewed_at())


def _make_folders(settings: HostSettings) -> None:
    settings.session_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # credentials: for us alone
    if settings.run_dir:
        settings.run_dir.mkdir(parents=True, exist_ok=True)
    if settings.health_file:
        settings.health_file.parent.mkdir(parents=True, exist_ok=True)


def _pid_files(settings: HostSettings) -> str | None:
    return str(settings.run_dir / f"{settings.host_name}-worker-") if settings.run_dir else None
