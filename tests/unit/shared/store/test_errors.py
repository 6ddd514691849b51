"""What DynamoDB's errors mean to the store."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from shared.store.database import (
    ConditionFailed,
    Database,
    StoreError,
    StoreUnavailable,
    TransactionRefused,
)


class Refusing:
    """A client whose calls end with an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def transact_write_items(self, **_arguments: Any) -> None:
        raise self._error


def answer(code: str, *reasons: str, status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(response, "TransactWriteItems")


async def error_of(error: Exception) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await Database(Refusing(error), "p").transact([])
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answer("TransactionInProgressException"), StoreUnavailable),
        (answer("RequestLimitExceeded"), StoreUnavailable),
        (answer("InternalServerError", status=500), StoreUnavailable),
        (answer("InternalServerError"), StoreUnavailable),
        (answer("ThrottlingException"), StoreUnavailable),
        (answer("ProvisionedThroughputExceededException"), StoreUnavailable),
        (answer("ExpiredTokenException"), StoreUnavailable),
        (EndpointConnectionError(endpoint_url="http://x"), StoreUnavailable),
        (answer("ConditionalCheckFailedException"), ConditionFailed),
        (answer("ValidationException"), StoreError),
        (answer("SerializationException"), StoreError),
        (ParamValidationError(report="value: 'secret'"), StoreError),
    ],
)
async def test_only_what_may_pass_is_worth_asking_again(error: Exception, kind: type[StoreError]) -> None:
    found = await error_of(error)
    assert type(found) is kind
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("reasons", "refused"),
    [
        (["None", "ConditionalCheckFailed", "None", "ConditionalCheckFailed"], (1, 3)),
        (["TransactionConflict", "None"], ()),
        (["None", "ThrottlingError", "ProvisionedThroughputExceeded"], ()),
        (["ConditionalCheckFailed", "ValidationError"], (0,)),
    ],
)
async def test_a_cancelled_transaction_names_the_refused(reasons: list[str], refused: tuple[int, ...]) -> None:
    found = await error_of(answer("TransactionCanceledException", *reasons))
    assert isinstance(found, TransactionRefused)
    assert found.refused == refused


@pytest.mark.parametrize("reason", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
async def test_a_write_that_dynamodb_never_takes_is_no_conflict(reason: str) -> None:
    found = await error_of(answer("TransactionCanceledException", "None", reason, "TransactionConflict"))
    assert type(found) is StoreError
    assert reason in str(found)
