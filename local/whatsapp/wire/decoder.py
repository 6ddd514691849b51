"""Bytes to nodes. Whatever is not a whole, well-formed node is a DecodeError; nothing else comes out."""

import zlib

from local.whatsapp.wire import tags
from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Attribute, Attributes, Content, Node
from local.whatsapp.wire.tokens import installed_tokens

COMPRESSED = 2  # bit of the flags byte
INFLATED_MAX = 1 << 24
DEPTH_MAX = 64
_NIBBLES = tags.NIBBLES.ljust(16, "\0")


class DecodeError(Exception):
    """The bytes are no node."""


def decode(body: bytes) -> Node:
    """The node in a frame's body. Raises DecodeError."""
    if not body:
        raise DecodeError("empty frame")
    data = _inflate(body[1:]) if body[0] & COMPRESSED else body[1:]
    decoder = _Decoder(data)
    try:
        node = decoder.node(0)
    except (IndexError, UnicodeDecodeError) as error:
        raise DecodeError(f"broken node: {error}") from error
    if decoder.position != len(data):
        raise DecodeError(f"{len(data) - decoder.position} bytes after the node")
    return node


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, INFLATED_MAX)
    except zlib.error as error:
        raise DecodeError(f"broken compression: {error}") from error
    if not inflater.eof:
        raise DecodeError("compressed frame is truncated or too large")
    return inflated


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._tokens = installed_tokens()
        self.position = 0

    def node(self, depth: int) -> Node:
        if depth > DEPTH_MAX:
            raise DecodeError("nested too deep")
        size = self._list_size(self._byte())
        if size == 0:
            raise DecodeError("node without a tag")
        tag = self._text()
        attrs: Attributes = {}
        for _ in range((size - 1) >> 1):
            name = self._text()
            attrs[name] = self._attribute()
        return Node(tag, attrs, None if size % 2 else self._content(depth))

    def _content(self, depth: int) -> Content:
        tag = self._byte()
        if tag in (tags.LIST_EMPTY, tags.LIST_8, tags.LIST_16):
            return [self.node(depth + 1) for _ in range(self._list_size(tag))]
        size = self._binary_size(tag)
        return self._string(tag) if size is None else self._take(size)

    def _attribute(self) -> Attribute:
        tag = self._byte()
        if tag == tags.JID_PAIR:
            head = self._byte()
            user = "" if head == tags.LIST_EMPTY else self._string(head)
            return JID(user, self._text())
        if tag == tags.AD_JID:
            agent, device = self._byte(), self._byte()
            if agent not in tags.AGENTS:
                raise DecodeError(f"unknown kind of address {agent}")
            return JID(self._text(), tags.AGENTS[agent], device)
        return "" if tag == tags.LIST_EMPTY else self._string(tag)

    def _text(self) -> str:
        return self._string(self._byte())

    def _string(self, tag: int) -> str:
        if 0 < tag < tags.DICTIONARY_0:
            return self._tokens.single[tag]
        if tags.DICTIONARY_0 <= tag <= tags.DICTIONARY_3:
            return self._tokens.double[tag - tags.DICTIONARY_0][self._byte()]
        if tag == tags.NIBBLE_8:
            return self._packed(_NIBBLES)
        if tag == tags.HEX_8:
            return self._packed(tags.HEX_DIGITS)
        size = self._binary_size(tag)
        if size is None:
            raise DecodeError(f"tag {tag} where text belongs")
        return self._take(size).decode()

    def _packed(self, alphabet: str) -> str:
        head = self._byte()
        text = "".join([alphabet[byte >> 4] + alphabet[byte & 15] for byte in self._take(head & 127)])
        return text[:-1] if head & 128 else text

    def _binary_size(self, tag: int) -> int | None:
        if tag == tags.BINARY_8:
            return self._byte()
        if tag == tags.BINARY_20:
            return self._number(3) & 0xFFFFF
        return self._number(4) if tag == tags.BINARY_32 else None

    def _list_size(self, tag: int) -> int:
        if tag == tags.LIST_EMPTY:
            return 0
        if tag == tags.LIST_8:
            return self._byte()
        if tag == tags.LIST_16:
            return self._number(2)
        raise DecodeError(f"tag {tag} where a list belongs")

    def _byte(self) -> int:
        value = self._data[self.position]
        self.position += 1
        return value

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self._data):
            raise DecodeError("frame ends too early")
        taken = self._data[self.position : end]
        self.position = end
        return taken
