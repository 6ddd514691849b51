"""The environment that a process must be started with before it loads the library.

The library's Go runtime reads the environment block of the process's start, so setting `os.environ` later comes too
late for all of these: whoever spawns a worker or a pairing process passes `environment(settings, os.environ)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

TRUST_VARIABLE = "HIVEWP_WHATSAPP_TRUST"
JOURNAL_VARIABLE = "HIVEWP_WHATSAPP_JOURNAL"

_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


@dataclass(frozen=True, slots=True)
class WhatsAppSettings:
    """Where WhatsApp is and how credentials are kept.

    `proxy_url`: the proxy of all sessions that have none of their own. `trust`: a folder with `ca.pem` and `root.pub`
    of a local WhatsApp; None is WhatsApp itself. `journal`: `wal`, or `truncate` where the stores are on a network
    file system.
    """

    proxy_url: str | None = None
    trust: Path | None = None
    journal: Literal["wal", "truncate"] = "wal"


def environment(settings: WhatsAppSettings, base: Mapping[str, str]) -> dict[str, str]:
    """`base` with what the library needs, and without proxies that were meant for other programs."""
    result = {name: value for name, value in base.items() if name not in _PROXY_VARIABLES}
    result |= {
        "NEONIZE_BOT_TAG": "off",  # or it marks every 1:1 message as sent by a bot
        "GOGC": "50",
        "MALLOC_ARENA_MAX": "2",  # glibc would keep an arena per thread
        JOURNAL_VARIABLE: settings.journal,
    }
    if settings.proxy_url:
        result["HTTPS_PROXY"] = settings.proxy_url
    if settings.trust:
        result["SSL_CERT_FILE"] = str(settings.trust / "ca.pem")
        result[TRUST_VARIABLE] = str(settings.trust)
    return result


def started_with(name: str) -> str | None:
    """The variable's value at this process's start, which is what the library sees."""
    prefix = f"{name}=".encode()
    block = Path("/proc/self/environ").read_bytes().split(b"\0")
    return next((entry[len(prefix) :].decode() for entry in block if entry.startswith(prefix)), None)
