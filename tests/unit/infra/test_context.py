"""What a synthesis is told, and what it says about values that it cannot use."""

from __future__ import annotations

import json

import pytest

from infra.context import CDK_JSON, BadContext, Context, without_cdk
from infra.stages import DEV, PROD, Spans


def test_nothing_said_is_the_dev_stage_with_its_libraries() -> None:
    assert Context.parse({}) == Context(DEV, with_libraries=True, image=None)


def test_values_of_the_command_line_are_texts() -> None:
    context = Context.parse({"stage": "prod", "nat": "True", "code": "source", "image": "registry.example/host:1"})
    assert (context.stage.name, context.stage.nat, context.stage.partitions) == ("prod", True, PROD.partitions)
    assert (context.with_libraries, context.image) == (False, "registry.example/host:1")


def test_values_of_cdk_json_have_types() -> None:
    assert Context.parse({"nat": True}).stage.nat
    assert not Context.parse({"nat": False}).stage.nat


@pytest.mark.parametrize(("name", "value"), [("stage", "staging"), ("nat", "1"), ("code", "docker")])
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadContext, match=f"{name} must be one of .*{value}"):
        Context.parse({name: value})


def test_the_senders_concurrency_is_the_stages_a_number_or_by_the_instances() -> None:
    assert Context.parse({"stage": "prod"}).stage.webhook_concurrency == PROD.webhook_concurrency
    said = [Context.parse({"webhook-concurrency": value}).stage.webhook_concurrency for value in ("2", 1000, "auto")]
    assert said == [2, 1000, None]


@pytest.mark.parametrize("value", ["1", "1001", "0x10", "-5", "many", "", 2.5])
def test_a_concurrency_that_an_event_source_does_not_take_is_refused(value: object) -> None:
    with pytest.raises(BadContext, match="webhook-concurrency must be 2 to 1000, or auto"):
        Context.parse({"webhook-concurrency": value})


def test_spans_go_where_the_context_says() -> None:
    assert Context.parse({}).stage.spans is None
    said = {"otlp-endpoint": "https://collector.example", "otlp-headers": "ops/otlp", "otlp-ratio": 0.25}
    assert Context.parse(said).stage.spans == Spans("https://collector.example", "ops/otlp", "0.25")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"otlp-headers": "ops/otlp"}, "otlp-endpoint"),
        ({"otlp-endpoint": "collector:4317"}, "otlp-endpoint"),
        ({"otlp-endpoint": "https://user:secret@collector.example"}, "otlp-endpoint"),
        ({"otlp-endpoint": "https://collector.example?key=secret"}, "otlp-endpoint"),
        ({"otlp-endpoint": "https://collector.example/otlp#x"}, "otlp-endpoint"),
        ({"otlp-endpoint": "https://collector.example", "otlp-ratio": "2"}, "otlp-ratio"),
    ],
)
def test_spans_that_could_go_nowhere_are_refused(values: dict[str, object], named: str) -> None:
    with pytest.raises(BadContext, match=named) as raised:
        Context.parse(values)
    assert "secret" not in str(raised.value)


def test_without_cdk_the_context_of_cdk_json_is_taken_and_arguments_go_first() -> None:
    assert without_cdk([]) == json.loads(CDK_JSON.read_text())["context"]
    assert without_cdk(["stage=prod"])["stage"] == "prod"


def test_an_argument_without_a_value_is_refused() -> None:
    with pytest.raises(BadContext, match="'prod'"):
        without_cdk(["prod"])
