"""What must outlive the process, as plain data. Everything else is rebuilt from it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.signal.bundle import PreKey, SignedPreKey
from local.whatsapp.wire.jid import JID, LID_SERVER

LID_DIGITS = 14


@dataclass(slots=True)
class Behaviour:
    """How a phone acts: text it answers with, whether it reads what arrives, whether its number is on WhatsApp."""

    reply: str | None = None
    read: bool = False
    registered: bool = True


@dataclass(slots=True)
class Refusal:
    """How logins of an account are refused; `left` counts down, None means until cleared."""

    reason: str
    left: int | None = None
    code: str | None = None
    expire: str | None = None


@dataclass(slots=True)
class AccountRecord:
    """One number. `number` and `lid` are digits; `peers` are the LIDs it has written with, `introduced` its companions
    that have the app state key."""

    number: str
    lid: str
    name: str
    identity: KeyPair
    registration_id: int
    signed_prekey: KeyPair
    app_state_key_id: bytes
    app_state_key: bytes
    next_device: int = 1
    behaviour: Behaviour = field(default_factory=Behaviour)
    refusal: Refusal | None = None
    blocked: list[JID] = field(default_factory=list)
    peers: set[str] = field(default_factory=set)
    introduced: set[int] = field(default_factory=set)

    @classmethod
    def new(cls, number: str) -> AccountRecord:
        return cls(
            number=number,
            lid=_lid_of(number),
            name=f"User {number[-4:]}",
            identity=KeyPair.generate(),
            registration_id=secrets.randbelow(16_380) + 1,
            signed_prekey=KeyPair.generate(),
            app_state_key_id=bytes(2) + secrets.token_bytes(4),
            app_state_key=secrets.token_bytes(32),
        )

    @property
    def pn_jid(self) -> JID:
        return JID(self.number)

    @property
    def lid_jid(self) -> JID:
        return JID(self.lid, LID_SERVER)


@dataclass(slots=True)
class DeviceRecord:
    """One companion; `noise_key` is how it is recognised when it logs in."""

    number: str
    lid: str
    id: int
    noise_key: bytes
    identity: bytes
    registration_id: int
    signed_prekey: SignedPreKey
    prekeys: list[PreKey] = field(default_factory=list)

    @property
    def pn_jid(self) -> JID:
        return JID(self.number, device=self.id)

    @property
    def lid_jid(self) -> JID:
        return JID(self.lid, LID_SERVER, self.id)


@dataclass(slots=True)
class GroupRecord:
    """`members` and `admins` are LID users; times are unix seconds."""

    id: str
    subject: str
    creator: str
    created: int
    members: list[str]
    admins: set[str]
    subject_owner: str
    subject_time: int
    description: str = ""
    announcement: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that a phone read. `sender` is digits where the number is known; `to` is set on copies of what a
    companion of the phone's own account sent; `at` is unix seconds."""

    id: str
    sender: str
    kind: str
    text: str
    at: float
    group: str | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a phone wrote, kept in case a companion asks for it again. `peer`: between own devices."""

    to: JID
    body: bytes
    peer: bool = False


def _lid_of(number: str) -> str:
    """A LID tells nothing of its number, but the same number always gets the same one."""
    digest = int.from_bytes(hashlib.sha256(b"lid" + number.encode()).digest(), "big")
    return f"1{digest % 10**LID_DIGITS:0{LID_DIGITS}d}"
