"""Whether a role's grants are enough: what a function asks of DynamoDB while it works is held against them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

Grants = Mapping[str, Sequence[str]]

_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_at_work: ContextVar[bool] = ContextVar("at_work", default=False)


def grants_in(file: str) -> Grants:
    """The constant TABLES of a construct's file, read without the CDK, which takes seconds to load."""
    for node in ast.parse((ROOT / Path(file)).read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "TABLES":
            found: Grants = ast.literal_eval(node.value)
            return found
    raise LookupError(f"{file} says nothing of tables")


@contextmanager
def at_work() -> Iterator[None]:
    """What is asked meanwhile is the function's; the rest is the test's own."""
    token = _at_work.set(True)
    try:
        yield
    finally:
        _at_work.reset(token)


class Watch:
    """Notes what a client asks for that is not granted: `always`, or while the function is at work."""

    def __init__(self, client: Any, prefix: str, grants: Grants, *, always: bool = False) -> None:
        self.missing: set[str] = set()
        self._prefix = f"{prefix}-"
        self._grants = grants
        self._always = always
        client.meta.events.register("provide-client-params.dynamodb.*", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self._always or _at_work.get():
            asked = _asked(model.name, params)
            self.missing |= {f"{action} on {table}" for table, action in asked if not self._granted(table, action)}

    def _granted(self, table: str, action: str) -> bool:
        return action in self._grants.get(table.removeprefix(self._prefix), ())


def _asked(operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Tables and actions of a call."""
    if "TableName" in params:
        yield params["TableName"], operation
    for table in params.get("RequestItems", {}):
        yield table, operation
    for item in params.get("TransactItems", []):
        for kind, write in item.items():
            yield write["TableName"], _TRANSACTED[kind]
