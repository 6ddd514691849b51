"""The instances under test and the people who write with them."""

from __future__ import annotations

from dataclasses import dataclass

CUSTOMERS = 2
_OWNERS = 4_915_560_000_000
_HEARING = 4_917_560_000_000
_WRITING = 4_917_570_000_000


@dataclass(frozen=True, slots=True)
class Shop:
    """One instance. Whom it writes to never writes to it, for the library loses some messages that cross in a chat."""

    index: int

    @property
    def id(self) -> str:
        return f"shop-{self.index:03d}"

    @property
    def number(self) -> str:
        return str(_OWNERS + self.index)

    @property
    def hearing(self) -> list[str]:
        """The customers that it writes to."""
        return [str(_HEARING + self.index * CUSTOMERS + n) for n in range(CUSTOMERS)]

    @property
    def writing(self) -> list[str]:
        """The customers that write to it."""
        return [str(_WRITING + self.index * CUSTOMERS + n) for n in range(CUSTOMERS)]
