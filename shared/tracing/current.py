"""The traceparent of what is being done here and now: in this task, and in those that it starts."""

from __future__ import annotations

from contextvars import ContextVar, Token

_current: ContextVar[str | None] = ContextVar("hivewp_traceparent", default=None)


class Within:
    """A context manager; see `within`. A class since contextlib's generators take three times as long."""

    __slots__ = ("_token", "_traceparent")

    def __init__(self, traceparent: str | None) -> None:
        self._traceparent = traceparent
        self._token: Token[str | None] | None = None

    def __enter__(self) -> None:
        self._token = _current.set(self._traceparent)

    def __exit__(self, *_error: object) -> None:
        if self._token is not None:
            _current.reset(self._token)


def current() -> str | None:
    """The traceparent, or None where no trace has begun."""
    return _current.get()


def within(traceparent: str | None) -> Within:
    """`with within(traceparent):` goes on with a trace that is known; None: outside of any."""
    return Within(traceparent)
