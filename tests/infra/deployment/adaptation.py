"""What of a template MiniStack cannot do, and what a deployment on this machine must be told besides.

Everything that differs from what AWS is given is listed here with its reason; nothing else is changed.
"""

from __future__ import annotations

import copy
import json
import string
from collections.abc import Callable, Mapping
from typing import Any

Template = dict[str, Any]
Properties = dict[str, Any]

UNSUPPORTED = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "MiniStack has no application scaling",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "MiniStack has no application scaling",
    "AWS::EC2::FlowLog": "MiniStack has no network whose flows it could log",
    "AWS::EC2::SecurityGroupIngress": "MiniStack has no network that would let anything in or keep it out",
    "AWS::WAFv2::WebACLAssociation": "MiniStack keeps a firewall's rules and enforces none",
}
PLAIN_HTTP = "MiniStack is spoken to over plain HTTP, which is all that the policy forbids"
BATCHED = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:SendMessage")
POLICIES = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
FUNCTION, SECRET, TABLE = "AWS::Lambda::Function", "AWS::SecretsManager::Secret", "AWS::DynamoDB::Table"


def adapted(template: Template) -> Template:
    """The template as MiniStack is given it. Raises ValueError when something still needs what was taken out."""
    result = copy.deepcopy(template)
    out = {name for name, made in result["Resources"].items() if _reason(made)}
    for name in out:
        del result["Resources"][name]
    secrets = {name for name, made in result["Resources"].items() if made["Type"] == SECRET}
    for made in result["Resources"].values():
        _forget(made, out)
        if change := _CHANGES.get(made["Type"]):
            change(made["Properties"])
    _check(result, out)
    return dict(_with_arns(result, secrets))


def expiring_tables(template: Template) -> dict[str, str]:
    """Tables and the attribute that they expire by, which MiniStack does not take from a template."""
    tables = [made["Properties"] for made in template["Resources"].values() if made["Type"] == TABLE]
    return {
        table["TableName"]: table["TimeToLiveSpecification"]["AttributeName"]
        for table in tables
        if "TimeToLiveSpecification" in table
    }


def _reason(made: dict[str, Any]) -> str | None:
    if made["Type"] in POLICIES and not _beyond_tls(made["Properties"]):
        return PLAIN_HTTP
    return UNSUPPORTED.get(made["Type"])


def _forget(made: dict[str, Any], out: set[str]) -> None:
    """What only had to be there first."""
    before = made.pop("DependsOn", [])
    kept = [name for name in ([before] if isinstance(before, str) else before) if name not in out]
    if kept:
        made["DependsOn"] = kept


def _check(template: Template, out: set[str]) -> None:
    text = json.dumps(template)
    needed = sorted(name for name in out if f'"{name}"' in text)
    if needed:
        raise ValueError(f"resources that MiniStack cannot make are referred to: {needed}")


def _beyond_tls(policy: Properties) -> list[dict[str, Any]]:
    """A policy's statements without those that forbid plain HTTP."""
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    statements = policy["PolicyDocument"]["Statement"]
    return [one for one in statements if (one["Effect"], one.get("Condition")) != ("Deny", plain)]


def _allow_plain_http(policy: Properties) -> None:
    """MiniStack is spoken to over plain HTTP."""
    policy["PolicyDocument"]["Statement"] = _beyond_tls(policy)


def _allow_local_endpoints(function: Properties) -> None:
    """Receivers are on loopback here; no stage ever sets this."""
    function["Environment"]["Variables"]["HIVEWP_ALLOW_LOCAL_WEBHOOKS"] = "1"


def _allow_batches(policy: Properties) -> None:
    """SQS's batch calls need the right of the single ones; MiniStack has rights of their own for them."""
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        statement["Action"] = [*actions, *(f"{action}Batch" for action in actions if action in BATCHED)]


def _name_punctuation(secret: Properties) -> None:
    """MiniStack knows which characters to leave out of what it generates only when they are named."""
    generated = secret.get("GenerateSecretString", {})
    if generated.pop("ExcludePunctuation", False):
        generated["ExcludeCharacters"] = string.punctuation


def _watch_one_metric(alarm: Properties) -> None:
    """MiniStack makes no alarms on expressions: it gets the first metric of each. What an alarm does stays."""
    stat = next(one["MetricStat"] for one in alarm.pop("Metrics") if "MetricStat" in one)
    alarm |= {"Namespace": stat["Metric"]["Namespace"], "MetricName": stat["Metric"]["MetricName"]}
    alarm |= {"Period": stat["Period"], "Statistic": "Maximum"}


def _run_few(mapping: Properties) -> None:
    """MiniStack starts a process for each batch that is under way: 25 would take all of this machine."""
    mapping["ScalingConfig"]["MaximumConcurrency"] = 2


_CHANGES: Mapping[str, Callable[[Properties], None]] = {
    "AWS::CloudWatch::Alarm": _watch_one_metric,
    "AWS::IAM::Policy": _allow_batches,
    "AWS::Lambda::EventSourceMapping": _run_few,
    "AWS::Lambda::Function": _allow_local_endpoints,
    "AWS::SecretsManager::Secret": _name_punctuation,
    "AWS::SNS::TopicPolicy": _allow_plain_http,
    "AWS::SQS::QueuePolicy": _allow_plain_http,
}


def _with_arns(value: Any, secrets: set[str]) -> Any:
    """With GetAtt for Ref: for AWS a secret's Ref is its ARN, for MiniStack its name."""
    if isinstance(value, list):
        return [_with_arns(one, secrets) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Ref"} and value["Ref"] in secrets:
        return {"Fn::GetAtt": [value["Ref"], "Id"]}
    return {name: _with_arns(one, secrets) for name, one in value.items()}
