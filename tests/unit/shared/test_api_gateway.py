"""API Gateway's answers that a real one gives rarely: pages, refusals, none at all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from shared.api_gateway import ApiGatewayError, ApiGatewayKeys, NoAccess, PlanMissing, configured_region


class Gone(Exception):
    """As the client's own NotFoundException."""


class Client:
    """Answers in pages; `failure` instead, where there is one."""

    exceptions = SimpleNamespace(NotFoundException=Gone)

    def __init__(self, pages: list[list[dict[str, str]]], failure: Exception | None = None) -> None:
        self.pages = pages
        self.failure = failure
        self.deleted: list[str] = []

    async def get_api_keys(self, limit: int, position: str = "0", **_: str) -> dict[str, Any]:
        if self.failure:
            raise self.failure
        number = int(position)
        more = {"position": str(number + 1)} if number + 1 < len(self.pages) else {}
        return {"items": self.pages[number], **more}

    get_usage_plans = get_api_keys

    async def delete_api_key(self, apiKey: str) -> None:  # noqa: N803 - the client's name
        self.deleted.append(apiKey)
        raise Gone


async def test_a_name_is_searched_to_the_last_page_and_found_whole() -> None:
    client = Client([[{"name": "hivewp-x-key_12", "id": "a"}], [{"name": "hivewp-x-key_1", "id": "b"}], []])
    await ApiGatewayKeys(client, "hivewp-x").delete("key_1")
    assert client.deleted == ["b"], "and that somebody else has deleted it meanwhile is fine"


async def test_a_plan_of_another_stage_is_not_ours() -> None:
    plans = Client([[{"name": "hivewp-x-standard", "id": "a"}], [{"name": "hivewp-y-scale", "id": "b"}]])
    await ApiGatewayKeys(plans, "hivewp-x").check_plan("standard")
    with pytest.raises(PlanMissing, match="hivewp-x-scale"):
        await ApiGatewayKeys(plans, "hivewp-x").check_plan("scale")


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (NoCredentialsError(), NoAccess),
        (ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetApiKeys"), NoAccess),
        (ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "later"}}, "GetApiKeys"), None),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), None),
        (TimeoutError(), None),
    ],
)
async def test_errors_say_what_a_person_can_do(failure: Exception, kind: type[Exception] | None) -> None:
    with pytest.raises(ApiGatewayError) as caught:
        await ApiGatewayKeys(Client([], failure), "hivewp-x").delete("key_1")
    assert type(caught.value) is (kind or ApiGatewayError)


def test_a_profile_that_does_not_exist_is_no_access(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this")
    with pytest.raises(NoAccess, match="nobody-has-this"):
        configured_region()
