"""The node: what stanzas are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from local.whatsapp.wire.jid import JID

Attribute = str | int | JID | None
Attributes = dict[str, Attribute]
Content = bytes | str | list["Node"] | None


@dataclass(slots=True)
class Node:
    """One element. Attributes that are None or empty are left out on the wire, where a number is its digits."""

    tag: str
    attrs: Mapping[str, Attribute] = field(default_factory=dict)
    content: Content = None

    def children(self) -> list[Node]:
        return self.content if isinstance(self.content, list) else []

    def child(self, *path: str) -> Node | None:
        """The first descendant along `path`, or None."""
        node: Node | None = self
        for tag in path:
            node = next((each for each in node.children() if each.tag == tag), None) if node else None
        return node

    def data(self) -> bytes:
        """The content as bytes; a client may send short values as tokens or packed text. Empty for a list."""
        if isinstance(self.content, bytes):
            return self.content
        return self.content.encode() if isinstance(self.content, str) else b""

    def text(self, name: str) -> str:
        """The attribute as text, empty when absent."""
        value = self.attrs.get(name)
        return "" if value is None else str(value)

    def jid(self, name: str) -> JID | None:
        """The attribute when it is an address, else None."""
        value = self.attrs.get(name)
        return value if isinstance(value, JID) else None

    def with_attrs(self, **changes: Attribute) -> Node:
        """A copy with some attributes set otherwise."""
        return Node(self.tag, {**self.attrs, **changes}, self.content)

    def __str__(self) -> str:
        attrs = "".join(f' {name}="{value}"' for name, value in self.attrs.items())
        if self.content is None:
            return f"<{self.tag}{attrs}/>"
        if isinstance(self.content, list):
            return f"<{self.tag}{attrs}>{''.join(map(str, self.content))}</{self.tag}>"
        return f"<{self.tag}{attrs}>[{len(self.data())} bytes]</{self.tag}>"
