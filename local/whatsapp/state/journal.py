"""What has changed since it was last written down."""

from collections.abc import Callable
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of records. Keys of what belongs to a number begin with it: `<number>/...`."""

    ACCOUNT = "account"  # <number>
    DEVICE = "device"  # <number>/<device id>
    QUEUE = "queue"  # <number>/<device id>: stanzas that the device has not acknowledged
    GROUP = "group"  # <group id>
    APP_STATE = "app_state"  # <number>
    PEER = "peer"  # <number>/<device address>: Signal sessions of a phone
    SENDER_KEY = "sender_key"  # <number>/<group id>/<device address>
    INBOX = "inbox"  # <number>/<index>
    SENT = "sent"  # <number>/<message id>


Mark = tuple[Kind, str]


class Journal:
    """Collects marks; `on_first` is called when the first one comes after the last `take`.
    What was taken counts as unwritten until `written`."""

    def __init__(self, on_first: Callable[[], None] = lambda: None) -> None:
        self._marks: dict[Mark, None] = {}
        self._taken: list[Mark] = []
        self.on_first = on_first

    def mark(self, kind: Kind, key: str) -> None:
        if not self._marks:
            self.on_first()
        self._marks[kind, key] = None

    def take(self) -> list[Mark]:
        """All marks, in the order in which they came first. Say `written` when they are."""
        self._taken, self._marks = list(self._marks), {}
        return self._taken

    def written(self) -> None:
        self._taken = []

    def restore(self) -> None:
        """What was taken could not be written: it is to be taken again."""
        taken, self._taken = self._taken, []
        for kind, key in taken:
            self.mark(kind, key)

    @property
    def unwritten(self) -> int:
        return len(self._marks) + len(self._taken)
