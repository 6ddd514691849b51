"""The construct: API Gateway's routes from the one table of them (shared/routes.py), and everything around them."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.api import access_log
from infra.api.answers import answer_in_problems
from infra.api.firewall import Firewall
from infra.api.function import api_function
from infra.api.plans import add_plans
from infra.bundling import CodeSource
from infra.functions import log_group
from infra.monitoring.board import Board, graph
from infra.monitoring.figures import MINUTE, Figures, all_looked_at, of_aws, ours, share
from infra.rules import acknowledge
from infra.stages import Stage
from shared.alarms import catalog as alarms
from shared.alarms.traffic import CALLS_TO_JUDGE_BY
from shared.metrics import API_LATENCY, Statistic
from shared.routes import DOCUMENTATION, ROUTES, Route

ALL = (*ROUTES, *DOCUMENTATION)
STAGE_NAME = "api"
BINARY_MEDIA_TYPES = ["image/png"]  # QR codes as pictures; everything else goes both ways as text
OPEN_RATE, OPEN_BURST = 20, 40  # what is open is asked by anybody: it must not cost more than that


class Api(Construct):
    """`alias` is the version of `function` that answers; `plans` are the usage plans by name."""

    rest_api: apigateway.RestApi
    function: lambda_.Function
    alias: lambda_.Alias
    plans: Mapping[str, apigateway.UsagePlan]
    firewall: Firewall
    access_logs: logs.LogGroup

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        code: CodeSource,
        tables: Mapping[str, dynamodb.Table],
        queues: Mapping[str, sqs.Queue],
        sealing_key: secretsmanager.Secret,
    ) -> None:
        super().__init__(scope, construct_id)
        made = api_function(self, stage=stage, code=code, tables=tables, queues=queues, sealing_key=sealing_key)
        self.function = made.function
        self.alias = made.function.add_alias("live")
        self.access_logs = log_group(self, "access", f"/{stage.prefix}/api-access", stage)
        self.rest_api = self._gateway(stage)
        methods = self._methods()
        answer_in_problems(self.rest_api)
        self.plans = add_plans(self.rest_api, methods, stage)
        self.firewall = Firewall(self, "firewall", stage=stage, guarded=self.rest_api.deployment_stage)
        _acknowledge(self.rest_api)
        self._tell_url()

    def _tell_url(self) -> None:
        """Under a name that people can read, instead of CDK's own output."""
        self.rest_api.node.try_remove_child("Endpoint")
        CfnOutput(self, "url", description="The API's URL", value=self.rest_api.url).override_logical_id("ApiUrl")

    def _gateway(self, stage: Stage) -> apigateway.RestApi:
        return apigateway.RestApi(
            self,
            "gateway",
            rest_api_name=f"{stage.prefix}-api",
            description=f"HiveWP {stage.name}",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=BINARY_MEDIA_TYPES,
            cloud_watch_role=True,  # without it API Gateway writes no access log
            deploy_options=self._stage_options(stage),
        )

    def _stage_options(self, stage: Stage) -> apigateway.StageOptions:
        """Without metrics for each method, which are billed as custom ones."""
        open_method = apigateway.MethodDeploymentOptions(
            throttling_rate_limit=OPEN_RATE, throttling_burst_limit=OPEN_BURST
        )
        return apigateway.StageOptions(
            stage_name=STAGE_NAME,
            throttling_rate_limit=stage.api_rate,
            throttling_burst_limit=stage.api_burst,
            method_options={f"{route.path}/{route.method}": open_method for route in ALL if route.is_open},
            access_log_destination=apigateway.LogGroupLogDestination(self.access_logs),
            access_log_format=apigateway.AccessLogFormat.custom(access_log.FORMAT),
        )

    def _methods(self) -> dict[Route, apigateway.Method]:
        integration = apigateway.LambdaIntegration(self.alias, scope_permission_to_method=False)
        return {
            route: self.rest_api.root.resource_for_path(route.path).add_method(
                route.method, integration, api_key_required=not route.is_open
            )
            for route in ALL
        }


def _acknowledge(api: apigateway.RestApi) -> None:
    who = "API keys say who calls, as the contract with users has it: API Gateway checks them, the function their scope"
    acknowledge(
        api,
        {
            "AwsSolutions-APIG2": "The function judges bodies itself, and says what is wrong with each field",
            "AwsSolutions-APIG4": who,
            "AwsSolutions-APIG6": "The access log has every call; execution logs would hold keys and bodies",
            "AwsSolutions-COG4": who,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
            "AmazonAPIGatewayPushToCloudWatchLogs]": "API Gateway's own policy for its account-wide log role",
        },
    )


def show_api(board: Board, api: Api) -> None:
    """Calls, errors, speed, what the firewall turned away, and the function."""
    api_name = api.rest_api.rest_api_name
    blocked = {"WebACL": str(api.firewall.acl.name), "Region": Stack.of(api).region, "Rule": "ALL"}
    board.show(
        "API",
        [
            graph("Calls and errors", *(_metric(api_name, name) for name in ("Count", "4XXError", "5XXError"))),
            graph("Latency without calls that wait, ms", *_percentiles(board)),
            graph(
                "Latency as API Gateway sees it, ms",
                *(_metric(api_name, "Latency", statistic) for statistic in ("p50", "p95")),
                _metric(api_name, "IntegrationLatency", "p95"),
            ),
            graph(
                "Turned away by the firewall",
                *(of_aws("WAFV2", name, blocked) for name in ("BlockedRequests", "AllowedRequests")),
            ),
        ],
    )


def api_alarms(prefix: str, api: Api) -> Figures:
    """What alarms on the API look at."""
    failing = _failing_calls(api.rest_api.rest_api_name, alarms.API_FAILING.period_s)
    return {**all_looked_at(prefix, alarms.API_SLOW), alarms.API_FAILING: failing}


def _failing_calls(api_name: str, period_s: int) -> cloudwatch.MathExpression:
    """Calls answered with a 5xx, in percent of all."""
    errors, count = (_metric(api_name, name, period_s=period_s) for name in ("5XXError", "Count"))
    return share(
        errors, {"calls": count}, at_least=CALLS_TO_JUDGE_BY, good=0, label="5xx of all calls, %", period_s=period_s
    )


def _percentiles(board: Board) -> list[cloudwatch.Metric]:
    return [ours(board.prefix, API_LATENCY, statistic=statistic) for statistic in ("p50", "p95")]


def _metric(api_name: str, name: str, statistic: str = Statistic.SUM, period_s: int = MINUTE) -> cloudwatch.Metric:
    label = name if statistic == Statistic.SUM else f"{name} {statistic}"
    return of_aws("ApiGateway", name, {"ApiName": api_name, "Stage": STAGE_NAME}, statistic, label, period_s)
