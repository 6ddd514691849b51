from __future__ import annotations

from pathlib import Path

import pytest

from local.whatsapp.wire.tokens import TokensNotFoundError, installed_tokens, read_tokens


def test_the_installed_library_holds_the_whole_dictionary() -> None:
    tokens = installed_tokens()
    assert len(tokens.single) == 236
    assert [len(page) for page in tokens.double] == [256] * 4
    assert tokens.single[:4] == ("", "xmlstreamstart", "xmlstreamend", "s.whatsapp.net")
    known = {*tokens.single, *(text for page in tokens.double for text in page)}
    assert {"iq", "message", "receipt", "participant", "usync", "enc", "pkmsg", "skmsg"} <= known


def test_a_library_without_tokens_is_a_clear_error() -> None:
    with pytest.raises(TokensNotFoundError):
        read_tokens(next(Path("/proc/self").glob("exe")).resolve())
