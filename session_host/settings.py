"""What a session host and its workers are told by their environment, parsed once at the start of each.

| variable | meaning | default |
|---|---|---|
| HIVEWP_SESSION_DIR | the folder of the instances' credentials, shared by all hosts | required |
| HIVEWP_WHATSAPP_PROXY | URL (http, https or socks5) of the proxy of all sessions without one of their own | |
| HIVEWP_WHATSAPP_TRUST | a folder with `ca.pem` and `root.pub` of a local WhatsApp; unset: WhatsApp itself | |
| HIVEWP_SESSION_JOURNAL | `wal`, or `truncate` where HIVEWP_SESSION_DIR is on a network file system | wal |
| HIVEWP_LEASE_S | how long a partition's lease lasts in seconds, 2 to 300, the same on all hosts | 15 |
| HIVEWP_HOST_NAME | a name for this host in logs and ids, such as `host-1` | host |
| HIVEWP_RUN_DIR | a folder for the workers' pid files, `<host name>-worker-<partition>.pid`; unset: none | |

A host tells its workers in addition:

| variable | meaning |
|---|---|
| HIVEWP_HOST_ID | the id of the host process: its name and something that no other has |
| HIVEWP_WORKER_PARTITION | the partition to work on |
| HIVEWP_WORKER_EPOCH | the epoch of its lease, part of every write |
| HIVEWP_WORKER_COUNTER | the counter of its lease when it was taken |
| HIVEWP_WORKER_REPORT_FD | the descriptor to write reports to, see host/reports.py |

Variables of shared/settings.py are read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from session_host.whatsapp.environment import WhatsAppSettings
from shared.models.host import Lease
from shared.settings import MAX_PARTITIONS, BadSetting, Settings, one_of, required, whole_number

HOST_ID = "HIVEWP_HOST_ID"
PARTITION = "HIVEWP_WORKER_PARTITION"
EPOCH = "HIVEWP_WORKER_EPOCH"
COUNTER = "HIVEWP_WORKER_COUNTER"
REPORT_FD = "HIVEWP_WORKER_REPORT_FD"

_NO_LIMIT = 2**63 - 1
_HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_PROXY_SCHEMES = ("http", "https", "socks5")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """A host's settings; see the module for their meaning. `deployment` is what every process is told."""

    deployment: Settings
    whatsapp: WhatsAppSettings
    session_dir: Path
    lease_s: int
    host_name: str
    run_dir: Path | None

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> HostSettings:
        """The settings in an environment. Raises BadSetting."""
        return cls(
            deployment=Settings.parse(env),
            whatsapp=WhatsAppSettings(
                proxy_url=_proxy(env), trust=_folder(env, "HIVEWP_WHATSAPP_TRUST"), journal=_journal(env)
            ),
            session_dir=Path(required(env, "HIVEWP_SESSION_DIR")),
            lease_s=whole_number(env, "HIVEWP_LEASE_S", 15, 2, 300),
            host_name=_host_name(env),
            run_dir=_folder(env, "HIVEWP_RUN_DIR"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """A worker's settings: its host's, the lease that it works under, and where it reports to."""

    host: HostSettings
    host_id: str
    lease: Lease
    report_fd: int

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> WorkerSettings:
        """The settings in an environment. Raises BadSetting."""
        host, host_id = HostSettings.parse(env), required(env, HOST_ID)
        return cls(
            host=host,
            host_id=host_id,
            lease=Lease(
                partition=_number(env, PARTITION, 0, MAX_PARTITIONS - 1),
                owner=host_id,
                counter=_number(env, COUNTER, 1, _NO_LIMIT),
                epoch=_number(env, EPOCH, 1, _NO_LIMIT),
            ),
            report_fd=_number(env, REPORT_FD, 3, _NO_LIMIT),
        )


def worker_variables(host_id: str, lease: Lease, report_fd: int) -> dict[str, str]:
    """What a worker's environment holds in addition to its host's."""
    return {
        HOST_ID: host_id,
        PARTITION: str(lease.partition),
        EPOCH: str(lease.epoch),
        COUNTER: str(lease.counter),
        REPORT_FD: str(report_fd),
    }


def _number(env: Mapping[str, str], name: str, least: int, most: int) -> int:
    required(env, name)
    return whole_number(env, name, least, least, most)


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]) if env.get(name) else None


def _journal(env: Mapping[str, str]) -> Literal["wal", "truncate"]:
    chosen = one_of(env, "HIVEWP_SESSION_JOURNAL", "wal", ("wal", "truncate"))
    return "truncate" if chosen == "truncate" else "wal"


def _host_name(env: Mapping[str, str]) -> str:
    name = env.get("HIVEWP_HOST_NAME") or "host"
    if not _HOST_NAME.fullmatch(name):
        raise BadSetting(f"HIVEWP_HOST_NAME must be letters, digits, '.', '_' or '-', not {name!r}")
    return name


def _proxy(env: Mapping[str, str]) -> str | None:
    url = env.get("HIVEWP_WHATSAPP_PROXY") or None
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:  # the URL itself may hold a password
        raise BadSetting(f"HIVEWP_WHATSAPP_PROXY must be a URL that starts with {', '.join(_PROXY_SCHEMES)}")
    return url
