"""The parts of the product on one machine, and what each is told by its environment.

Every part gets shared/settings.py's variables and HIVEWP_DATA. Besides:

| part | started as | its own variables |
|---|---|---|
| aws | local/aws.py in MiniStack's environment | MiniStack's |
| whatsapp | python -m local.whatsapp --port --proxy-port --data | |
| api | python -m local.api | HIVEWP_PORT |
| webhooks | python -m local.webhooks | HIVEWP_READY_FILE |
| host-<n> | python -m session_host | HIVEWP_READY_FILE, HIVEWP_HOST, HIVEWP_RUN, HIVEWP_SESSIONS, HIVEWP_WHATSAPP* |

A part with HIVEWP_READY_FILE makes that file once it is ready. A host writes its workers' process ids into HIVEWP_RUN.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from local.settings import LOOPBACK, ROOT, StackSettings, WhatsAppKind
from local.stack.files import StackFiles
from local.stack.part import Part, at_once
from local.stack.ready import answers_200, file_exists

HOST_STOP_S = 65.0  # a host may take 60 s to finish what is in flight


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
    parts += [_host(plan, number, needed) for number in range(1, plan.settings.hosts + 1)]
    return [*parts, _whatsapp(plan)] if "whatsapp" in needed else parts


def _aws(plan: Plan, provision: Callable[[], Awaitable[None]]) -> Part:
    data, port = plan.files.data / "aws", plan.ports["HIVEWP_AWS_PORT"]
    temporary = data / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    env = _base(plan.environ) | {
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
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
    part = _python(plan, "api", "local.api", env={"HIVEWP_PORT": str(port)})
    return replace(part, ready=answers_200(port, "/monitoring/health"), after=["aws"])


def _webhooks(plan: Plan) -> Part:
    part = _python(plan, "webhooks", "local.webhooks", announces=True)
    return replace(part, after=["aws"], stop_timeout_s=15.0)


def _host(plan: Plan, number: int, needed: Sequence[str]) -> Part:
    name = f"host-{number}"
    env = {
        "HIVEWP_HOST": name,
        "HIVEWP_RUN": str(plan.files.run),
        "HIVEWP_SESSIONS": str(plan.files.data / "sessions"),
        **_whatsapp_env(plan),
    }
    part = _python(plan, name, "session_host", env=env, announces=True)
    return replace(part, after=needed, stop_timeout_s=HOST_STOP_S)


def _whatsapp_env(plan: Plan) -> dict[str, str]:
    settings = plan.settings
    if settings.whatsapp is WhatsAppKind.LOCAL:
        proxy = f"http://{LOOPBACK}:{plan.ports['HIVEWP_WHATSAPP_PROXY_PORT']}"
        trust = str(plan.files.data / "whatsapp" / "trust")
    else:
        proxy, trust = settings.whatsapp_proxy or "", str(settings.whatsapp_trust or "")
    env = {"HIVEWP_WHATSAPP_PROXY": proxy, "HIVEWP_WHATSAPP_TRUST": trust}
    return {"HIVEWP_WHATSAPP": settings.whatsapp.value} | {name: value for name, value in env.items() if value}


def _python(
    plan: Plan,
    name: str,
    module: str,
    arguments: Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
    announces: bool = False,
) -> Part:
    """A part that is a module of ours. One that announces makes a file once it is ready."""
    ready_file = plan.files.ready(name)
    announced = {"HIVEWP_READY_FILE": str(ready_file)} if announces else {}
    return Part(
        name=name,
        argv=[sys.executable, "-m", module, *arguments],
        env={**_deployment(plan), **(env or {}), **announced},
        cwd=ROOT,
        ready=file_exists(ready_file) if announces else at_once,
    )


def _deployment(plan: Plan) -> dict[str, str]:
    return _base(plan.environ) | {
        "AWS_REGION": "us-east-1",
        "HIVEWP_AWS_ENDPOINT": plan.aws_endpoint,
        "HIVEWP_PARTITIONS": str(plan.settings.partitions),
        "HIVEWP_SEALING_KEY": plan.sealing_key,
        "HIVEWP_ALLOW_LOCAL_WEBHOOKS": "1",
        "HIVEWP_LOG_LEVEL": plan.settings.log_level,
        "HIVEWP_DATA": str(plan.files.data),
    }


def _base(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what would lead a part astray: other AWS accounts, proxies before loopback."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("AWS_", "HIVEWP_"))}
    nearby = ",".join(filter(None, [environ.get("NO_PROXY") or environ.get("no_proxy"), LOOPBACK, "localhost"]))
    return kept | {"NO_PROXY": nearby, "no_proxy": nearby, "PYTHONUNBUFFERED": "1", "AWS_EC2_METADATA_DISABLED": "true"}
