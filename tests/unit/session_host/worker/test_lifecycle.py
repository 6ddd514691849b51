"""What each signal means for an instance."""

from __future__ import annotations

import pytest

from session_host.whatsapp.port import Connected, Disconnected, EndReason, Paired, PairingEnded, Person, SessionEnded
from session_host.worker.lifecycle import Change, LifecycleSignal, change_for
from shared.models.instance import InstanceState
from shared.reasons import CODES, reason

ME = Person("4915550001:1@s.whatsapp.net", "4915550001")


@pytest.mark.parametrize("why", list(EndReason))
def test_every_reason_has_a_meaning_and_an_action_for_the_owner(why: EndReason) -> None:
    assert why in CODES
    for signal in (PairingEnded(why), SessionEnded(why)):
        change = change_for(signal)
        assert change.reason is not None
        assert change.reason.detail
        assert change.reason.action
        assert change.state is not InstanceState.CONNECTED


@pytest.mark.parametrize(
    ("signal", "state"),
    [
        (Paired("j", "4915550001", "l"), InstanceState.CONNECTING),
        (PairingEnded(EndReason.QR_EXPIRED), InstanceState.DISCONNECTED),
        (PairingEnded(EndReason.CLIENT_OUTDATED), InstanceState.FAILED),
        (Connected(ME), InstanceState.CONNECTED),
        (Disconnected(), InstanceState.CONNECTING),
        (SessionEnded(EndReason.STREAM_REPLACED), InstanceState.DISCONNECTED),
        (SessionEnded(EndReason.DEVICE_REMOVED), InstanceState.LOGGED_OUT),
        (SessionEnded(EndReason.TEMPORARY_BAN), InstanceState.FAILED),
        (SessionEnded(EndReason.PROXY_UNREACHABLE), InstanceState.DISCONNECTED),
    ],
)
def test_states(signal: LifecycleSignal, state: InstanceState) -> None:
    assert change_for(signal).state is state


def test_a_replaced_session_does_not_fight_for_the_connection() -> None:
    change = change_for(SessionEnded(EndReason.STREAM_REPLACED))
    assert (change.retry, change.connect, change.forget) == (False, False, False)


def test_a_session_that_only_failed_to_connect_is_tried_again() -> None:
    for why in (EndReason.CONNECT_TIMEOUT, EndReason.PROXY_UNREACHABLE, EndReason.LIBRARY_STOPPED):
        assert change_for(SessionEnded(why)).retry


def test_an_unlinked_device_is_forgotten() -> None:
    change = change_for(SessionEnded(EndReason.DEVICE_REMOVED))
    assert change.forget
    assert change.identity["linked"] is False


def test_a_ban_tells_its_end() -> None:
    change = change_for(SessionEnded(EndReason.TEMPORARY_BAN, "code 101", 1_800_000_000.0))
    assert change == Change(InstanceState.FAILED, reason("temporary_ban", "code 101; until 2027-01-15T08:00:00+00:00"))
