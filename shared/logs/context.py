"""What the lines of a task are about. Tasks that it starts go on with it, as context variables do."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar, Token

IDS = frozenset({"tenant", "instance", "message_id", "trace_id", "request_id"})

_EMPTY: dict[str, str] = {}
_bound: ContextVar[dict[str, str]] = ContextVar("hivewp_log_fields", default=_EMPTY)


class Bound:
    """A context manager; see `bind`. A class since contextlib's generators take three times as long."""

    __slots__ = ("_anew", "_fields", "_token")

    def __init__(self, fields: dict[str, str], anew: bool) -> None:
        self._fields = fields
        self._anew = anew
        self._token: Token[dict[str, str]] | None = None

    def __enter__(self) -> None:
        self._token = _bound.set(self._fields.copy() if self._anew else {**_bound.get(), **self._fields})

    def __exit__(self, *_error: object) -> None:
        if self._token is not None:
            _bound.reset(self._token)


def bind(
    *,
    tenant: str | None = None,
    instance: str | None = None,
    message: str | None = None,
    trace: str | None = None,
    request: str | None = None,
    anew: bool = False,
) -> Bound:
    """`with bind(instance="shop-7"):` puts these ids on every line that is logged inside; None leaves what was.

    `anew` drops what was: for tasks that outlive what they happen to be started by."""
    return Bound(_given(tenant, instance, message, trace, request), anew)


def note(
    *,
    tenant: str | None = None,
    instance: str | None = None,
    message: str | None = None,
    trace: str | None = None,
    request: str | None = None,
) -> None:
    """Adds ids to the innermost `bind` that this runs in, for its later lines too; does nothing outside of any.

    For what becomes known on the way: who calls, once its key was read; the id of a message, once it has one."""
    fields = _bound.get()
    if fields is not _EMPTY:
        fields.update(_given(tenant, instance, message, trace, request))


def bound() -> Mapping[str, str]:
    """The ids of the line that is being written."""
    return _bound.get()


def _given(
    tenant: str | None, instance: str | None, message: str | None, trace: str | None, request: str | None
) -> dict[str, str]:
    fields: dict[str, str] = {}
    if tenant is not None:
        fields["tenant"] = tenant
    if instance is not None:
        fields["instance"] = instance
    if message is not None:
        fields["message_id"] = message
    if trace is not None:
        fields["trace_id"] = trace
    if request is not None:
        fields["request_id"] = request
    return fields
