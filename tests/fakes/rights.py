"""AWS clients that notice when a session host does what it would not be allowed to: MiniStack allows everything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from infra.host_rights import COMMANDS, QUERIED, SENT_TO, TABLES
from shared.store.database import Database

_SENDING = ("GetQueueUrl", "SendMessage")
_PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

Use = tuple[str, str]
"""A table, an index as `table/index` or a queue, without the prefix, and what is done to it."""


class Rights:
    """`exceeded` is what code of the session host has done without the right to."""

    def __init__(self, prefix: str) -> None:
        self._prefix = f"{prefix}-"
        self.exceeded: set[Use] = set()

    def hold(self, client: Any) -> Any:
        """A client whose calls are looked at."""
        return _Held(client, self._look)

    def database(self, database: Database) -> Database:
        """A database whose calls are looked at."""
        return Database(self.hold(database._client), database._prefix)

    def _look(self, operation: str, arguments: dict[str, Any]) -> None:
        if _is_of_host():
            uses = {(name.removeprefix(self._prefix), action) for name, action in _uses(operation, arguments)}
            self.exceeded |= {use for use in uses if not _is_allowed(*use)}


class _Held:
    def __init__(self, client: Any, look: Callable[[str, dict[str, Any]], None]) -> None:
        self._client = client
        self._look = look

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name == "exceptions":
            return found

        def call(**arguments: Any) -> Any:
            self._look("".join(word.capitalize() for word in name.split("_")), arguments)
            return found(**arguments)

        return call


def _uses(operation: str, arguments: dict[str, Any]) -> Iterator[Use]:
    if operation == "TransactWriteItems":
        for write in arguments["TransactItems"]:
            for kind, what in write.items():
                yield what["TableName"], _PARTS[kind]
    elif "RequestItems" in arguments:
        for table in arguments["RequestItems"]:
            yield table, operation
    elif "TableName" in arguments:
        index = arguments.get("IndexName")
        yield f"{arguments['TableName']}/{index}" if index else arguments["TableName"], operation
    else:
        queue = arguments.get("QueueName") or arguments["QueueUrl"].rpartition("/")[2]
        yield queue, operation.removesuffix("Batch")


def _is_allowed(name: str, action: str) -> bool:
    if name in TABLES:
        return action in TABLES[name]
    if "/" in name:
        return action == "Query" and tuple(name.split("/")) in QUERIED
    return action in (_SENDING if name in SENT_TO else COMMANDS if name.startswith("commands-") else ())


def _is_of_host() -> bool:
    """Whether code of the session host is waiting for this call, not a test itself."""
    frame = sys._getframe(1)
    while frame.f_back:
        frame = frame.f_back
        if "/session_host/" in frame.f_code.co_filename and "/tests/" not in frame.f_code.co_filename:
            return True
    return False
