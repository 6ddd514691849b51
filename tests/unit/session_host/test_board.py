from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from session_host import board
from session_host.board import SLOT_BYTES, SLOTS, Board


@pytest.fixture
def descriptor() -> Iterator[int]:
    made = board.create()
    yield made
    os.close(made)


def test_what_is_noted_is_there_until_it_is_taken_off(descriptor: int) -> None:
    mine = Board(descriptor)
    shop = mine.begin("acme#shop-1")
    with mine.noted("acme#café"), mine.noted("acme#shop-1"):
        assert board.read(descriptor) == {"acme#shop-1", "acme#café"}
    assert board.read(descriptor) == {"acme#shop-1"}
    mine.end(shop)
    mine.end(None)
    assert board.read(descriptor) == frozenset()


def test_a_full_board_notes_no_more_and_has_room_again(descriptor: int) -> None:
    mine = Board(descriptor)
    slots = [mine.begin(f"t#{number}") for number in range(SLOTS)]
    assert mine.begin("t#late") is None
    assert len(board.read(descriptor)) == SLOTS
    mine.end(slots[0])
    mine.begin("t#late")
    assert "t#late" in board.read(descriptor)


def test_a_long_key_stays_in_its_slot(descriptor: int) -> None:
    mine = Board(descriptor)
    mine.begin("x" * 1000)
    mine.begin("y")
    assert board.read(descriptor) == {"x" * SLOT_BYTES, "y"}


def test_it_can_be_read_after_the_process_that_wrote_it_aborted(descriptor: int) -> None:
    code = f"import os; from session_host.board import Board; Board({descriptor}).begin('acme#shop-1'); os.abort()"
    subprocess.run([sys.executable, "-c", code], pass_fds=[descriptor], check=False)
    assert board.read(descriptor) == {"acme#shop-1"}
