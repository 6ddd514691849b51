"""The topic and the function behind it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.alerts.targets import parse_targets
from infra.stages import PROD
from tests.infra.conftest import Synthesis, Template, of_type

NAME = "hivewp-prod-alerts"


def function(template: Template, name: str = NAME) -> dict[str, Any]:
    (found,) = (
        one["Properties"]
        for one in of_type(template, "AWS::Lambda::Function").values()
        if one["Properties"]["FunctionName"] == name
    )
    assert isinstance(found, dict)
    return found


@pytest.fixture
def service(template: Synthesis) -> Template:
    return template(PROD.prefix)


def test_the_topic_is_encrypted_with_a_key_that_cloudwatch_may_use(service: Template) -> None:
    ((key_id, key),) = of_type(service, "AWS::KMS::Key").items()
    (topic,) = of_type(service, "AWS::SNS::Topic").values()
    assert topic["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": [key_id, "Arn"]}
    assert key["Properties"]["EnableKeyRotation"] is True
    statements = key["Properties"]["KeyPolicy"]["Statement"]
    allowed = [one for one in statements if one["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert any(set(one["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"} for one in allowed)


def test_the_topic_takes_messages_over_tls_from_cloudwatch_in_this_account(service: Template) -> None:
    (policy,) = of_type(service, "AWS::SNS::TopicPolicy").values()
    deny, allow = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_function_is_called_by_the_topic_and_what_fails_is_kept(service: Template) -> None:
    (topic,) = of_type(service, "AWS::SNS::Topic")
    (subscription,) = of_type(service, "AWS::SNS::Subscription").values()
    assert subscription["Properties"]["TopicArn"] == {"Ref": topic}
    assert subscription["Properties"]["Protocol"] == "lambda"
    ((queue_id, queue),) = (
        (name, one)
        for name, one in of_type(service, "AWS::SQS::Queue").items()
        if one["Properties"].get("QueueName") == f"{NAME}-dead"
    )
    assert function(service)["DeadLetterConfig"] == {"TargetArn": {"Fn::GetAtt": [queue_id, "Arn"]}}
    assert queue["Properties"]["SqsManagedSseEnabled"] is True
    (retries,) = of_type(service, "AWS::Lambda::EventInvokeConfig").values()
    assert retries["Properties"]["MaximumRetryAttempts"] == 2


def targets(template: Template) -> dict[str, Any]:
    (found,) = (
        one
        for one in of_type(template, "AWS::SecretsManager::Secret").values()
        if one["Properties"]["Name"].endswith("-alert-targets")
    )
    assert isinstance(found, dict)
    return found


def test_targets_are_in_a_secret_that_names_nobody_at_first_and_not_in_the_configuration(
    template: Synthesis, service: Template
) -> None:
    """The secret is filled in by hand, so it outlives the service that reads it."""
    secret = targets(template(f"{PROD.prefix}-data"))
    assert parse_targets(secret["Properties"]["SecretString"]) == []
    assert (secret["DeletionPolicy"], secret["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    variables = function(service)["Environment"]["Variables"]
    assert variables["HIVEWP_ALERT_TARGETS_SECRET"] == secret["Properties"]["Name"]
    assert variables["HIVEWP_PREFIX"] == PROD.prefix


def test_the_function_may_read_its_secret_and_nothing_else_that_is_ours(service: Template) -> None:
    (role,) = function(service)["Role"]["Fn::GetAtt"][:1]
    statements = [
        statement
        for one in of_type(service, "AWS::IAM::Policy").values()
        if {"Ref": role} in one["Properties"]["Roles"]
        for statement in one["Properties"]["PolicyDocument"]["Statement"]
    ]
    actions = {
        action
        for one in statements
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    assert actions == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "sqs:SendMessage",
    }
    assert all(one["Resource"] != "*" for one in statements)


def test_context_adds_an_address_and_names_a_secret_of_ones_own(template: Synthesis) -> None:
    service = template("hivewp-nat")
    protocols = {
        one["Properties"]["Protocol"]: one["Properties"]["Endpoint"]
        for one in of_type(service, "AWS::SNS::Subscription").values()
    }
    assert protocols["email"] == "ops@example.com"
    variables = function(service, "hivewp-nat-alerts")["Environment"]["Variables"]
    assert variables["HIVEWP_ALERT_TARGETS_SECRET"] == "ops/chat"
    assert "secret:ops/chat-??????" in json.dumps(service["Resources"])
