"""AES in the two modes that the phones need beside GCM."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16


class PaddingError(Exception):
    """The plaintext does not end in the padding that it must end in."""


def cbc_encrypt(key: bytes, iv: bytes, plaintext: bytes) -> bytes:
    """CBC with PKCS #7 padding."""
    fill = BLOCK - len(plaintext) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(plaintext + bytes((fill,)) * fill) + encryptor.finalize()


def cbc_decrypt(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    """Raises PaddingError when the ciphertext cannot be one of this key."""
    if not ciphertext or len(ciphertext) % BLOCK:
        raise PaddingError(f"ciphertext of {len(ciphertext)} bytes")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    fill = padded[-1]
    if not 1 <= fill <= BLOCK or padded[-fill:] != bytes((fill,)) * fill:
        raise PaddingError("wrong padding")
    return padded[:-fill]


def ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    """CTR, the same in both directions."""
    encryptor = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()
