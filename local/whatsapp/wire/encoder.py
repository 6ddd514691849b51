"""Nodes to bytes. This is a hot path: what repeats (tags, names, numbers, addresses) is encoded once and remembered."""

from functools import lru_cache

from local.whatsapp.wire import tags
from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Attribute, Node
from local.whatsapp.wire.tokens import installed_tokens

REMEMBERED = 1 << 16
SHORT = 48  # longer texts hardly ever repeat


@lru_cache(maxsize=1)
def _known() -> dict[str, bytes]:
    tokens = installed_tokens()
    known = {
        text: bytes((tags.DICTIONARY_0 + page, index))
        for page, row in enumerate(tokens.double)
        for index, text in enumerate(row)
    }
    known.update({text: bytes((index,)) for index, text in enumerate(tokens.single) if text})
    return known


_NIBBLE = {character: value for value, character in enumerate(tags.NIBBLES)}
_HEX = {character: value for value, character in enumerate(tags.HEX_DIGITS)}
_AGENT = {server: agent for agent, server in tags.AGENTS.items()}


def encode(node: Node) -> bytes:
    """One node as the body of a frame: the flags byte (nothing compressed), then the node."""
    out = bytearray(1)
    _node(out, node)
    return bytes(out)


def _node(out: bytearray, node: Node) -> None:
    attrs = [(name, value) for name, value in node.attrs.items() if value is not None and value != ""]
    content = node.content
    out += _list_header(2 * len(attrs) + (1 if content is None else 2))
    out += _short(node.tag)
    for name, value in attrs:
        out += _short(name)
        out += _attribute(value)
    if isinstance(content, list):
        out += _list_header(len(content))
        for child in content:
            _node(out, child)
    elif isinstance(content, bytes):
        out += _binary(content)
    elif content is not None:
        out += _text(content)


def _attribute(value: Attribute) -> bytes:
    return _jid(value) if isinstance(value, JID) else _text(str(value))


def _text(text: str) -> bytes:
    return _short(text) if len(text) <= SHORT else _string(text)


@lru_cache(maxsize=REMEMBERED)
def _short(text: str) -> bytes:
    return _string(text)


def _string(text: str) -> bytes:
    token = _known().get(text)
    if token is not None:
        return token
    if 0 < len(text) <= tags.PACKED_MAX:
        if all(character in _NIBBLE for character in text):
            return _packed(text, _NIBBLE, tags.NIBBLE_8)
        if all(character in _HEX for character in text):
            return _packed(text, _HEX, tags.HEX_8)
    return _binary(text.encode())


def _packed(text: str, alphabet: dict[str, int], tag: int) -> bytes:
    values = [alphabet[character] for character in text]
    odd = len(values) % 2
    if odd:
        values.append(tags.FILLER)
    packed = bytes(values[i] << 4 | values[i + 1] for i in range(0, len(values), 2))
    return bytes((tag, len(packed) | odd << 7)) + packed


def _binary(data: bytes) -> bytes:
    size = len(data)
    if size < 1 << 8:
        return bytes((tags.BINARY_8, size)) + data
    if size < 1 << 20:
        return bytes((tags.BINARY_20,)) + size.to_bytes(3, "big") + data
    return bytes((tags.BINARY_32,)) + size.to_bytes(4, "big") + data


@lru_cache(maxsize=REMEMBERED)
def _jid(jid: JID) -> bytes:
    if jid.device and jid.server in _AGENT:
        return bytes((tags.AD_JID, _AGENT[jid.server], jid.device)) + _string(jid.user)
    user = _string(jid.user) if jid.user else bytes((tags.LIST_EMPTY,))
    return bytes((tags.JID_PAIR,)) + user + _string(jid.server)


def _list_header(size: int) -> bytes:
    if size == 0:
        return bytes((tags.LIST_EMPTY,))
    if size < 1 << 8:
        return bytes((tags.LIST_8, size))
    return bytes((tags.LIST_16,)) + size.to_bytes(2, "big")
