"""What can go wrong on the way out; the map is in the package's docstring."""

from __future__ import annotations

from typing import ClassVar


class EgressError(Exception):
    """A call that got no HTTP answer. `ms` is the time spent on it, rounded."""

    kind: ClassVar[str] = "error"

    def __init__(self, detail: str, ms: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.ms = ms


class EgressRefused(EgressError):
    """Not permitted by the policy; nothing was dialled."""

    kind = "refused"


class EgressUnreachable(EgressError):
    """No such name, no connection or no TLS; nothing was sent."""

    kind = "connect"


class EgressTimeout(EgressError):
    """No answer in time; the request may have arrived."""

    kind = "timeout"


class EgressBroken(EgressError):
    """The connection broke, or the answer was not HTTP; the request may have arrived."""

    kind = "protocol"
