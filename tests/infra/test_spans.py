"""Where spans go is said by the context, and the collector's key by a secret alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.stages import Stage
from shared.secrets import OTLP_HEADERS_SECRET
from shared.settings import SEALING_KEY, Settings
from shared.vault import new_key
from tests.infra.conftest import Synthesis, Template, properties

STAGE = "hivewp-nat"  # the one that has everything
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
RECORDING = ("api", "webhook-sender")


def variables(template: Template, prefix: str, name: str) -> dict[str, Any]:
    made = properties(template, "AWS::Lambda::Function").values()
    [found] = [one for one in made if one.get("FunctionName") == f"{prefix}-{name}"]
    told: dict[str, Any] = found["Environment"]["Variables"]
    return told


def container(template: Template) -> dict[str, Any]:
    [task] = properties(template, "AWS::ECS::TaskDefinition").values()
    [found] = task["ContainerDefinitions"]
    return dict(found)


def test_unless_it_is_asked_for_nothing_is_recorded(service: Template, stage: Stage) -> None:
    told = json.dumps([variables(service, stage.prefix, name) for name in RECORDING] + [container(service)])
    assert "OTEL_" not in told
    assert "OTLP" not in told


@pytest.mark.parametrize("name", RECORDING)
def test_functions_are_told_of_the_collector_and_where_its_key_is(template: Synthesis, name: str) -> None:
    told = variables(template(STAGE), STAGE, name)
    assert told.pop(OTLP_HEADERS_SECRET) == "ops/otlp"
    assert HEADERS not in told
    settings = Settings.parse({**told, SEALING_KEY: new_key()})
    assert settings.tracing is not None
    assert settings.tracing.endpoint == "https://collector.example:4318/v1/traces"
    assert (told["OTEL_TRACES_SAMPLER"], told["OTEL_TRACES_SAMPLER_ARG"]) == ("traceidratio", "0.25")


def test_hosts_get_the_key_when_they_start(template: Synthesis) -> None:
    found = container(template(STAGE))
    told = {one["Name"]: one["Value"] for one in found["Environment"]}
    assert told["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://collector.example:4318"
    assert HEADERS not in told
    secrets = {one["Name"]: json.dumps(one["ValueFrom"]) for one in found["Secrets"]}
    assert "secret:ops/otlp" in secrets[HEADERS]


def test_the_key_can_be_read_by_those_that_record_alone(template: Synthesis) -> None:
    policies = properties(template(STAGE), "AWS::IAM::Policy")
    readers = {name for name, policy in policies.items() if "secret:ops/otlp" in json.dumps(policy)}
    assert len(readers) == 3  # the API's role, the sender's, and what ECS starts tasks with
    assert not [name for name in readers if "alert" in name]
