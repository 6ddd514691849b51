from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.whatsapp.signal import fields


@given(st.dictionaries(st.integers(1, 2**20), st.integers(0, 2**63) | st.binary(max_size=200), max_size=8))
def test_what_is_written_is_read(values: dict[int, int | bytes]) -> None:
    written = b"".join(
        fields.number(field, value) if isinstance(value, int) else fields.blob(field, value)
        for field, value in values.items()
    )
    assert fields.parse(written) == values


@given(st.binary(max_size=100))
def test_garbage_is_fields_or_one_clear_error(garbage: bytes) -> None:
    try:
        fields.parse(garbage)
    except fields.FieldError:
        return


@pytest.mark.parametrize("broken", [b"\x08", b"\x0a\x05abc", b"\x0d\0\0\0\0", b"\xff" * 12])
def test_broken_fields_are_refused(broken: bytes) -> None:
    with pytest.raises(fields.FieldError):
        fields.parse(broken)
