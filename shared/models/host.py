"""Session hosts and the partitions they own.

A lease is taken by counting its epoch up; a host may write for a partition only while the partition's fence holds the
epoch it took. Expiry is judged by the observer's monotonic clock on an unchanged counter, never by wall time.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lease:
    """Who owns a partition: `owner` is None when nobody does. Renewals count `counter` up, new owners `epoch`."""

    partition: int
    owner: str | None = None
    counter: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker process says of itself: its instances by state, memory in bytes.

    `ended`: sessions that have ended in it; `stuck`: sessions that the native library did not let go. `oldest_command`:
    when the oldest of the commands in its hand was queued, in unix seconds; 0 without any. `ready`: all instances of
    the partition are taken up, so that `states` has them.
    """

    partition: int
    pid: int
    states: dict[str, int]
    memory: int
    threads: int
    descriptors: int
    ended: int = 0
    stuck: int = 0
    oldest_command: int = 0
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """A host's heartbeat, written every 10 s. Times are ISO 8601 UTC, memory in bytes.

    `standbys`: worker processes that could take a partition over at once. CPU in cores, `cpu_used` on average since the
    heartbeat before. `lease_ages`: seconds since the lease of each partition that it holds was renewed, as of `at`.
    """

    id: str
    started_at: str
    at: str
    memory_used: int
    memory_limit: int
    workers: tuple[WorkerReport, ...] = field(default_factory=tuple)
    standbys: int = 0
    cpu_used: float = 0.0
    cpu_limit: float = 0.0
    lease_ages: dict[str, float] = field(default_factory=dict)
