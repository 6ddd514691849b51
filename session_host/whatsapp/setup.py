"""What all sessions of a process have in common."""

from __future__ import annotations

from dataclasses import dataclass, field

from session_host.whatsapp import store
from session_host.whatsapp.chain_guard import ChainGuard
from session_host.whatsapp.occupancy import Occupancy


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for a first connection, for a lost one to come back, for an answer, for a stop, for an earlier
    session of the same store to be gone."""

    connect: float = 45.0
    reconnect: float = 120.0
    answer: float = 60.0
    stop: float = 10.0
    earlier: float = 30.0


@dataclass(frozen=True, slots=True)
class Setup:
    """`starting_s`: how long a start may hold the gate."""

    journal: store.Journal
    starting_s: float
    patience: Patience
    occupancy: Occupancy = field(default_factory=Occupancy)
    chain_guard: ChainGuard = field(default_factory=ChainGuard)
