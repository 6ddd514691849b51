"""WhatsApp pads each plaintext with n bytes of value n, so that its length tells less."""

import secrets

PAD_MAX = 15


def pad(plaintext: bytes) -> bytes:
    count = secrets.randbelow(PAD_MAX) + 1
    return plaintext + bytes((count,)) * count


def unpad(padded: bytes) -> bytes:
    """Empty when there is nothing but padding."""
    return padded[: -padded[-1]] if padded and padded[-1] else padded
