"""The settings that ask for spans."""

from __future__ import annotations

import pytest

from shared.tracing.otlp import BadOtlpSetting, OtlpSettings

BASE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example:4318/"}


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=1"},
        BASE | {"OTEL_SDK_DISABLED": "TRUE"},
        BASE | {"OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_recorded_unless_it_is_asked_for(env: dict[str, str]) -> None:
    assert OtlpSettings.parse(env) is None


@pytest.mark.parametrize(
    ("env", "endpoint"),
    [
        (BASE, "https://collector.example:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, "http://127.0.0.1:4318/v1/traces"),
        (BASE | {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://other.example/t"}, "https://other.example/t"),
        (BASE | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "https://collector.example:4318/v1/traces"),
    ],
)
def test_spans_go_to_the_endpoint(env: dict[str, str], endpoint: str) -> None:
    found = OtlpSettings.parse(env)
    assert found is not None
    assert found.endpoint == endpoint


def test_headers_are_read_and_never_shown() -> None:
    found = OtlpSettings.parse(BASE | {"OTEL_EXPORTER_OTLP_HEADERS": "Api-Key=se%3Dcret, x-team = a=b ,"})
    assert found is not None
    assert found.headers == {"api-key": "se=cret", "x-team": "a=b"}
    assert "cret" not in repr(found)


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://[:1"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://x.example/?key=secret"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://x.example#"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://x.example/t#secret"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "ftp://secret@x"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        (BASE | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        (BASE | {"OTEL_TRACES_EXPORTER": "jaeger"}, "OTEL_TRACES_EXPORTER"),
        (BASE | {"OTEL_EXPORTER_OTLP_HEADERS": "sosecret"}, "OTEL_EXPORTER_OTLP_HEADERS"),
    ],
)
def test_what_cannot_be_used_is_named_without_its_secrets(env: dict[str, str], named: str) -> None:
    with pytest.raises(BadOtlpSetting, match=named) as raised:
        OtlpSettings.parse(env)
    assert "secret" not in str(raised.value)
