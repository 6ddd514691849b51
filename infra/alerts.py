"""Where alarms go: a topic, and the function that tells them to people in words.

* The topic is encrypted with a key of its own, since CloudWatch may not use the one that AWS manages for SNS, and takes
  messages over TLS only, and only from CloudWatch in this account.
* Who is told is in a secret, because whoever knows a webhook's URL can write there. It is made without any target and
  filled in by hand (docs/alarms.md), so it belongs to the stack that is kept; context `alert-targets` names another.
* An alert that a target did not take is tried again by Lambda after one and two minutes, then kept on a dead-letter
  queue, which has an alarm. Its word gets through by e-mail, if context `alert-email` names an address.
* 256 MB: nobody waits for it, and a TLS handshake needs no more.
"""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, SecretValue, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.bundling import CodeSource
from infra.functions import FunctionProps, make_function
from infra.monitoring.figures import Figures
from infra.queues import depth
from infra.rules import acknowledge
from infra.stages import Stage
from shared.alarms import catalog as alarms

MEMORY_MB = 256
TIMEOUT_S = 30  # three targets side by side may take 10 s each, and the secret a few
RETRIES = 2  # Lambda's most
DEAD = "alerts-dead"
NOBODY = '{"targets": []}'
CLOUDWATCH = "cloudwatch.amazonaws.com"


class AlertTargets(Construct):
    """The secret that says where alerts go. There in any case: a name that is kept could not be made a second time."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        secret = secretsmanager.Secret(
            self,
            "secret",
            secret_name=_targets_name(stage),
            description=f"Where alerts of {stage.prefix} go",
            secret_string_value=SecretValue.unsafe_plain_text(NOBODY),
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        acknowledge(secret, {"AwsSolutions-SMG4": "It holds URLs that Slack and others have given out"})


class Alerts(Construct):
    """`topic` is what alarms are published to; `dead` has what could not be told."""

    topic: sns.Topic
    function: lambda_.Function
    targets: secretsmanager.ISecret
    dead: sqs.Queue
    logs: logs.LogGroup

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, code: CodeSource) -> None:
        super().__init__(scope, construct_id)
        self.topic = self._topic(stage)
        named = stage.alert_targets or _targets_name(stage)
        self.targets = secretsmanager.Secret.from_secret_name_v2(self, "targets", named)
        self.dead = self._dead(stage)
        self.function = self._function(stage, code)
        self.topic.add_subscription(subscriptions.LambdaSubscription(self.function))
        if stage.alert_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(stage.alert_email))

    def _topic(self, stage: Stage) -> sns.Topic:
        key = kms.Key(
            self,
            "key",
            description=f"Alarms of {stage.prefix} on their way",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,  # what it encrypts lives for seconds
            pending_window=Duration.days(7),
        )
        # without a condition on the account: that CloudWatch tells KMS for whom it calls is written nowhere
        key.grant(iam.ServicePrincipal(CLOUDWATCH), "kms:Decrypt", "kms:GenerateDataKey*")
        topic = sns.Topic(self, "topic", topic_name=f"{stage.prefix}-alerts", master_key=key, enforce_ssl=True)
        ours = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        topic.grant_publish(iam.ServicePrincipal(CLOUDWATCH, conditions=ours))
        return topic

    def _dead(self, stage: Stage) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "dead",
            queue_name=f"{stage.prefix}-{DEAD}",
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(queue, {"AwsSolutions-SQS3": "It is a dead-letter queue"})
        return queue

    def _function(self, stage: Stage, code: CodeSource) -> lambda_.Function:
        props = FunctionProps(
            folder="alerts",
            description="Tells people of alarms",
            memory_mb=MEMORY_MB,
            timeout_s=TIMEOUT_S,
            dead_letters=self.dead,
            environment={
                "HIVEWP_PREFIX": stage.prefix,
                "HIVEWP_LOG_LEVEL": stage.log_level,
                "HIVEWP_ALERT_TARGETS_SECRET": self.targets.secret_name,
                "HIVEWP_ALERTS_BY_EMAIL": "1" if stage.alert_email else "0",
            },
        )
        made = make_function(self, "function", stage=stage, code=code, props=props)
        self.logs = made.logs
        self.targets.grant_read(made.role)
        made.function.configure_async_invoke(retry_attempts=RETRIES)
        return made.function


def _targets_name(stage: Stage) -> str:
    return f"{stage.prefix}-alert-targets"


def alert_alarms(prefix: str) -> Figures:
    """What the alarm on alerts themselves looks at."""
    return {alarms.ALERTS_DEAD: depth(prefix, DEAD, alarms.ALERTS_DEAD.period_s)}
