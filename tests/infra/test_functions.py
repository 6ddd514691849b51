"""The functions as they are deployed: what they run on, what they are told, and what they may do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.webhook_sender.settings import FUNCTION_S, MARGIN_S, SenderSettings
from infra.api.function import TIMEOUT_S as API_TIMEOUT_S
from infra.stages import DEV, PROD, Stage
from infra.webhooks import most_at_once
from shared.limits import WAITS_AT_ONCE
from shared.queues.names import DELIVERIES, DELIVERIES_SLOW
from shared.settings import SEALING_KEY, Settings
from shared.vault import new_key
from tests.infra.conftest import Synthesis, Template, properties

OURS = ("api", "webhook-sender")


def function(template: Template, stage: Stage, name: str) -> dict[str, Any]:
    made = properties(template, "AWS::Lambda::Function").values()
    [found] = [one for one in made if one.get("FunctionName") == f"{stage.prefix}-{name}"]
    return found


@pytest.mark.parametrize("name", OURS)
def test_they_run_on_arm_and_log_as_json_for_as_long_as_the_stage_says(
    service: Template, stage: Stage, name: str
) -> None:
    made = function(service, stage, name)
    assert (made["Runtime"], made["Architectures"]) == ("python3.13", ["arm64"])
    assert made["Handler"] == f"functions.{name.replace('-', '_')}.handler.handler"
    assert made["LoggingConfig"]["LogFormat"] == "JSON"
    group = properties(service, "AWS::Logs::LogGroup")[made["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["RetentionInDays"] == stage.log_retention_days
    assert "TracingConfig" not in made


def test_the_api_leaves_concurrency_to_the_others_where_it_can_be_reserved(service: Template, stage: Stage) -> None:
    reserved = {name: function(service, stage, name).get("ReservedConcurrentExecutions") for name in (*OURS, "alerts")}
    assert reserved == {"api": stage.api_concurrency, "webhook-sender": None, "alerts": None}
    assert (DEV.api_concurrency, PROD.api_concurrency) == (None, 500)


def test_a_tenant_that_waits_wherever_it_may_leaves_calls_to_the_others() -> None:
    in_two_minutes = 2 * WAITS_AT_ONCE  # at the turn of one to the other those of both may wait
    assert PROD.api_concurrency is not None
    assert in_two_minutes < 0.7 * PROD.api_concurrency


@pytest.mark.parametrize("name", OURS)
def test_they_are_told_the_deployment_but_not_its_key(service: Template, stage: Stage, name: str) -> None:
    env = function(service, stage, name)["Environment"]["Variables"]
    assert "sealingkey" in json.dumps(env.pop("HIVEWP_SEALING_KEY_SECRET"))
    assert SEALING_KEY not in env
    settings = Settings.parse(env | {SEALING_KEY: new_key()})
    assert (settings.aws.prefix, settings.partitions) == (stage.prefix, stage.partitions)
    assert (settings.sessions_per_worker, settings.log_level) == (stage.sessions_per_worker, stage.log_level)
    assert settings.metrics == "emf"
    assert not settings.allow_local_webhooks


def test_the_api_starts_from_a_snapshot_and_old_ones_go(service: Template, stage: Stage) -> None:
    made = function(service, stage, "api")
    assert made["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert made["Timeout"] == API_TIMEOUT_S < 30
    versions = [one for one in service["Resources"].values() if one["Type"] == "AWS::Lambda::Version"]
    assert all(one["DeletionPolicy"] == "Delete" for one in versions)


def test_the_sender_is_fed_by_both_delivery_queues(service: Template, stage: Stage) -> None:
    mappings = properties(service, "AWS::Lambda::EventSourceMapping").values()
    lanes = {"slow" in json.dumps(one["EventSourceArn"]): one for one in mappings if "deliveries" in json.dumps(one)}
    assert len(mappings) == len(lanes) == 2
    for mapping in lanes.values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert "dead" not in json.dumps(mapping["EventSourceArn"])
    timeout = function(service, stage, "webhook-sender")["Timeout"]
    assert min(DELIVERIES.visibility_s, DELIVERIES_SLOW.visibility_s) >= 6 * timeout
    assert timeout == FUNCTION_S > SenderSettings().timeout_s + MARGIN_S  # at least one attempt is begun


@pytest.mark.parametrize(
    ("name", "told", "fast", "slow"), [("dev", 25, 25, 10), ("prod", 25, 200, 80), ("nat", "auto", 25, 10)]
)
def test_how_many_senders_there_are_at_once_and_what_each_makes_at_once(
    template: Synthesis, name: str, told: int | str, fast: int, slow: int
) -> None:
    made = template(f"hivewp-{name}")
    mappings = properties(made, "AWS::Lambda::EventSourceMapping").values()
    most = {"slow" in json.dumps(one["EventSourceArn"]): one["ScalingConfig"]["MaximumConcurrency"] for one in mappings}
    assert most == {False: fast, True: slow}
    [sender] = [
        one
        for one in properties(made, "AWS::Lambda::Function").values()
        if one.get("FunctionName") == f"hivewp-{name}-webhook-sender"
    ]
    settings = SenderSettings.parse(sender["Environment"]["Variables"])
    assert settings == SenderSettings(auto=told == "auto")
    assert sender["Environment"]["Variables"]["RES_OPTIONS"] == "timeout:2 attempts:2"  # of the system's resolver


def test_a_number_below_that_of_a_process_is_that_of_each_process() -> None:
    few = replace(DEV, webhook_concurrency=3)
    assert [most_at_once(few)[lane] for lane in (DELIVERIES, DELIVERIES_SLOW)] == [3, 2]


def statements(template: Template, stage: Stage, name: str) -> list[dict[str, Any]]:
    role = function(template, stage, name)["Role"]["Fn::GetAtt"][0]
    assert "ManagedPolicyArns" not in properties(template, "AWS::IAM::Role")[role]
    policies = properties(template, "AWS::IAM::Policy").values()
    return [s for one in policies if {"Ref": role} in one["Roles"] for s in one["PolicyDocument"]["Statement"]]


@pytest.mark.parametrize("name", OURS)
def test_a_role_names_every_action_and_every_resource(service: Template, stage: Stage, name: str) -> None:
    for statement in statements(service, stage, name):
        assert statement["Effect"] == "Allow"
        assert "*" not in json.dumps(statement), statement


def test_the_sender_reads_no_messages_and_the_api_takes_nothing_off_queues(service: Template, stage: Stage) -> None:
    sender = json.dumps(statements(service, stage, "webhook-sender"))
    assert not any(table in sender for table in ("datamessages", "datainstances", "datakeys"))
    assert "ReceiveMessage" not in json.dumps(statements(service, stage, "api"))
