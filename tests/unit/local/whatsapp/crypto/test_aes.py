from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.whatsapp.crypto.aes import PaddingError, cbc_decrypt, cbc_encrypt, ctr

keys = st.binary(min_size=32, max_size=32)
ivs = st.binary(min_size=16, max_size=16)

# NIST SP 800-38A, F.5.5: CTR with a key of 256 bits
NIST_KEY = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
NIST_IV = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
NIST_PLAIN = "6bc1bee22e409f96e93d7e117393172a"
NIST_CIPHER = "601ec313775789a5b7a7f504bbf3d228"


def test_nist_counter_mode() -> None:
    key, iv, plain = map(bytes.fromhex, (NIST_KEY, NIST_IV, NIST_PLAIN))
    assert ctr(key, iv, plain).hex() == NIST_CIPHER


@given(keys, ivs, st.binary(max_size=200))
def test_cbc_round_trip(key: bytes, iv: bytes, plaintext: bytes) -> None:
    sealed = cbc_encrypt(key, iv, plaintext)
    assert len(sealed) % 16 == 0
    assert cbc_decrypt(key, iv, sealed) == plaintext


@pytest.mark.parametrize("ciphertext", [b"", b"short", bytes(16)])
def test_what_was_never_encrypted_is_refused(ciphertext: bytes) -> None:
    with pytest.raises(PaddingError):
        cbc_decrypt(bytes(32), bytes(16), ciphertext)
