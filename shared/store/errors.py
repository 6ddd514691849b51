"""What can go wrong with a call to DynamoDB, as the store says it.

StoreError              as such: DynamoDB does not take what was asked (too large, malformed); asking again is no use
|-- ConditionFailed     the item is not (or no longer) as the write expected
|-- TransactionRefused  some writes of a transaction were refused; `refused` holds their positions
`-- StoreUnavailable    DynamoDB could not be reached, did not answer or let us in; the outcome of a write is unknown
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class StoreError(Exception):
    """A call to the store that did not succeed."""


class ConditionFailed(StoreError):
    """The condition of a write did not hold."""


class TransactionRefused(StoreError):
    """Nothing was written. `refused` are the positions whose condition failed; empty: a conflict, try again."""

    def __init__(self, refused: tuple[int, ...]) -> None:
        super().__init__(f"refused: {refused}" if refused else "conflict with another transaction")
        self.refused = refused


class StoreUnavailable(StoreError):
    """No answer, or one that says to try later."""


@asynccontextmanager
async def store_errors() -> AsyncIterator[None]:
    """Turns the client's errors into the store's."""
    try:
        yield
    except ClientError as error:
        raise _translated(error) from error
    except ParamValidationError:
        raise StoreError("not a request that DynamoDB takes") from None  # the error would show the values
    except (BotoCoreError, OSError, TimeoutError) as error:
        raise StoreUnavailable(str(error)) from error


_LATER = {  # what says nothing about the request itself
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "InternalServerError",
    "ServiceUnavailable",
    "ResourceNotFoundException",
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
}
_PASSING = {"", "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def _translated(error: ClientError) -> StoreError:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(str(error))
    if code in {"TransactionCanceledException", "TransactionConflictException"}:
        return _cancelled([reason.get("Code") or "" for reason in error.response.get("CancellationReasons", [])])
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if status >= 500 or "Throttl" in code or code in _LATER:
        return StoreUnavailable(str(error))
    return StoreError(str(error))


def _cancelled(reasons: list[str]) -> StoreError:
    """The error of a cancelled transaction. A condition comes first: it holds whatever else was wrong."""
    refused = tuple(at for at, reason in enumerate(reasons) if reason == "ConditionalCheckFailed")
    lasting = sorted(set(reasons) - _PASSING)
    if lasting and not refused:
        return StoreError(f"transaction cancelled: {', '.join(lasting)}")
    return TransactionRefused(refused)
