"""What a signal from WhatsApp means for an instance: a pure table.

created ---pair---> pairing --Paired--> connecting --Connected--> connected
   ^                   |                  ^    ^                      |
   |             PairingEnded             |    `----Disconnected------'
   |                   v                  |
   `--pair--- disconnected (qr_expired)   `--- retry --- disconnected (timeout, proxy, library)
                                                         disconnected (stream_replaced): only by restart
              logged_out (device_removed, logged_out)    failed (ban, outdated): only by restart
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from session_host.whatsapp.port import (
    Connected,
    Disconnected,
    EndReason,
    Paired,
    PairingEnded,
    SessionEnded,
)
from shared.models.instance import InstanceState, Reason
from shared.reasons import reason

LifecycleSignal = Paired | PairingEnded | Connected | Disconnected | SessionEnded

_AFTER_PAIRING = {EndReason.CLIENT_OUTDATED: InstanceState.FAILED}
_AFTER_SESSION = {
    EndReason.DEVICE_REMOVED: InstanceState.LOGGED_OUT,
    EndReason.TEMPORARY_BAN: InstanceState.FAILED,
    EndReason.CLIENT_OUTDATED: InstanceState.FAILED,
    EndReason.CRASHES_SESSION_HOST: InstanceState.FAILED,
}
UNLINKED: dict[str, Any] = {"linked": False, "jid": None, "phone": None, "lid": None}
RETRIED = frozenset(
    {
        EndReason.CONNECT_TIMEOUT,
        EndReason.CONNECT_FAILURE,
        EndReason.PROXY_UNREACHABLE,
        EndReason.LIBRARY_STOPPED,
        EndReason.CONNECTION_DEAD,
        EndReason.EARLIER_SESSION,
        EndReason.STORE_UNWRITABLE,
    }
)


@dataclass(frozen=True, slots=True)
class Change:
    """The state an instance goes into, why, and what else is known of it from now on.

    `connect`: open the session now. `retry`: open it again after a pause. `forget`: its credentials are worthless.
    """

    state: InstanceState
    reason: Reason | None = None
    identity: dict[str, Any] = field(default_factory=dict)
    connect: bool = False
    retry: bool = False
    forget: bool = False


def change_for(signal: LifecycleSignal) -> Change:
    """What follows from a signal."""
    match signal:
        case Paired():
            known = {"linked": True, "jid": signal.jid, "phone": signal.phone, "lid": signal.lid}
            return Change(InstanceState.CONNECTING, identity=known, connect=True)
        case PairingEnded():
            state = _AFTER_PAIRING.get(signal.reason, InstanceState.DISCONNECTED)
            return Change(state, reason(signal.reason, signal.detail))
        case Connected():
            return Change(InstanceState.CONNECTED)
        case Disconnected():
            return Change(InstanceState.CONNECTING, reason("connection_lost", signal.detail))
    return _ended(signal)


def _ended(signal: SessionEnded) -> Change:
    state = _AFTER_SESSION.get(signal.reason, InstanceState.DISCONNECTED)
    why = reason(signal.reason, _detail(signal))
    if state is InstanceState.LOGGED_OUT:
        return Change(state, why, UNLINKED, forget=True)
    return Change(state, why, retry=signal.reason in RETRIED)


def _detail(signal: SessionEnded) -> str:
    if signal.until is None:
        return signal.detail
    until = datetime.fromtimestamp(signal.until, UTC).isoformat(timespec="seconds")
    return f"until {until}" if not signal.detail else f"{signal.detail}; until {until}"
