from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.whatsapp.wire.frames import FrameReader, FramingError, frame

HEADER = b"WA\x06\x03"


@given(st.lists(st.binary(max_size=300), max_size=8), st.data())
def test_frames_arrive_whole_however_the_stream_is_cut(bodies: list[bytes], data: st.DataObject) -> None:
    stream = HEADER + b"".join(map(frame, bodies))
    reader, received = FrameReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        received += reader.feed(stream[:size])
        stream = stream[size:]
    assert received == bodies
    assert reader.header == HEADER


@pytest.mark.parametrize("header", [b"XX\x06\x03", b"WA\x06\x02", b"GET "])
def test_a_foreign_header_is_refused(header: bytes) -> None:
    with pytest.raises(FramingError, match="header"):
        FrameReader().feed(header)
