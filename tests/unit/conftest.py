"""What all unit tests share: a garbage collector that does not look through what was imported, again and again."""

from __future__ import annotations

import gc

import pytest

gc.disable()  # while tests are collected, of which all stays; who only hands them to other processes needs none


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
