"""Every number that differs between stages or that an operator may want to change, with its reason.

`dev` costs as little as the product can while doing everything; `prod` is sized for the first thousand instances.
No CDK in here: the cost script reads it too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spans:
    """Where spans go: a collector's base URL, the name of the secret with its headers, the share of traces."""

    endpoint: str
    headers_secret: str | None = None
    ratio: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage's numbers; see STAGES for why they are what they are."""

    name: str
    partitions: int
    sessions_per_worker: int
    log_level: str
    log_retention_days: int
    termination_protection: bool
    nat: bool
    nat_gateways: int
    elastic_files: bool
    file_backups: bool
    api_rate: int
    api_burst: int
    api_concurrency: int | None
    webhook_concurrency: int | None  # None: `auto`, see webhooks.py
    alert_email: str | None = None
    alert_targets: str | None = None
    spans: Spans | None = None

    @property
    def prefix(self) -> str:
        """Starts the name of every resource; HIVEWP_PREFIX in the processes."""
        return f"hivewp-{self.name}"


DEV = Stage(
    name="dev",
    partitions=2,  # enough to see partitions move between two hosts
    sessions_per_worker=100,  # what a worker process was measured to carry (docs/performance.md)
    log_level="INFO",
    log_retention_days=7,  # longer than a sprint's bug is looked for
    termination_protection=False,
    nat=False,  # a NAT gateway costs $33 a month before its first byte; hosts have no inbound rules either way
    nat_gateways=1,  # with context nat=true: its zone takes all hosts along when it fails
    elastic_files=False,  # bursting throughput is free, and a new file system starts with credits for weeks
    file_backups=False,  # numbers of a dev stage can be paired again
    api_rate=100,  # calls a second of each method, by all keys together: six keys of `standard` at full speed on it
    api_concurrency=None,  # a new account has as few as 10 in all, of which none can be reserved
    webhook_concurrency=25,  # more than such an account has; on the slow lane 10
    api_burst=2_000,  # calls of a method at once: a key of `standard` may spend a window so, 1,000 at most
)

PROD = Stage(
    name="prod",
    partitions=16,  # x 100 sessions: room for the first thousand instances with a third to spare; can be raised later
    sessions_per_worker=100,
    log_level="WARNING",  # errors, a line for each call, and one for each delivery that fails; see docs/logs.md
    log_retention_days=30,  # as long as the event log answers what happened
    termination_protection=True,
    nat=False,
    nat_gateways=2,  # with context nat=true: one per zone, so that hosts outlive one; $33 a month each
    elastic_files=True,  # bursting falls to 1 MiB/s when credits are out, and then every session stalls at once
    file_backups=True,  # losing the files means a new QR code for every number
    api_rate=1_000,  # six keys of `scale` at full speed on one method; an account takes 10,000 in all, or 2,500
    api_concurrency=500,  # half of what an account has as a rule: the rest is the sender's, the alerts' and your own
    webhook_concurrency=200,  # more than an endpoint that hangs takes in the second before all know; and 80 slow ones
    api_burst=5_000,  # what an account takes at once in older regions; in newer ones its 1,250 come first
)

STAGES = {stage.name: stage for stage in (DEV, PROD)}
