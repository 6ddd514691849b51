"""Spans as the product knows them, and the tracer that records none."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import Enum, auto
from types import TracebackType
from typing import Protocol

from shared.tracing.current import Within, current
from shared.tracing.traceparent import new_traceparent, trace_id_of

Value = str | int
Attributes = Mapping[str, Value]


class Kind(Enum):
    """What a span is on either side of, by OpenTelemetry's names."""

    INTERNAL = auto()
    SERVER = auto()
    CLIENT = auto()
    PRODUCER = auto()
    CONSUMER = auto()


class Span(Protocol):
    """A piece of work under way. Attributes are ids, names and numbers: never a text of a message, never a secret."""

    @property
    def traceparent(self) -> str:
        """What is handed to whoever goes on with it."""

    @property
    def trace_id(self) -> str:
        """Its trace, 32 hex digits."""

    def rename(self, name: str) -> None:
        """Its name, where that is known only now."""

    def note(self, attributes: Attributes) -> None:
        """Adds attributes."""

    def failed(self, error: str) -> None:
        """It did not succeed: a short, stable word that says why."""


class Tracer(Protocol):
    """Makes spans."""

    def span(
        self, name: str, kind: Kind, parent: str | None = None, attributes: Attributes | None = None
    ) -> AbstractContextManager[Span]:
        """`with tracer.span(...) as span:` is current inside. Without a parent it belongs to what is current, and
        begins a trace where nothing is."""

    def flush(self, within_s: float) -> None:
        """Waits until what was recorded is exported, so long at most; for a process that is frozen afterwards."""

    def close(self, within_s: float) -> None:
        """The same, once and for all."""


class PassingSpan(AbstractContextManager["PassingSpan"]):
    """Carries a trace on as it came, or begins one."""

    __slots__ = ("_within", "traceparent")

    def __init__(self, parent: str | None) -> None:
        self.traceparent = parent or current() or new_traceparent()
        self._within = Within(self.traceparent)

    @property
    def trace_id(self) -> str:
        return trace_id_of(self.traceparent)

    def rename(self, name: str) -> None: ...

    def note(self, attributes: Attributes) -> None: ...

    def failed(self, error: str) -> None: ...

    def __enter__(self) -> PassingSpan:
        self._within.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._within.__exit__()


class PassOn:
    """Records nothing."""

    def span(
        self,
        name: str,  # noqa: ARG002
        kind: Kind,  # noqa: ARG002
        parent: str | None = None,
        attributes: Attributes | None = None,  # noqa: ARG002
    ) -> PassingSpan:
        return PassingSpan(parent)

    def flush(self, within_s: float) -> None: ...

    def close(self, within_s: float) -> None: ...


PASS_ON = PassOn()
