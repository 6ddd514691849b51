"""Whatever is encoded decodes to the same; whatever else comes in is one clear error."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.whatsapp.wire import tags
from local.whatsapp.wire.decoder import DEPTH_MAX, DecodeError, decode
from local.whatsapp.wire.encoder import encode
from local.whatsapp.wire.jid import GROUP_SERVER, JID, LID_SERVER, PN_SERVER, SERVER
from local.whatsapp.wire.node import Attribute, Content, Node
from local.whatsapp.wire.tokens import installed_tokens

TOKENS = installed_tokens()
tokens = st.sampled_from([text for text in (*TOKENS.single, *TOKENS.double[0], *TOKENS.double[3]) if text])
packable = st.text(tags.NIBBLES, min_size=1, max_size=140) | st.text(tags.HEX_DIGITS, min_size=1, max_size=140)
texts = tokens | packable | st.text(min_size=1, max_size=60)
users = st.text("0123456789", min_size=1, max_size=20)
plain_jids = st.builds(JID, users, st.sampled_from([PN_SERVER, LID_SERVER, GROUP_SERVER, "broadcast"]), st.just(0))
device_jids = st.builds(
    JID, users, st.sampled_from([PN_SERVER, LID_SERVER, "hosted", "hosted.lid"]), st.integers(1, 255)
)
attributes = texts | plain_jids | device_jids | st.just(SERVER)
leaves = st.none() | st.binary(max_size=400) | texts


def nodes(contents: st.SearchStrategy[Content]) -> st.SearchStrategy[Node]:
    return st.builds(Node, texts, st.dictionaries(texts, attributes, max_size=5), contents)


trees = st.recursive(nodes(leaves), lambda inner: nodes(st.lists(inner, max_size=4)), max_leaves=12)


def same(one: Node, other: Node) -> bool:
    """Text that is no token comes back as bytes, and an empty list may come back as one: that is the format's."""
    if one.tag != other.tag or one.attrs != other.attrs or one.data() != other.data():
        return False
    pairs = zip(one.children(), other.children(), strict=True)
    return (one.content is None) == (other.content is None) and all(same(*pair) for pair in pairs)


@settings(max_examples=60)
@given(trees)
def test_what_is_encoded_decodes_to_the_same(node: Node) -> None:
    assert same(decode(encode(node)), node)


@settings(max_examples=60)
@given(trees)
def test_compressed_frames_decode_too(node: Node) -> None:
    assert same(decode(b"\2" + zlib.compress(encode(node)[1:])), node)


@settings(max_examples=60)
@given(trees, st.data())
def test_no_truncated_frame_decodes(node: Node, data: st.DataObject) -> None:
    encoded = encode(node)
    with pytest.raises(DecodeError):
        decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@given(st.binary(max_size=300))
def test_garbage_is_a_node_or_one_clear_error(garbage: bytes) -> None:
    try:
        decoded = decode(garbage)
    except DecodeError:
        return
    assert isinstance(decoded, Node)


@settings(max_examples=60)
@given(trees, st.data())
def test_a_flipped_byte_is_a_node_or_one_clear_error(node: Node, data: st.DataObject) -> None:
    broken = bytearray(encode(node))
    broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decode(bytes(broken))
    except DecodeError:
        return


@pytest.mark.parametrize(("count", "tag"), [(1, tags.LIST_8), (255, tags.LIST_8), (256, tags.LIST_16)])
def test_long_lists(count: int, tag: int) -> None:
    encoded = encode(Node(TOKENS.single[4], {}, [Node("item")] * count))
    assert encoded[4] == tag
    assert len(decode(encoded).children()) == count


@pytest.mark.parametrize("size", [0, 255, 256, (1 << 20) - 1, 1 << 20])
def test_binary_of_every_length_class(size: int) -> None:
    content = bytes(size)
    assert decode(encode(Node("enc", {}, content))).content == content


def test_absent_and_empty_attributes_are_left_out() -> None:
    attrs: dict[str, Attribute] = {"id": "1", "type": None, "name": "", "count": 7}
    assert decode(encode(Node("iq", attrs))).attrs == {"id": "1", "count": "7"}


def test_a_known_frame() -> None:
    """`<iq to="s.whatsapp.net" id="12.3" type="get"/>`, put together by hand from the token table."""
    single = {text: bytes((index,)) for index, text in enumerate(TOKENS.single)}
    jid = bytes((tags.JID_PAIR, 0)) + single["s.whatsapp.net"]
    packed = bytes((tags.NIBBLE_8, 2, 0x12, 0xB3))
    body = bytes((0, tags.LIST_8, 7)) + single["iq"]
    body += single["to"] + jid + single["id"] + packed + single["type"] + single["get"]
    node = Node("iq", {"to": SERVER, "id": "12.3", "type": "get"})
    assert encode(node) == body
    assert decode(body) == node


def test_nesting_is_bounded() -> None:
    one_level = bytes((tags.LIST_8, 2, 4, tags.LIST_8, 1))
    with pytest.raises(DecodeError, match="deep"):
        decode(b"\0" + one_level * (DEPTH_MAX + 2) + bytes((tags.LIST_8, 1, 4)))


def test_a_compression_bomb_is_refused() -> None:
    with pytest.raises(DecodeError, match="too large"):
        decode(b"\2" + zlib.compress(bytes(1 << 25)))


def test_bytes_after_the_node_are_refused() -> None:
    with pytest.raises(DecodeError, match="after the node"):
        decode(encode(Node("iq")) + b"\1")
