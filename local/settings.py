"""The settings of the stack on one machine, parsed once from the environment.

| variable | meaning | default |
|---|---|---|
| HIVEWP_PORT | where the API listens | 3000 |
| HIVEWP_WHATSAPP_PORT | where the local WhatsApp is controlled | 3001 |
| HIVEWP_WHATSAPP_PROXY_PORT | the local WhatsApp's CONNECT proxy | a free one |
| HIVEWP_AWS_PORT | the local AWS | a free one |
| HIVEWP_DATA | the folder that keeps everything | .hivewp beside the code |
| HIVEWP_API_KEY | the local tenant's key | made at first start, kept in $HIVEWP_DATA/api-key |
| HIVEWP_PLAN | the local tenant's limits: standard or scale | standard |
| HIVEWP_HOSTS | session hosts to start, 1 to 16 | 1 |
| HIVEWP_PARTITIONS | partitions, 1 to 64 | 2 |
| HIVEWP_LEASE_S | how long a host's hold on a partition lasts without renewal, in seconds, 2 to 300 | 15 |
| HIVEWP_WHATSAPP | local: the built-in one; live: WhatsApp itself; external: another server on this machine | local |
| HIVEWP_WHATSAPP_PROXY | external only: the URL of its CONNECT proxy | |
| HIVEWP_WHATSAPP_TRUST | external only: a folder with its ca.pem and root.pub | |
| HIVEWP_NUMBER_CHECKS_PER_MINUTE | how many numbers an instance may ask WhatsApp about in a minute | 100 |
| HIVEWP_WEBHOOK_CONCURRENCY, HIVEWP_WEBHOOK_TIMEOUT_S | as in functions/webhook_sender/settings.py | |
| HIVEWP_ALERT_URLS | where alerts go: URLs of Slack, Discord or others, see local/alerts/targets.py | none |
| HIVEWP_METRICS | as in shared/settings.py; `emf` goes to the parts' logs | off |
| HIVEWP_LOG_LEVEL | DEBUG, INFO, WARNING or ERROR | INFO |

A port that is not set and has no default is chosen free at first start and kept as long as it stays free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from functions.webhook_sender.settings import SenderSettings
from local.alerts.targets import SETTING as ALERT_URLS
from local.alerts.targets import targets_of
from shared.limits import PLANS
from shared.settings import (
    LOG_LEVELS,
    METRICS,
    NUMBER_CHECKS,
    BadSetting,
    number_checks,
    one_of,
    tracing,
    whole_number,
)

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
_ROOT_KEY_BYTES = 32
_LONGEST_KEY = 256


class WhatsAppKind(StrEnum):
    """Which WhatsApp the sessions talk to."""

    LOCAL = "local"
    LIVE = "live"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class StackSettings:
    """See the module for the meaning. Ports None: chosen at start. `data` is absolute."""

    data: Path
    port: int
    whatsapp_port: int
    whatsapp_proxy_port: int | None
    aws_port: int | None
    api_key: str | None
    plan: str
    hosts: int
    partitions: int
    lease_s: int
    whatsapp: WhatsAppKind
    whatsapp_proxy: str | None
    whatsapp_trust: Path | None
    log_level: str
    number_checks: int = NUMBER_CHECKS
    metrics: str = "off"
    alert_urls: str = field(default="", repr=False)

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> StackSettings:
        """The settings in an environment. Raises BadSetting, which names the variable."""
        kind = WhatsAppKind(one_of(env, "HIVEWP_WHATSAPP", "local", tuple(WhatsAppKind)))
        external = kind is WhatsAppKind.EXTERNAL
        settings = cls(
            data=data_folder(env),
            port=whole_number(env, "HIVEWP_PORT", 3000, 1, 65535),
            whatsapp_port=whole_number(env, "HIVEWP_WHATSAPP_PORT", 3001, 1, 65535),
            whatsapp_proxy_port=_port_if_set(env, "HIVEWP_WHATSAPP_PROXY_PORT"),
            aws_port=_port_if_set(env, "HIVEWP_AWS_PORT"),
            api_key=_api_key(env),
            plan=one_of(env, "HIVEWP_PLAN", "standard", tuple(PLANS)),
            hosts=whole_number(env, "HIVEWP_HOSTS", 1, 1, 16),
            partitions=whole_number(env, "HIVEWP_PARTITIONS", 2, 1, 64),
            lease_s=whole_number(env, "HIVEWP_LEASE_S", 15, 2, 300),
            whatsapp=kind,
            whatsapp_proxy=_proxy(env) if external else None,
            whatsapp_trust=_trust(env) if external else None,
            log_level=one_of(env, "HIVEWP_LOG_LEVEL", "INFO", LOG_LEVELS),
            number_checks=number_checks(env),
            metrics=one_of(env, "HIVEWP_METRICS", "off", METRICS),
            alert_urls=_alert_urls(env),
        )
        tracing(env)  # its parts are told the same, and would not start either
        _check_distinct(settings)
        SenderSettings.parse(env)  # it takes its own, but who starts the stack hears of a wrong one
        return settings

    def ports(self) -> dict[str, int | None]:
        """The port of every variable that names one, as far as the stack opens it."""
        ports: dict[str, int | None] = {"HIVEWP_PORT": self.port, "HIVEWP_AWS_PORT": self.aws_port}
        if self.whatsapp is WhatsAppKind.LOCAL:
            ports |= {
                "HIVEWP_WHATSAPP_PORT": self.whatsapp_port,
                "HIVEWP_WHATSAPP_PROXY_PORT": self.whatsapp_proxy_port,
            }
        return ports


def data_folder(env: Mapping[str, str]) -> Path:
    """The data folder, absolute: a relative one is meant from where the command is typed."""
    chosen = env.get("HIVEWP_DATA")
    return Path(chosen).expanduser().absolute() if chosen else ROOT / ".hivewp"


def _port_if_set(env: Mapping[str, str], name: str) -> int | None:
    return whole_number(env, name, 1, 1, 65535) if env.get(name) else None


def _api_key(env: Mapping[str, str]) -> str | None:
    key = env.get("HIVEWP_API_KEY") or None
    if key and (len(key) > _LONGEST_KEY or not all("!" <= c <= "~" for c in key)):
        raise BadSetting(f"HIVEWP_API_KEY must be 1 to {_LONGEST_KEY} visible ASCII characters")
    return key


def _alert_urls(env: Mapping[str, str]) -> str:
    text = env.get(ALERT_URLS, "")
    return text if targets_of(text) else ""


def _proxy(env: Mapping[str, str]) -> str:
    text = env.get("HIVEWP_WHATSAPP_PROXY", "")
    try:
        url = urlsplit(text)
        good = url.scheme == "http" and bool(url.hostname) and url.port is not None
    except ValueError:
        good = False
    if not good:
        raise BadSetting(f"HIVEWP_WHATSAPP_PROXY must be a URL like http://127.0.0.1:3128, not {text!r}")
    return text


def _trust(env: Mapping[str, str]) -> Path:
    text = env.get("HIVEWP_WHATSAPP_TRUST", "")
    folder = Path(text).expanduser().absolute()
    key = folder / "root.pub"
    if not text or not (folder / "ca.pem").is_file() or not key.is_file():
        raise BadSetting(f"HIVEWP_WHATSAPP_TRUST must be a folder with ca.pem and root.pub, not {text!r}")
    if key.stat().st_size != _ROOT_KEY_BYTES:
        raise BadSetting(f"HIVEWP_WHATSAPP_TRUST: {key} must hold {_ROOT_KEY_BYTES} bytes, not {key.stat().st_size}")
    return folder


def _check_distinct(settings: StackSettings) -> None:
    seen: dict[int, str] = {}
    for name, port in settings.ports().items():
        if port is None:
            continue
        if port in seen:
            raise BadSetting(f"{seen[port]} and {name} are both {port}: give each a port of its own")
        seen[port] = name
