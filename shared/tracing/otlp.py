"""The settings that ask for spans to be recorded and exported, by the names that OpenTelemetry gave them.

| variable | meaning | default |
|---|---|---|
| OTEL_EXPORTER_OTLP_ENDPOINT | base URL of a collector; unset: nothing is recorded | |
| OTEL_EXPORTER_OTLP_TRACES_ENDPOINT | the whole URL for spans, in its place | `<base>/v1/traces` |
| OTEL_EXPORTER_OTLP_HEADERS, _TRACES_HEADERS | `name=value,...` for every request to it, a key most often | |
| HIVEWP_OTLP_HEADERS_SECRET | read by functions instead: the secret of Secrets Manager that holds them (secrets.py) | |
| OTEL_EXPORTER_OTLP_PROTOCOL, _TRACES_PROTOCOL | `http/protobuf`, the one that is spoken | http/protobuf |
| OTEL_TRACES_SAMPLER, _SAMPLER_ARG | which traces are recorded that begin here | parentbased_always_on |
| OTEL_SERVICE_NAME | in place of hivewp-api, hivewp-worker, hivewp-webhook-sender | |
| OTEL_RESOURCE_ATTRIBUTES | `name=value,...` on every span | |
| OTEL_TRACES_EXPORTER | `none`: nothing is recorded in spite of an endpoint | otlp |
| OTEL_SDK_DISABLED | `true`: the same | |

The SDK reads more of them itself (OTEL_BSP_*, OTEL_SPAN_*, _TIMEOUT, _CERTIFICATE, _COMPRESSION).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
PROTOCOL = "http/protobuf"


class BadOtlpSetting(ValueError):
    """A variable has a value that cannot be used; the text names it."""


@dataclass(frozen=True, slots=True)
class OtlpSettings:
    """Where spans go. `headers` hold keys, so they are never shown."""

    endpoint: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> OtlpSettings | None:
        """What an environment asks for, None where it asks for nothing. Raises BadOtlpSetting."""
        endpoint = _endpoint(env)
        if endpoint is None or env.get("OTEL_SDK_DISABLED", "").lower() == "true":
            return None
        exporter = env.get("OTEL_TRACES_EXPORTER") or "otlp"
        if exporter == "none":
            return None
        if exporter != "otlp":
            raise BadOtlpSetting(f"OTEL_TRACES_EXPORTER must be otlp or none, not {exporter!r}")
        _check_protocol(env)
        return cls(endpoint, _headers(env))


def _endpoint(env: Mapping[str, str]) -> str | None:
    name, base = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", env.get(ENDPOINT)
    url = env.get(name) or None
    if url is None and base:
        name, url = ENDPOINT, f"{base.rstrip('/')}/v1/traces"
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        usable = usable and not {"?", "#"} & set(url)  # a path put behind them would be none
    except ValueError:
        usable = False
    if not usable:  # the URL itself may hold a key
        raise BadOtlpSetting(f"{name} must be a URL that starts with http:// or https://, without ? and #")
    return url


def _check_protocol(env: Mapping[str, str]) -> None:
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if chosen := env.get(name):
            if chosen != PROTOCOL:
                raise BadOtlpSetting(f"{name} must be {PROTOCOL}, not {chosen!r}")
            return


def _headers(env: Mapping[str, str]) -> dict[str, str]:
    text = env.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or env.get(HEADERS) or ""
    headers = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise BadOtlpSetting(f"{HEADERS} must be name=value pairs with commas between them")
        headers[unquote(name.strip()).lower()] = unquote(value.strip())
    return headers
