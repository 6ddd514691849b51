"""How large a session host is, and how many there are: what was measured, and the arithmetic. No CDK in here.

Measured on two cores with the real client library (docs/performance.md, docs/reliability.md), in MB and CPU:

    the supervisor                               68 MB, the same after an hour of restarts
    a worker with a full partition (100)         145 to 158 MB after 500 restarts, 175 at its peak
    a process that pairs numbers                 some 60 MB while somebody pairs
    100 sessions without traffic                 0.011 of a core
    a message (sent, acknowledged, two events)   0.023 s of a core, half of it calls to AWS

Memory counts what a host may come to hold: all partitions that are left to it when the others are gone, one fresh
process while a worn one is replaced, and those that pair. The limit is a third above that, since CloudWatch's alarm is
at 90 % and a host that is killed for its memory takes all its sessions along.

CPU counts messages. A start costs a second of a core per worker, which is why no host has less than half a core.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.stages import Stage

SUPERVISOR_MB = 70
WORKER_MB = 175
PAIRING_MB = 2 * 60
SPARE_WORKERS = 1
WORKER_CEILING_MB = 256  # a worker beyond it is replaced: half as much again as any that was seen
HEADROOM = 4 / 3

CPU_UNITS = 1024  # of one vCPU
IDLE_CORE_PER_SESSION = 0.011 / 100
CORE_S_PER_MESSAGE = 0.023
BUSY = 0.6  # a host's CPU beyond which another one is started: reconnecting and pairing need the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """From `least` to `most`, each with `cpu` units and `memory_mb`; one more when they hold over `sessions` each."""

    cpu: int
    memory_mb: int
    least: int
    most: int
    sessions: int

    def messages_per_second(self) -> float:
        """What one host with its `sessions` sends before its CPU is BUSY."""
        idle = self.sessions * IDLE_CORE_PER_SESSION
        return (self.cpu / CPU_UNITS * BUSY - idle) / CORE_S_PER_MESSAGE


HOSTS = {
    # One task, since a deployment starts the new one first anyway; a host that dies is back in a minute or two.
    # Two show partitions moving: context or console may raise the number. $14 a month each.
    "dev": Hosts(cpu=512, memory_mb=1024, least=1, most=2, sessions=150),
    # Two in two zones: the loss of one is 15 s of silence for half the numbers. 500 sessions each leave 24 messages a
    # second for a core, three a minute and number. Four carry all partitions full. $37 a month each.
    "prod": Hosts(cpu=1024, memory_mb=5120, least=2, most=4, sessions=500),
}


def hosts_of(stage: Stage) -> Hosts:
    """The stage's hosts; a stage of another name is a variation of dev. Raises ValueError when they are too small."""
    hosts = HOSTS.get(stage.name, HOSTS["dev"])
    if needed_mb(stage, hosts) > hosts.memory_mb:
        raise ValueError(
            f"{stage.partitions} partitions need hosts of {needed_mb(stage, hosts)} MB (infra/capacity.py)"
        )
    return hosts


def needed_mb(stage: Stage, hosts: Hosts) -> int:
    """What a host needs when one of the least number of hosts is gone."""
    survivors = max(1, hosts.least - 1)
    partitions = -(-stage.partitions // survivors)
    held = SUPERVISOR_MB + (partitions + SPARE_WORKERS) * WORKER_MB + PAIRING_MB
    return round(held * HEADROOM)
