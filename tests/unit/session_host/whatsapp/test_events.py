from __future__ import annotations

from time import time
from typing import Any

import pytest

from session_host.whatsapp.events import SUBSCRIBED, Decoder
from session_host.whatsapp.library import protobuf_module
from session_host.whatsapp.port import Disconnected, EndReason, SessionEnded

neonize: Any = protobuf_module("Neonize_pb2")


def decoded(kind: int, event: Any) -> Any:
    return Decoder().signal(kind, event.SerializeToString())


def test_a_logout_says_when_and_why() -> None:
    assert decoded(6, neonize.LoggedOut(OnConnect=True, Reason="MAIN_DEVICE_GONE")) == SessionEnded(
        EndReason.DEVICE_REMOVED, "main_device_gone at login"
    )


def test_a_ban_says_until_when() -> None:
    ended = decoded(8, neonize.TemporaryBan(Code="BLOCKED_BY_USERS", Expire=3600))

    assert (ended.reason, ended.detail) == (EndReason.TEMPORARY_BAN, "blocked_by_users")
    assert ended.until == pytest.approx(time() + 3600, abs=60)


def test_a_ban_without_an_end_has_none() -> None:
    assert decoded(8, neonize.TemporaryBan(Code="BLOCKED_BY_USERS", Expire=0)).until is None


@pytest.mark.parametrize(
    ("kind", "event", "reason"),
    [
        (7, neonize.StreamReplaced(), EndReason.STREAM_REPLACED),
        (9, neonize.ConnectFailure(Reason="BAD_USER_AGENT", Message="go away"), EndReason.CONNECT_FAILURE),
        (10, neonize.ClientOutdated(), EndReason.CLIENT_OUTDATED),
    ],
)
def test_what_the_library_does_not_recover_from_ends_the_session(kind: int, event: Any, reason: EndReason) -> None:
    event.Raw.SetInParent() if kind == 9 else None
    assert Decoder().signal(kind, event.SerializePartialToString()).reason is reason  # type: ignore[union-attr]


def test_a_lost_socket_is_no_end() -> None:
    assert decoded(12, neonize.Disconnected(status=True)) == Disconnected()


@pytest.mark.parametrize("kind", [11, 44])
def test_what_is_only_worth_a_log_line_gives_no_signal(kind: int) -> None:
    assert kind in SUBSCRIBED
    assert Decoder().signal(kind, b"") is None
