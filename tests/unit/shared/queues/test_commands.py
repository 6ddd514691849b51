"""Commands in their queue: what can be read, and whose command it is when it cannot."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models.command import Command, CommandKind
from shared.models.instance import InstanceKey
from shared.queues.commands import CommandQueues, Subject, decode, subject_of
from shared.queues.dead import DeadCommands
from shared.queues.queue import Outgoing, Queue, Received

KEY = InstanceKey("acme", "shop-1")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


class Recorded(Queue):
    """A queue that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []

    async def send(self, message: Outgoing) -> None:
        self.messages.append(message)


async def queued(command: Command, dedup: str | None = None, body: str | None = None) -> Received:
    queue = Recorded()
    await CommandQueues(lambda _partition: queue).send(0, command, dedup)
    (sent,) = queue.messages
    return Received(body or sent.body, "handle", 1, 0.0, sent.group, "id", sent.dedup)


@given(st.text() | JSON.map(json.dumps) | st.just("[" * 100_000))
def test_what_is_no_command_is_a_value_error(body: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(body)


@given(
    st.fixed_dictionaries(
        {"id": st.just("cmd_1") | JSON, "kind": st.just("send") | JSON, "instance": st.just("a#b") | JSON, "args": JSON}
    )
)
def test_a_command_is_read_as_one_or_refused(raw: dict[str, object]) -> None:
    try:
        command = decode(json.dumps(raw))
    except ValueError:
        return
    assert isinstance(command.id, str)
    assert isinstance(command.args, dict)


@pytest.mark.parametrize("body", [None, "not json", "{}"])
async def test_a_message_is_known_by_its_envelope(body: str | None) -> None:
    command = Command("cmd_1", CommandKind.SEND, KEY, {"message_id": "msg_1"})
    assert subject_of(await queued(command, "msg_1", body)) == Subject(KEY, message_id="msg_1")


async def test_a_control_command_is_known_by_its_id_whatever_it_was_queued_under() -> None:
    command = Command("cmd_1", CommandKind.PAIR, KEY)
    assert subject_of(await queued(command)) == Subject(KEY, command_id="cmd_1")
    assert subject_of(await queued(command, "pair-x")) == Subject(KEY, command_id="cmd_1")
    assert subject_of(await queued(command, "pair-x", "broken")) == Subject(KEY, command_id="pair-x")


async def test_a_check_of_numbers_holds_back_no_other_command() -> None:
    kinds = (CommandKind.SEND, CommandKind.CHECK_NUMBERS, CommandKind.PAIR)
    came = [await queued(Command("cmd_1", kind, KEY)) for kind in kinds]
    assert len({received.group for received in came}) == len(kinds)
    assert [subject_of(received) for received in came[1:]] == [Subject(KEY, command_id="cmd_1")] * 2


def test_what_others_put_on_the_queue_is_nobodys() -> None:
    assert subject_of(Received("x", "handle", 1, 0.0, "stray", "id", "d")) is None
    assert subject_of(Received("x", "handle", 1, 0.0, "acme#a", "id", None)) is None


@pytest.mark.parametrize("body", ['{"kind": "send", "text": "\\ud800"}', "not json", "[" * 100_000])
async def test_a_dead_command_is_kept_with_its_error(body: str) -> None:
    queue = Recorded()
    await DeadCommands(queue).put(Received(body, "handle", 3, 0.0, "acme#a", "id", "msg_1"), "KeyError: 'to'", 3, "now")
    (sent,) = queue.messages
    kept = json.loads(sent.body.encode("ascii"))
    assert (kept["error"], kept["attempts"], kept["at"]) == ("KeyError: 'to'", 3, "now")
    assert kept["command"] == (json.loads(body) if body.startswith("{") else body)
    assert (sent.group, sent.dedup) == ("acme#a", "id")
