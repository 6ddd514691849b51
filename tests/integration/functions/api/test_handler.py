"""The Lambda handler, given what an API Gateway REST API gives it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from functions.api import handler as lambda_handler
from shared.aws import AwsSettings, client
from shared.clock import SystemClock
from shared.models.api_key import ApiKey
from shared.models.instance import InstanceKey
from shared.queues.names import create_queues
from shared.queues.queue import QueueError
from shared.settings import BadSetting
from shared.store.cache import Cache, CacheKind
from shared.store.database import Database
from shared.store.keys import Keys
from shared.store.tables import create_tables
from shared.vault import new_key

CONTEXT = SimpleNamespace(aws_request_id="a1b2", get_remaining_time_in_millis=lambda: 29_000)


async def provision(aws: AwsSettings) -> None:
    """A deployment with a key, and a QR code for an instance that is about to be."""
    async with client(aws, "dynamodb") as dynamodb, client(aws, "sqs") as sqs:
        database, clock = Database(dynamodb, aws.prefix), SystemClock()
        await create_tables(database)
        await create_queues(sqs, aws.prefix, 1)
        await Keys(database, clock).save("hwp_acme", ApiKey("key_acme", "acme"))
        code = {"code": "2@x", "expires_at": clock.unix() + 120}
        await Cache(database, clock).put(CacheKind.QR, str(InstanceKey("acme", "shop-1")), code, 120)


@pytest.fixture
def deployed(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment that the function runs in."""
    prefix = f"t{uuid.uuid4().hex[:8]}"
    asyncio.run(provision(AwsSettings("us-east-1", aws_endpoint, prefix, "local", "local")))
    variables = {
        "HIVEWP_PREFIX": prefix,
        "HIVEWP_AWS_ENDPOINT": aws_endpoint,
        "HIVEWP_PARTITIONS": "1",
        "HIVEWP_SEALING_KEY": new_key(),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    lambda_handler.runtime.cache_clear()
    yield
    lambda_handler.runtime().close()
    lambda_handler.runtime.cache_clear()


async def two_queues(aws: AwsSettings) -> None:
    """Those of a deployment with two partitions."""
    async with client(aws, "sqs") as sqs:
        await create_queues(sqs, aws.prefix, 2)


async def kept_secret(endpoint: str, name: str | None = None) -> str:
    """The id of a secret that holds a sealing key."""
    async with client(AwsSettings("us-east-1", endpoint, "", "local", "local"), "secretsmanager") as manager:
        return str((await manager.create_secret(Name=name or uuid.uuid4().hex, SecretString="k" * 43))["ARN"])


def open_connections() -> list[object]:
    """This process's connections to the AWS of the test."""
    port = int(os.environ["HIVEWP_AWS_ENDPOINT"].rpartition(":")[2])
    found = psutil.Process().net_connections("tcp")
    there = [one for one in found if tuple(one.raddr)[1:] == (port,)]
    return [one for one in there if one.status == psutil.CONN_ESTABLISHED]


def event(method: str, path: str, body: str | None = None, **headers: str) -> dict[str, Any]:
    """A proxy event of version 1.0, as a REST API sends it."""
    headers = {
        "Accept": "*/*",
        "Host": "abc.execute-api.us-east-1.amazonaws.com",
        "X-Forwarded-Proto": "https",
    } | headers
    path, _, query = path.partition("?")
    parameters = dict(pair.split("=") for pair in query.split("&")) if query else None
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": parameters,
        "multiValueQueryStringParameters": {k: [v] for k, v in parameters.items()} if parameters else None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": method,
            "path": f"/prod{path}",
            "stage": "prod",
            "requestId": "c6af9ac6",
            "apiId": "abc",
            "identity": {"sourceIp": "192.0.2.1", "apiKeyId": "k1", "userAgent": "curl/8"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def call(method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    named = {"x-api-key": "hwp_acme"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        named["content-type"] = "application/json"
    text = None if body is None else json.dumps(body)
    return lambda_handler.handler(event(method, path, text, **named), CONTEXT)


def test_calls_share_one_runtime_and_answer_as_api_gateway_expects(deployed: None) -> None:
    made = call("POST", "/v1/instances", {"id": "shop-1"})
    assert (made["statusCode"], made["isBase64Encoded"]) == (201, False)
    assert json.loads(made["body"])["id"] == "shop-1"
    assert made["headers"]["location"] == "/prod/v1/instances/shop-1"
    assert made["headers"]["x-request-id"] == "a1b2"
    listed = call("GET", "/v1/instances?limit=1")
    assert [one["id"] for one in json.loads(listed["body"])["data"]] == ["shop-1"]
    picture = call("GET", "/v1/instances/shop-1/qr", Accept="image/png")
    assert (picture["statusCode"], picture["isBase64Encoded"]) == (200, True)
    assert base64.b64decode(picture["body"]).startswith(b"\x89PNG")
    drawing = call("GET", "/v1/instances/shop-1/qr", Accept="image/svg+xml")
    assert drawing["isBase64Encoded"] is False
    assert "<svg" in drawing["body"]


def test_a_snapshot_holds_no_connections_and_its_copies_go_on(deployed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before: list[Callable[[], None]] = []
    after: list[Callable[[], None]] = []
    hooks = SimpleNamespace(register_before_snapshot=before.append, register_after_restore=after.append)
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", hooks)
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    lambda_handler.start()
    assert call("GET", "/v1/instances")["statusCode"] == 200
    assert open_connections()
    for hook in (*before, *after):
        hook()
    assert not open_connections()
    assert call("GET", "/v1/instances")["statusCode"] == 200


def test_the_sealing_key_is_found_in_its_secret(
    deployed: None, aws_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HIVEWP_SEALING_KEY")
    monkeypatch.setenv("HIVEWP_SEALING_KEY_SECRET", asyncio.run(kept_secret(aws_endpoint)))
    assert call("GET", "/v1/instances")["statusCode"] == 200


def test_a_start_for_a_snapshot_waits_for_rights_that_come_late(
    deployed: None, aws_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here what is missing first is the thing itself: the answer is an error all the same."""
    late = uuid.uuid4().hex
    monkeypatch.delenv("HIVEWP_SEALING_KEY")
    monkeypatch.setenv("HIVEWP_SEALING_KEY_SECRET", late)
    monkeypatch.setenv("HIVEWP_PARTITIONS", "2")
    aws = AwsSettings("us-east-1", aws_endpoint, os.environ["HIVEWP_PREFIX"], "local", "local")
    coming: list[Callable[[], object]] = [
        lambda: None,
        lambda: asyncio.run(kept_secret(aws_endpoint, late)),
        lambda: asyncio.run(two_queues(aws)),
    ]
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        coming.pop(0)()

    made = lambda_handler.patient_runtime(sleep)
    assert made is lambda_handler.runtime()
    assert pauses == [1, 2, 4]


def test_a_start_for_a_snapshot_ends_when_rights_never_come(deployed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    with monkeypatch.context() as wrong:
        wrong.setenv("HIVEWP_PARTITIONS", "2")
        with pytest.raises(QueueError):
            lambda_handler.patient_runtime(pauses.append)
    assert sum(pauses) == 60


def test_a_start_for_a_snapshot_does_not_wait_for_a_setting_that_is_wrong(
    deployed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    with monkeypatch.context() as wrong:
        wrong.setenv("HIVEWP_PARTITIONS", "none")
        with pytest.raises(BadSetting):
            lambda_handler.patient_runtime(pauses.append)
    assert not pauses


def test_problems_are_readable_text(deployed: None) -> None:
    refused = call("POST", "/v1/instances/none/messages", {"to": "1"})
    assert (refused["statusCode"], refused["isBase64Encoded"]) == (422, False)
    assert refused["headers"]["content-type"] == "application/problem+json"
    assert json.loads(refused["body"])["type"] == "invalid-request"
    stranger = call("GET", "/v1/instances", x_api_key="hwp_wrong")
    assert json.loads(stranger["body"])["type"] == "forbidden"
    health = lambda_handler.handler(event("GET", "/monitoring/health"), CONTEXT)
    assert json.loads(health["body"])["status"] == "degraded"
