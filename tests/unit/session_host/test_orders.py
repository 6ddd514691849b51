from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_host.orders import Assignment, BadOrder, Extension, decode, encode
from shared.models.host import Lease

keys = st.text(min_size=1, max_size=20)
moments = st.floats(0, 1e9, allow_nan=False)


@given(st.integers(0, 255), st.integers(1, 2**60), moments, st.booleans(), st.lists(keys), st.frozensets(keys))
def test_an_assignment_comes_through(
    partition: int, epoch: int, until: float, cautious: bool, first: list[str], aside: frozenset[str]
) -> None:
    order = Assignment(Lease(partition, "host-1", 3, epoch), until, cautious, tuple(first), aside)
    line = encode(order)
    assert decode(line, "host-1") == order
    assert line.count(b"\n") == 1


@given(moments)
def test_an_extension_comes_through(until: float) -> None:
    assert decode(encode(Extension(until)), "host-1") == Extension(until)


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"{}", b"\xff", b'{"until": "soon"}', b'{"until": 1, "work": 1}', b'{"until": 1, "work": {}}']
)
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(BadOrder):
        decode(line, "host-1")
