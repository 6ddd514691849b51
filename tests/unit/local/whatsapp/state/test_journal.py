from __future__ import annotations

from local.whatsapp.state.journal import Journal, Kind


def test_the_first_mark_calls_once_until_taken() -> None:
    calls: list[int] = []
    journal = Journal(lambda: calls.append(1))
    for key in ("1", "2", "1"):
        journal.mark(Kind.ACCOUNT, key)
    assert len(calls) == 1
    assert journal.take() == [(Kind.ACCOUNT, "1"), (Kind.ACCOUNT, "2")]
    journal.mark(Kind.ACCOUNT, "3")
    assert len(calls) == 2


def test_what_was_taken_is_unwritten_until_said_otherwise() -> None:
    journal = Journal()
    journal.mark(Kind.ACCOUNT, "1")
    journal.take()
    assert journal.unwritten == 1
    journal.restore()
    assert journal.take() == [(Kind.ACCOUNT, "1")]
    journal.written()
    assert journal.unwritten == 0
