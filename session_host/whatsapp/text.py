"""Texts of the library's protobuf, which need not be texts.

The forms are of proto2, whose strings nobody checks on the way: where their bytes are no UTF-8, reading gives `bytes`.
Whoever writes can send such, and it must not stop anybody who passes it on.
"""

from __future__ import annotations


def text_of(field: str | bytes) -> str:
    """A string field as a text that can be encoded; what is no UTF-8 is replaced."""
    if isinstance(field, str):
        field = field.encode(errors="replace")
    return field.decode(errors="replace")
