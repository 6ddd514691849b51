"""A mark that the store says is there already: by this very attempt it is sent, by a former owner's it is not."""

from __future__ import annotations

from typing import Any, cast

import pytest

from session_host.whatsapp.port import Sent, Session
from session_host.worker.door import Door
from session_host.worker.entry import Entry
from session_host.worker.incoming import Incoming
from session_host.worker.ledger import Ledger, Outdated
from session_host.worker.outgoing import Outgoing, OutgoingMessage
from shared.clock import SystemClock
from shared.models.instance import InstanceKey
from shared.models.message import MessageState, OnUncertain
from shared.store.database import Update, Values
from shared.store.messages import Messages

KEY = InstanceKey("acme", "a")
MESSAGE = OutgoingMessage("msg_1", "4915550002", "text", {"text": "hi"}, OnUncertain.HOLD, 0, None, 1_800_000_000.0)


class OneMessage:
    """Both the owner's pen and the store; the answer to the first write that marks `sending` is lost."""

    def __init__(self, state: MessageState) -> None:
        self.values: Values = {"instance": str(KEY), "id": "msg_1", "to": "4915550002", "type": "text"}
        self.values |= {"content": {"text": "hi"}, "state": state, "timeline": []}

    async def record(self, entry: Entry) -> None:
        before = self.values["state"]
        (update,) = entry.writes
        assert isinstance(update, Update)
        assert update.condition is not None
        if before not in update.condition.values.values():
            raise Outdated
        self.values |= update.sets
        if self.values["state"] is MessageState.SENDING:
            raise Outdated  # asked again, under a token that the store had forgotten

    async def get(self, _table: str, _key: Values) -> Values:
        return self.values

    async def query(self, _table: str, _where: Any, **_options: Any) -> tuple[list[Values], None]:
        return [], None


class Phone:
    """Takes texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send_text(self, _to: str, text: str) -> Sent:
        self.texts.append(text)
        return Sent("3EB0", 1_800_000_000.0)


async def at_once(_message: OutgoingMessage) -> None:
    """No pacing."""


@pytest.mark.parametrize(
    ("found", "ends", "texts"),
    [(MessageState.ACCEPTED, MessageState.SENT, ["hi"]), (MessageState.SENDING, MessageState.UNCERTAIN, [])],
)
async def test_only_its_own_mark_lets_a_message_out(found: MessageState, ends: MessageState, texts: list[str]) -> None:
    store, phone, clock = OneMessage(found), Phone(), SystemClock()
    ledger, messages = cast(Ledger, store), Messages(cast(Any, store))
    incoming = Incoming(KEY, ledger, messages, clock)
    session = cast(Session, phone)
    outgoing = Outgoing(KEY, ledger, messages, incoming, clock, lambda: session, at_once, Door())
    await outgoing.send(MESSAGE)
    assert store.values["state"] is ends
    assert phone.texts == texts
