from __future__ import annotations

from pathlib import Path

import pytest

from session_host.whatsapp.trust import WHATSAPP_ROOT, TrustError, trust_root, writable_ranges

LIBRARY = "/site-packages/neonize/neonize-linux-arm64.so"
MAPS = f"""\
10000-20000 r-xp 00000000 08:01 1 {LIBRARY}
20000-30000 rw-p 00010000 08:01 1 {LIBRARY}
30000-38000 rw-p 00000000 00:00 0
40000-50000 rw-p 00000000 00:00 0
60000-70000 rw-p 00000000 08:01 2 /usr/lib/another.so
"""


def test_only_writable_memory_of_the_library_is_searched() -> None:
    assert list(writable_ranges(MAPS.splitlines(keepends=True), LIBRARY)) == [(0x20000, 0x30000)]


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(TrustError, match="32 bytes"):
        trust_root(Path(LIBRARY), b"short")


def test_a_library_without_the_root_is_left_alone() -> None:
    with pytest.raises(TrustError, match="found 0 times"):
        trust_root(Path("/not/loaded.so"), bytes(32))


def test_the_root_is_a_whole_key() -> None:
    assert len(WHATSAPP_ROOT) == 32
