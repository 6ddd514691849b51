"""The parts of the product on one machine, and what each is told by its environment.

Every part gets shared/settings.py's variables and HIVEWP_DATA. Besides:

| part | started as | its own variables |
|---|---|---|
| aws | local/aws.py in MiniStack's environment | MiniStack's |
| whatsapp | python -m local.whatsapp --port --proxy-port --data | |
| api | python -m local.api | HIVEWP_PORT, _NUMBER_CHECKS_PER_MINUTE |
| webhooks | python -m local.webhooks | HIVEWP_WEBHOOK_*; RES_OPTIONS |
| alerts | python -m local.alerts | HIVEWP_ALERT_URLS; only where that is set |
| host-<n> | python -m session_host | HIVEWP_HOST_NAME, _LEASE_S, _*_DIR, _WHATSAPP_*, _WORKER_*; RES_OPTIONS |

The API comes last, when every partition has a worker: who sees its health answer can pair a number at once.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from local.alerts.targets import SETTING as ALERT_URLS
from local.settings import LOOPBACK, ROOT, StackSettings, WhatsAppKind
from local.stack.files import StackFiles
from local.stack.part import Part
from local.stack.ready import all_there, answers_200
from shared.resolver import RESOLVER

HOST_STOP_S = 65.0  # a host may take 60 s to finish what is in flight
SENDER = "HIVEWP_WEBHOOK_"  # how the sender of webhooks works; it takes them as the caller sets them
CEILINGS = "HIVEWP_WORKER_"  # how much a worker may use; a host takes them as the caller sets them
LEASES_S = 5.0  # after a crash a host waits until the leases of before have expired; the others need not


@dataclass(frozen=True, slots=True)
class Plan:
    """What the parts are made from. `ports` as chosen, by the name of their variable."""

    settings: StackSettings
    files: StackFiles
    ports: Mapping[str, int]
    sealing_key: str
    environ: Mapping[str, str]

    @property
    def aws_endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['HIVEWP_AWS_PORT']}"


def all_parts(plan: Plan, provision: Callable[[], Awaitable[None]]) -> list[Part]:
    """Every part. `provision` makes tables, queues and the key, each time that the local AWS has started."""
    needed = ["aws", "whatsapp"] if plan.settings.whatsapp is WhatsAppKind.LOCAL else ["aws"]
    parts = [_aws(plan, provision), _api(plan), _webhooks(plan)]
    parts += [_host(plan, name, needed) for name in _hosts(plan)]
    parts += [_alerts(plan)] if plan.settings.alert_urls else []
    return [*parts, _whatsapp(plan)] if "whatsapp" in needed else parts


def _aws(plan: Plan, provision: Callable[[], Awaitable[None]]) -> Part:
    data, port = plan.files.data / "aws", plan.ports["HIVEWP_AWS_PORT"]
    temporary = data / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    env = _base(plan.environ) | {
        "BIND_HOST": LOOPBACK,
        "HIVEWP_AWS_PORT": str(port),
        "GATEWAY_PORT": "4566",  # only a part of queues' names, which must not change with the port
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "IOT_MTLS_ENABLED": "0",  # these two would open ports of their own
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(temporary),
    }
    return Part(
        name="aws",
        argv=[str(ROOT / ".venv-ministack" / "bin" / "python"), "-P", str(ROOT / "local" / "aws.py")],
        env=env,
        cwd=data,
        ready=answers_200(port, "/_ministack/health"),
        then=provision,
        stop_timeout_s=60.0,
        when_orphaned=signal.SIGTERM,  # it has everything in memory and must save it
    )


def _whatsapp(plan: Plan) -> Part:
    port, proxy_port = plan.ports["HIVEWP_WHATSAPP_PORT"], plan.ports["HIVEWP_WHATSAPP_PROXY_PORT"]
    folder = plan.files.data / "whatsapp"
    arguments = ["--port", str(port), "--proxy-port", str(proxy_port), "--data", str(folder)]
    return replace(_python(plan, "whatsapp", "local.whatsapp", arguments), ready=answers_200(port, "/stats"))


def _api(plan: Plan) -> Part:
    port = plan.ports["HIVEWP_PORT"]
    env = {"HIVEWP_PORT": str(port), "HIVEWP_NUMBER_CHECKS_PER_MINUTE": str(plan.settings.number_checks)}
    return replace(
        _python(plan, "api", "local.api", env=env),
        after=["aws", "webhooks", *_hosts(plan)],
        ready=answers_200(port, "/monitoring/health"),
        stop_timeout_s=15.0,
    )


def _webhooks(plan: Plan) -> Part:
    env = RESOLVER | {name: value for name, value in plan.environ.items() if name.startswith(SENDER)}
    return replace(_python(plan, "webhooks", "local.webhooks", env=env), after=["aws"], stop_timeout_s=15.0)


def _alerts(plan: Plan) -> Part:
    made = _python(plan, "alerts", "local.alerts", env={ALERT_URLS: plan.settings.alert_urls})
    return replace(made, after=["aws", "api"], stop_timeout_s=15.0)


def _hosts(plan: Plan) -> list[str]:
    return [f"host-{number}" for number in range(1, plan.settings.hosts + 1)]


def _host(plan: Plan, name: str, needed: Sequence[str]) -> Part:
    env = {
        "HIVEWP_HOST_NAME": name,
        "HIVEWP_LEASE_S": str(plan.settings.lease_s),
        "HIVEWP_RUN_DIR": str(plan.files.run),
        "HIVEWP_SESSION_DIR": str(plan.files.data / "sessions"),
        **RESOLVER,
        **_whatsapp_env(plan),
        **{name: value for name, value in plan.environ.items() if name.startswith(CEILINGS)},
    }
    workers = [f"host-*-worker-{partition}.pid" for partition in range(plan.settings.partitions)]
    return replace(
        _python(plan, name, "session_host", env=env),
        after=needed,
        ready=all_there(plan.files.run, workers),
        ready_timeout_s=LEASES_S,
        must_be_ready=False,
        stop_timeout_s=HOST_STOP_S,
    )


def _whatsapp_env(plan: Plan) -> dict[str, str]:
    settings = plan.settings
    if settings.whatsapp is WhatsAppKind.LOCAL:
        proxy = f"http://{LOOPBACK}:{plan.ports['HIVEWP_WHATSAPP_PROXY_PORT']}"
        trust = str(plan.files.data / "whatsapp" / "trust")
    else:
        proxy, trust = settings.whatsapp_proxy or "", str(settings.whatsapp_trust or "")
    env = {"HIVEWP_WHATSAPP_PROXY": proxy, "HIVEWP_WHATSAPP_TRUST": trust}
    return {name: value for name, value in env.items() if value}


def _python(
    plan: Plan, name: str, module: str, arguments: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> Part:
    """A part that is a module of ours."""
    argv = [sys.executable, "-m", module, *arguments]
    return Part(name=name, argv=argv, env={**_deployment(plan), **(env or {})}, cwd=ROOT)


def _deployment(plan: Plan) -> dict[str, str]:
    return _base(plan.environ) | {
        "AWS_REGION": "us-east-1",
        "HIVEWP_AWS_ENDPOINT": plan.aws_endpoint,
        "HIVEWP_PARTITIONS": str(plan.settings.partitions),
        "HIVEWP_SEALING_KEY": plan.sealing_key,
        "HIVEWP_ALLOW_LOCAL_WEBHOOKS": "1",
        "HIVEWP_LOG_LEVEL": plan.settings.log_level,
        "HIVEWP_METRICS": plan.settings.metrics,
        "HIVEWP_DATA": str(plan.files.data),
    }


def _base(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what would lead a part astray: other AWS accounts, proxies before loopback."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("AWS_", "HIVEWP_"))}
    nearby = ",".join(filter(None, [environ.get("NO_PROXY") or environ.get("no_proxy"), LOOPBACK, "localhost"]))
    return kept | {"NO_PROXY": nearby, "no_proxy": nearby, "PYTHONUNBUFFERED": "1", "AWS_EC2_METADATA_DISABLED": "true"}
