"""What is sent to SQS."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.models.command import Command, CommandKind
from shared.models.instance import InstanceKey
from shared.queues.commands import decode, encode
from shared.queues.queue import Outgoing, Queue

REFUSED_BY_SQS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FakeSqs:
    """Keeps what it is given."""

    async def send_message(self, **entry: Any) -> None:
        self.body: str = entry["MessageBody"]


@given(st.text())
async def test_every_text_is_sent_in_characters_that_sqs_takes(text: str) -> None:
    sqs = FakeSqs()
    command = Command("cmd_1", CommandKind.SEND, InstanceKey("acme", "shop-1"), {"content": {"text": text}})
    await Queue(sqs, "url").send(Outgoing(encode(command)))
    assert not REFUSED_BY_SQS.search(sqs.body)
    assert decode(sqs.body) == command
    assert json.loads(sqs.body)["args"] == command.args


async def test_the_two_characters_that_json_leaves_alone_are_escaped() -> None:
    sqs = FakeSqs()
    await Queue(sqs, "url").send(Outgoing('{"text":"\ufffe\uffff"}'))
    assert sqs.body == '{"text":"\\ufffe\\uffff"}'
