"""The public keys by which anyone can open a session with a device that is not there."""

from dataclasses import dataclass

from local.whatsapp.crypto.keys import DJB_TYPE, KeyPair


@dataclass(frozen=True, slots=True)
class PreKey:
    """A one-time key; each is handed out once."""

    id: int
    public: bytes


@dataclass(frozen=True, slots=True)
class SignedPreKey:
    id: int
    public: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    registration_id: int
    identity: bytes
    signed_prekey: SignedPreKey
    one_time: PreKey | None = None


def sign_prekey(identity: KeyPair, prekey_id: int, public: bytes) -> SignedPreKey:
    """The key with its owner's signature, as peers verify it."""
    return SignedPreKey(prekey_id, public, identity.sign(DJB_TYPE + public))
