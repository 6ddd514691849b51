from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_host.whatsapp.pairing.lines import LineError, decode, encode

VALUES = st.none() | st.booleans() | st.integers() | st.text()


@given(st.dictionaries(st.text(), VALUES))
def test_lines_come_back_as_they_were(line: dict[str, object]) -> None:
    data = encode(line)

    assert data.count(b"\n") == 1
    assert data.endswith(b"\n")
    assert decode(data) == line


@pytest.mark.parametrize("data", [b"Press Ctrl+C to exit\n", b"[]\n", b"1\n", b"\xff\n"])
def test_anything_else_is_no_line(data: bytes) -> None:
    with pytest.raises(LineError):
        decode(data)
