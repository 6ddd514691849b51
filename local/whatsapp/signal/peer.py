"""All sessions with one device of somebody else. Usually one; more after both sides opened one, or one was renewed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.signal.errors import DuplicateError, NoSessionError, SignalError
from local.whatsapp.signal.messages import OpeningMessage
from local.whatsapp.signal.session import Encrypted, Session

SESSIONS_MAX = 5


@dataclass(slots=True)
class Peer:
    """`sessions`, the one last used first."""

    sessions: list[Session] = field(default_factory=list)

    def encrypt(self, own: KeyPair, plaintext: bytes, initiate: Callable[[], Session]) -> Encrypted:
        """Encrypts in the current session, or in the one that `initiate` makes when there is none to trust."""
        session = next((each for each in self.sessions if not each.suspect), None) or initiate()
        self._use(session)
        return session.encrypt(own, plaintext)

    def decrypt(self, own: KeyPair, signed_prekey: KeyPair, kind: str, data: bytes) -> bytes:
        """Raises SignalError."""
        if kind == "pkmsg":
            opening = OpeningMessage.parse(data)
            known = next((each for each in self.sessions if each.base == opening.base), None)
            session = known or Session.respond(own, signed_prekey, opening)
            plaintext = session.decrypt(own, opening.message)
        else:
            session, plaintext = self._try_all(own, data)
        self._use(session)
        return plaintext

    def distrust(self) -> None:
        """Our next message opens a new session; the old ones stay for what is still under way."""
        for session in self.sessions:
            session.suspect = True

    def _try_all(self, own: KeyPair, data: bytes) -> tuple[Session, bytes]:
        failure: SignalError = NoSessionError("no session")
        for session in self.sessions:
            try:
                return session, session.decrypt(own, data)
            except DuplicateError:
                raise
            except SignalError as error:
                failure = error
        raise failure

    def _use(self, session: Session) -> None:
        self.sessions = [session, *(each for each in self.sessions if each is not session)][:SESSIONS_MAX]
