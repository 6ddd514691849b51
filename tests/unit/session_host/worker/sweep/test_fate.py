"""What becomes of a message that makes no progress, whatever its owner knows of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_host.worker.sweep.fate import LATEST_QUEUED_S, Facts, Fate, fate_of
from shared.models.message import UNSENT, UNSETTLED, MessageState, OnUncertain
from shared.store.messages import Unsettled

T = 1_800_000_000.0
LATE = T + LATEST_QUEUED_S + 1


def message(
    state: MessageState = MessageState.ACCEPTED,
    on_uncertain: OnUncertain = OnUncertain.HOLD,
    deadline: float | None = T + 86_400,
) -> Unsettled:
    return Unsettled("msg_1", state, "1", "text", on_uncertain, T, deadline, None)


SENDING, QUEUED = message(MessageState.SENDING), message(MessageState.QUEUED)
RESEND = message(MessageState.SENDING, OnUncertain.RESEND)
DUE = message(deadline=T + 60)


@pytest.mark.parametrize(
    ("one", "facts", "fate"),
    [
        (message(), Facts(T + 10), Fate.KEEP),  # the API is about to queue it
        (message(), Facts(LATE), Fate.TRACE),
        (message(), Facts(LATE, in_hand=True, received_until=LATE), Fate.KEEP),
        (message(), Facts(LATE, held_back=True), Fate.KEEP),
        (message(), Facts(LATE, received_until=T + 60), Fate.TRACE),  # may have been queued after that
        (message(), Facts(LATE + 5, received_until=LATE), Fate.NOT_QUEUED),
        (message(), Facts(LATE + 5, held_back=True, received_until=LATE), Fate.NOT_QUEUED),
        (QUEUED, Facts(LATE + 5, received_until=LATE), Fate.NOT_QUEUED),
        (DUE, Facts(T + 59), Fate.KEEP),
        (DUE, Facts(T + 60, in_hand=True), Fate.EXPIRED),
        (SENDING, Facts(T + 1), Fate.UNCERTAIN),
        (SENDING, Facts(T + 86_401, in_hand=True), Fate.KEEP),
        (RESEND, Facts(T + 1), Fate.KEEP),
        (RESEND, Facts(LATE), Fate.TRACE),
        (RESEND, Facts(LATE + 5, received_until=LATE), Fate.UNCERTAIN),
        (RESEND, Facts(T + 86_401), Fate.UNCERTAIN),
        (message(), Facts(T, deleted=True), Fate.DELETED),
        (SENDING, Facts(T, in_hand=True, deleted=True), Fate.UNCERTAIN),
    ],
)
def test_the_table(one: Unsettled, facts: Facts, fate: Fate) -> None:
    assert fate_of(one, facts) is fate


messages = st.builds(
    message,
    st.sampled_from(UNSETTLED),
    st.sampled_from(list(OnUncertain)),
    st.none() | st.floats(T, T + 1_000),
)
facts = st.builds(
    Facts,
    now=st.floats(T, T + 2_000),
    in_hand=st.booleans(),
    held_back=st.booleans(),
    received_until=st.none() | st.floats(T - 1_000, T + 2_000),
    deleted=st.booleans(),
)


@given(messages, facts)
def test_nothing_that_whatsapp_may_have_seen_is_called_failed_and_nothing_unsent_uncertain(
    one: Unsettled, known: Facts
) -> None:
    fate = fate_of(one, known)
    if one.state in UNSENT:
        assert fate is not Fate.UNCERTAIN
    else:
        assert fate in {Fate.KEEP, Fate.TRACE, Fate.UNCERTAIN}


@given(messages, facts)
def test_what_may_still_be_sent_is_left_alone(one: Unsettled, known: Facts) -> None:
    expired = one.deadline is not None and one.deadline <= known.now
    if known.in_hand and not expired and not known.deleted:
        assert fate_of(one, known) is Fate.KEEP
    if fate_of(one, known) is Fate.NOT_QUEUED:
        assert known.received_until is not None
        assert known.received_until > one.accepted_at + LATEST_QUEUED_S


@given(messages, st.floats(LATE + 1, T + 2_000))
def test_every_message_that_nobody_has_in_hand_comes_to_an_end_once_a_trace_is_back(one: Unsettled, now: float) -> None:
    assert fate_of(one, Facts(now)) is not Fate.KEEP
    assert fate_of(one, Facts(now, received_until=now)) not in {Fate.KEEP, Fate.TRACE}
