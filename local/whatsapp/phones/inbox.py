"""Everything that a phone has read, in order."""

from dataclasses import dataclass, field
from typing import Any

from local.whatsapp.phones.contents import describe
from local.whatsapp.phones.post import Post
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import Letter


@dataclass(slots=True)
class Inbox:
    number: str
    post: Post
    letters: list[Letter] = field(default_factory=list)

    def has(self, message_id: str) -> bool:
        """Whether a message of that id was read."""
        return any(letter.id == message_id for letter in reversed(self.letters))

    def add(self, message_id: str, sender: str, message: Any, group: str | None = None, to: str | None = None) -> None:
        """Keeps a message; one that says nothing to a reader (keys, history) is left out."""
        described = describe(message)
        if described is None:
            return
        kind, text = described
        self.letters.append(Letter(message_id, sender, kind, text, self.post.now(), group, to))
        self.post.changed(Kind.INBOX, f"{self.number}/{len(self.letters) - 1:08d}")
        self.post.count("read_by_phones")
