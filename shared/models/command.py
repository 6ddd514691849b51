"""What the API asks of an instance's owner. Commands of one instance are carried out in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.models.instance import InstanceKey


class CommandKind(StrEnum):
    """Everything that can be asked. All but SEND, SETTINGS and TRACE leave a result that the API waits for.

    COLLECT_GARBAGE is asked of the worker itself, whatever instances it has (`instance` is NOBODY).

    TRACE is asked by the owner itself: it travels among the instance's messages and tells, when it comes back, that
    none which was queued before it waits any more.
    """

    SEND = "send"
    PAIR = "pair"
    PAIR_CODE = "pair_code"
    RESTART = "restart"
    LOGOUT = "logout"
    DELETE = "delete"
    SETTINGS = "settings"
    CHECK_NUMBERS = "check_numbers"
    TRACE = "trace"
    COLLECT_GARBAGE = "collect_garbage"


NOBODY = InstanceKey("", "")
"""In place of an instance; no tenant can have one of this name."""


@dataclass(frozen=True, slots=True)
class Command:
    """One request to the owner of `instance`. `args` depend on the kind:

    SEND {message_id, to, type, content, on_uncertain, typing_ms, deadline}; PAIR_CODE {phone};
    CHECK_NUMBERS {numbers: [[form, ...]], until: unix seconds} gives {jids: {first form: jid or null}};
    COLLECT_GARBAGE {until} gives {before, after}: bytes; the others none.
    """

    id: str
    kind: CommandKind
    instance: InstanceKey
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The outcome of a command: `value` when it succeeded, else a problem's type and detail."""

    ok: bool
    value: dict[str, Any] = field(default_factory=dict)
    code: str | None = None
    detail: str | None = None
