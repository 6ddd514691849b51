"""What CloudWatch says through SNS when an alarm changes its state, and how Lambda hands it over."""

from __future__ import annotations

import json
import uuid
from typing import Any


def alarm_message(
    name: str = "hivewp-prod-host-memory",
    state: str = "ALARM",
    before: str = "OK",
    reason: str = (
        "Threshold Crossed: 3 out of the last 5 datapoints [95.31 (22/11/26 10:04:00), 94.0 (22/11/26 10:03:00), "
        "92.5 (22/11/26 10:01:00)] were greater than the threshold (90.0) (minimum 3 datapoints for OK -> ALARM "
        "transition)."
    ),
) -> str:
    """The text of a message."""
    return json.dumps(
        {
            "AlarmName": name,
            "AlarmDescription": "A host uses more than 90 % of its memory.",
            "AWSAccountId": "123456789012",
            "AlarmConfigurationUpdatedTimestamp": "2026-11-20T08:00:00.000+0000",
            "NewStateValue": state,
            "NewStateReason": reason,
            "StateChangeTime": "2026-11-22T10:05:12.345+0000",
            "Region": "EU (Ireland)",
            "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}",
            "OldStateValue": before,
            "OKActions": ["arn:aws:sns:eu-west-1:123456789012:hivewp-prod-alerts"],
            "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:hivewp-prod-alerts"],
            "InsufficientDataActions": ["arn:aws:sns:eu-west-1:123456789012:hivewp-prod-alerts"],
            "Trigger": {
                "MetricName": "HostMemory",
                "Namespace": "HiveWP",
                "StatisticType": "Statistic",
                "Statistic": "MAXIMUM",
                "Unit": None,
                "Dimensions": [{"value": "hivewp-prod", "name": "Deployment"}],
                "Period": 60,
                "EvaluationPeriods": 5,
                "DatapointsToAlarm": 3,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 90.0,
                "TreatMissingData": "notBreaching",
                "EvaluateLowSampleCountPercentile": "",
            },
        }
    )


def sns_event(
    *messages: str, subject: str | None = 'ALARM: "hivewp-prod-host-memory" in EU (Ireland)'
) -> dict[str, Any]:
    """The event that Lambda gets from SNS."""
    return {"Records": [_record(message, subject) for message in messages]}


def _record(message: str, subject: str | None) -> dict[str, Any]:
    topic = "arn:aws:sns:eu-west-1:123456789012:hivewp-prod-alerts"
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{topic}:21be56ed-a058-49f5-8c98-aedd2564c486",
        "Sns": {
            "Type": "Notification",
            "MessageId": str(uuid.uuid5(uuid.NAMESPACE_URL, message)),
            "TopicArn": topic,
            "Subject": subject,
            "Message": message,
            "Timestamp": "2026-11-22T10:05:12.400Z",
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertUrl": "EXAMPLE",
            "UnsubscribeUrl": "EXAMPLE",
            "MessageAttributes": {},
        },
    }
