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
| HIVEWP_HEALTH_FILE | a file for health checks (health.py), in a folder that no other host has; unset: none | |

A host writes nowhere else than into HIVEWP_SESSION_DIR, which must outlive it, and into the folders of HIVEWP_RUN_DIR
and HIVEWP_HEALTH_FILE, which need not. What a library may put into a temporary file goes where TMPDIR says.

What a worker may use before a fresh process takes its place, see host/ceilings.py; sessions are without service for a
second or two then, so a ceiling should be far above what a full partition (100 sessions) needs:

| variable | meaning | default | a full partition needs about |
|---|---|---|---|
| HIVEWP_WORKER_MEMORY_MB | resident memory in MiB | 512 | 150 |
| HIVEWP_WORKER_DESCRIPTORS | open descriptors | 2000 | 400 |
| HIVEWP_WORKER_THREADS | threads | 1000 | 350 |
| HIVEWP_WORKER_ENDED | sessions that have ended in it; each leaves 0.2 MB and 2.5 descriptors behind | 100 | 0 |
| HIVEWP_WORKER_STUCK | sessions that the native library did not let go | 20 | 0 |

A host tells its workers in addition:

| variable | meaning |
|---|---|
| HIVEWP_HOST_ID | the id of the host process: its name and something that no other has |
| HIVEWP_WORKER_REPORT_FD | the descriptor to write reports to, see host/reports.py |
| HIVEWP_WORKER_ORDERS_FD | the descriptor to read orders from, the lease to work under first of all, see orders.py |
| HIVEWP_WORKER_BOARD_FD | the descriptor of the memory to note calls of the library in, see board.py |
| HIVEWP_WORKER_LOG_FD | the descriptor to write the log to, see stderr.py |

Variables of shared/settings.py are read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from session_host.health import VARIABLE as HEALTH_FILE
from session_host.host.ceilings import Ceilings
from session_host.whatsapp.environment import WhatsAppSettings
from shared.settings import BadSetting, Settings, one_of, required, whole_number

HOST_ID = "HIVEWP_HOST_ID"
REPORT_FD = "HIVEWP_WORKER_REPORT_FD"
ORDERS_FD = "HIVEWP_WORKER_ORDERS_FD"
BOARD_FD = "HIVEWP_WORKER_BOARD_FD"

_NO_LIMIT = 2**63 - 1
_HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_PROXY_SCHEMES = ("http", "https", "socks5")


@dataclass(frozen=True, slots=True)
class Channels:
    """Descriptors as a worker sees them: it writes reports, reads orders and shares the board."""

    reports: int
    orders: int
    board: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """A host's settings; see the module for their meaning. `deployment` is what every process is told."""

    deployment: Settings
    whatsapp: WhatsAppSettings
    session_dir: Path
    lease_s: int
    host_name: str
    run_dir: Path | None
    health_file: Path | None
    ceilings: Ceilings

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> HostSettings:
        """The settings in an environment. Raises BadSetting."""
        return cls(
            deployment=Settings.parse(env),
            whatsapp=WhatsAppSettings(
                proxy_url=_proxy(env), trust=_path(env, "HIVEWP_WHATSAPP_TRUST"), journal=_journal(env)
            ),
            session_dir=Path(required(env, "HIVEWP_SESSION_DIR")),
            lease_s=whole_number(env, "HIVEWP_LEASE_S", 15, 2, 300),
            host_name=_host_name(env),
            run_dir=_path(env, "HIVEWP_RUN_DIR"),
            health_file=_path(env, HEALTH_FILE),
            ceilings=_ceilings(env),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """A worker's settings: its host's, and how the two talk."""

    host: HostSettings
    host_id: str
    channels: Channels

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> WorkerSettings:
        """The settings in an environment. Raises BadSetting."""
        reports, orders, board = (_descriptor(env, name) for name in (REPORT_FD, ORDERS_FD, BOARD_FD))
        return cls(
            host=HostSettings.parse(env),
            host_id=required(env, HOST_ID),
            channels=Channels(reports, orders, board),
        )


def worker_variables(host_id: str, channels: Channels) -> dict[str, str]:
    """What a worker's environment holds in addition to its host's."""
    return {
        HOST_ID: host_id,
        REPORT_FD: str(channels.reports),
        ORDERS_FD: str(channels.orders),
        BOARD_FD: str(channels.board),
    }


def _descriptor(env: Mapping[str, str], name: str) -> int:
    required(env, name)
    return whole_number(env, name, 3, 3, _NO_LIMIT)


def _ceilings(env: Mapping[str, str]) -> Ceilings:
    most = 1 << 20
    return Ceilings(
        memory=whole_number(env, "HIVEWP_WORKER_MEMORY_MB", 512, 64, most) << 20,
        descriptors=whole_number(env, "HIVEWP_WORKER_DESCRIPTORS", 2_000, 64, most),
        threads=whole_number(env, "HIVEWP_WORKER_THREADS", 1_000, 32, most),
        ended=whole_number(env, "HIVEWP_WORKER_ENDED", 100, 1, most),
        stuck=whole_number(env, "HIVEWP_WORKER_STUCK", 20, 1, most),
    )


def _path(env: Mapping[str, str], name: str) -> Path | None:
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
