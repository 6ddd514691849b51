"""How a phone reaches the rest of the world."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from local.whatsapp.signal.bundle import Bundle
from local.whatsapp.state.journal import Kind
from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Node


@dataclass(frozen=True, slots=True)
class Handed:
    """A message from phone to phone. They live in one process, so nothing is encrypted between them.
    `automatic`: an answer that no person wrote, and that no phone answers."""

    id: str
    sender: JID
    message: Any
    automatic: bool


class Post(Protocol):
    def now(self) -> float:
        """Unix seconds."""
        ...

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Calls `action` after a while; 0 means as soon as the present work is done."""
        ...

    def companions(self, user: JID) -> list[JID]:
        """The LID addresses of the user's companion devices."""
        ...

    def number_of(self, jid: JID) -> str:
        """The phone number where it is known, else the user part."""
        ...

    def bundle(self, device: JID) -> Bundle | None:
        """Keys to open a session with a companion; uses up one of its one-time keys."""
        ...

    def deliver(self, device: JID, node: Node) -> None:
        """Sends a stanza to a companion, now or when it comes back. Unknown devices get nothing."""
        ...

    def hand_over(self, user: JID, letter: Handed) -> None:
        """Gives a message to another phone."""
        ...

    def changed(self, kind: Kind, key: str) -> None:
        """Says that a record of a phone must be written down."""
        ...

    def count(self, event: str) -> None: ...
