"""Hosts whose clocks run apart, that pause and die, whose calls are late, lost or carried out unheard: one owner at
a time; and once things are quiet, every partition has an owner, the shares are even, and nothing moves any more.

Workers live on while their supervisor is paused, until the alarm that it last gave them; they may be paused alone, or
together with it, and may miss what they are told. Whoever works does so alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from session_host.leases.ledger import Ledger, Plan
from session_host.leases.timing import Timing
from shared.models.host import Lease
from shared.store.partitions import LeaseLost
from tests.fakes.leases import LeaseTable

TIMING = Timing(15.0)
Kind = Literal["take", "renew", "release"]
T = TypeVar("T")
picks = st.integers(0, 23)
rates = st.sampled_from([0.92, 0.97, 1.03, 1.08])


@dataclass(eq=False)
class Worker:
    """One process. It works, unless it is paused, until its alarm; time goes on for the alarm of one that is paused."""

    alarm: float
    deaf: bool = False
    paused: bool = False


@dataclass(eq=False)
class Host:
    """One host: its ledger, and the workers that it runs. `paused` is the supervisor alone."""

    ledger: Ledger
    rate: float
    workers: dict[int, Worker] = field(default_factory=dict)
    drains: list[Lease] = field(default_factory=list)
    paused: bool = False
    stopping: bool = False
    dead: bool = False
    beat_at: float = -1e9
    looked_at: float = -1e9

    @property
    def id(self) -> str:
        return self.ledger.host_id

    @property
    def acts(self) -> bool:
        return not self.paused and not self.dead


@dataclass(eq=False)
class Call:
    """A write on its way. The host may give up on it at any time; it can be carried out long after that."""

    host: Host
    kind: Kind
    lease: Lease
    started: float
    result: Lease | LeaseLost | None = None
    abandoned: bool = False


@dataclass(eq=False)
class Look:
    """What the store looked like at some moment, on its way to a host."""

    host: Host
    leases: list[Lease]
    beats: dict[str, str]


class World(RuleBasedStateMachine):
    """True time, a store, hosts and a network between them."""

    @initialize(partitions=st.integers(1, 4), rates=st.lists(rates, min_size=2, max_size=3))
    def begin(self, partitions: int, rates: list[float]) -> None:
        self.time = 0.0
        self.table = LeaseTable(partitions)
        self.beats: dict[str, str] = {}
        self.hosts: list[Host] = []
        self.calls: list[Call] = []
        self.looks: list[Look] = []
        for rate in rates:
            self.join(rate)

    # what may happen

    @rule(seconds=st.sampled_from([0.2, 2.0, 5.0, 8.0, 11.0, 14.0, 15.5, 19.0]))
    def time_passes(self, seconds: float) -> None:
        """Hosts that run fence when it is time, whatever they wait for."""
        end = self.time + seconds
        while (at := self.next_fence()) is not None and at < end:
            self.time = max(self.time, at)
            self.fence()
        self.time = end
        self.fence()

    @rule(pick=picks)
    def whole_round(self, pick: int) -> None:
        """Everything that a host would do now, answered at once."""
        if host := choose(self.acting(), pick):
            self.round(host)

    @rule(pick=picks, what=st.sampled_from(["look", "ask", "hear", "renew", "drain", "beat"]))
    def act(self, pick: int, what: str) -> None:
        """One thing that a host does, with no answer yet."""
        host = choose(self.acting(), pick)
        if host is None:
            return
        if what == "look":  # as after a refused renewal: it plans nothing
            self.seen(Look(host, self.table.read(), dict(self.beats)), plans=False)
        elif what == "ask":
            self.looks.append(Look(host, self.table.read(), dict(self.beats)))
        elif what == "hear" and (look := choose([one for one in self.looks if one.host is host], pick)):
            self.looks.remove(look)
            self.seen(look, not host.stopping and not self.is_waiting(host))
        elif what == "renew":
            self.renew_due(host)
        elif what == "drain" and host.drains:
            self.finish_drain(host, host.drains.pop(0))
        elif what == "beat" and not host.stopping:
            self.beat(host)

    @rule(pick=picks, what=st.sampled_from(["arrive", "answer", "unheard", "late", "lost"]))
    def network(self, pick: int, what: str) -> None:
        """What becomes of a call; one that the host has given up on can still arrive."""
        waiting = [one for one in self.calls if one.result is None]
        if what == "answer":
            waiting = [one for one in self.calls if self.is_heard(one)]
        call = choose(waiting, pick)
        if call is None:
            return
        if what in {"late", "lost", "unheard"} and self.is_heard(call):
            self.give_up(call)
        if what == "lost":
            self.calls.remove(call)
        elif what != "late" and call.result is None:
            self.carry_out(call)
        if what == "answer":
            self.answer(call)

    @rule(
        pick=picks,
        what=st.sampled_from(["renew", "plan"]),
        arrives=st.sampled_from([0, 2, 5]),
        answered=st.sampled_from([None, 0, 3, 6, 9]),
        looks=st.booleans(),
        silence=st.sampled_from([0, 6, 12, 18]),
    )
    def slow(self, pick: int, what: str, arrives: int, answered: int | None, looks: bool, silence: int) -> None:
        """One host's calls take long or are never answered, then it does nothing, while the others go on."""
        host = choose(self.acting(), pick)
        if host is None:
            return
        if what == "renew":
            self.renew_due(host)
        else:
            self.seen(Look(host, self.table.read(), dict(self.beats)), not host.stopping and not self.is_waiting(host))
        calls = [call for call in self.calls if self.waits(host, call) and call.result is None]
        self.others_go_on(host, arrives)
        for call in calls:
            self.carry_out(call)
        self.others_go_on(host, answered or 0)
        if looks:
            self.seen(Look(host, self.table.read(), dict(self.beats)), plans=False)
        for call in calls:
            self.give_up(call) if answered is None else self.answer(call)
        self.others_go_on(host, silence)

    @rule(pick=picks, what=st.sampled_from(["pause", "freeze"]), seconds=st.sampled_from([6, 13, 18]))
    def absence(self, pick: int, what: str, seconds: int) -> None:
        """A supervisor, or a whole host, does nothing for a while and the others go on."""
        host = choose(self.acting(), pick)
        if host is None:
            return
        self.round(host)
        self.halt(host, paused=True, whole=what == "freeze")
        self.others_go_on(host, seconds)
        self.halt(host, paused=False, whole=what == "freeze")
        self.nobody_shares()

    @rule(pick=picks, what=st.sampled_from(["pause", "resume", "deafen", "hears again", "crash"]))
    def worker_fate(self, pick: int, what: str) -> None:
        """Workers hang, miss what they are told, or crash and are started again."""
        host = choose([host for host in self.living() if host.workers], pick)
        if host is None:
            return
        partition = sorted(host.workers)[pick % len(host.workers)]
        worker = host.workers[partition]
        if what in {"pause", "resume"}:
            worker.paused = what == "pause"
        elif what in {"deafen", "hears again"}:
            worker.deaf = what == "deafen"
        elif host.acts:  # its supervisor starts another one, under the deadline that holds
            host.workers[partition] = Worker(worker.alarm)

    @rule(
        pick=picks,
        what=st.sampled_from(["join", "pause", "pause", "resume", "freeze", "thaw", "die", "stop"]),
        rate=rates,
    )
    def fate(self, pick: int, what: str, rate: float) -> None:
        """Hosts come, go and freeze."""
        host = choose(self.living(), pick)
        if what == "join" and len(self.living()) < 4:
            self.join(rate)
        elif host and what in {"pause", "resume"}:
            self.halt(host, paused=what == "pause", whole=False)
        elif host and what in {"freeze", "thaw"}:
            self.halt(host, paused=what == "freeze", whole=True)
        elif host and what == "die":
            host.dead = True
            host.workers.clear()
        elif host and what == "stop" and host.acts:
            host.stopping = True
            self.beats.pop(host.id, None)
            host.drains += [host.ledger.leave(partition) for partition in host.ledger.working()]

    # what must hold

    @invariant()
    def one_owner_at_a_time(self) -> None:
        for partition in getattr(self, "table", LeaseTable(0)).leases:
            owners = [host.id for host in self.living() if host.ledger.holds(partition, self.local(host))]
            assert len(owners) <= 1, f"partition {partition} has {owners} at {self.time}"

    @invariant()
    def one_worker_at_a_time(self) -> None:
        """Whatever the supervisors may be doing."""
        for partition in getattr(self, "table", LeaseTable(0)).leases:
            workers = [host.id for host in self.living() if self.works(host, partition)]
            assert len(workers) <= 1, f"partition {partition} is worked on by {workers} at {self.time}"

    @invariant()
    def workers_run_for_held_leases_alone(self) -> None:
        for host in self.living():
            assert host.workers.keys() == set(host.ledger.held())

    def teardown(self) -> None:
        """In the end all becomes quiet."""
        if not hasattr(self, "hosts"):
            return
        for host in self.living():
            host.paused = False
            for worker in host.workers.values():
                worker.paused = worker.deaf = False
        self.fence()
        for call in [one for one in self.calls if self.is_heard(one)]:
            self.give_up(call)
        self.looks.clear()
        self.run_quietly(60)
        before = self.table_owners()
        self.check_shares(before)
        self.run_quietly(30)
        assert self.table_owners() == before

    def join(self, rate: float) -> None:
        host = Host(Ledger(f"host-{len(self.hosts)}", TIMING), rate)
        self.hosts.append(host)
        self.beat(host)

    # the hosts' side of it

    def seen(self, look: Look, plans: bool) -> None:
        host, now = look.host, self.local(look.host)
        for partition in host.ledger.observe(look.leases, look.beats, now):
            del host.workers[partition]
        self.tell(host)
        if plans:
            self.carry_out_plan(host, host.ledger.plan(now))

    def carry_out_plan(self, host: Host, plan: Plan) -> None:
        host.drains += [host.ledger.leave(partition) for partition in plan.leave]
        for lease in plan.take:
            self.calls.append(Call(host, "take", lease, self.local(host)))
        for lease in plan.release:
            self.calls.append(Call(host, "release", lease, self.local(host)))

    def renew_due(self, host: Host) -> None:
        waiting = {call.lease.partition for call in self.calls if call.kind == "renew" and self.waits(host, call)}
        for partition in host.ledger.due(self.local(host)):
            if partition not in waiting and (lease := host.ledger.begin_renewal(partition, self.local(host))):
                self.calls.append(Call(host, "renew", lease, self.local(host)))

    def finish_drain(self, host: Host, lease: Lease) -> None:
        latest = host.ledger.drop(lease)
        if latest:
            del host.workers[latest.partition]
            self.calls.append(Call(host, "release", latest, self.local(host)))

    def answer(self, call: Call) -> None:
        self.calls.remove(call)
        host, now, result = call.host, self.local(call.host), call.result
        if isinstance(result, LeaseLost):
            if call.kind == "renew":
                host.ledger.postpone(call.lease.partition, now)
        elif result and call.kind == "take" and host.ledger.taken(result, call.started, now):
            assert result.partition not in host.workers
            host.workers[result.partition] = Worker(host.ledger.alive_until()[result.partition])
            if host.stopping:
                host.drains.append(host.ledger.leave(result.partition))
        elif result and call.kind == "renew":
            host.ledger.renewed(result, call.started, now)
            self.tell(host)
        elif result and call.kind == "release":
            host.ledger.released(call.lease, now)

    def give_up(self, call: Call) -> None:
        call.abandoned = True
        if call.kind == "renew":
            call.host.ledger.postpone(call.lease.partition, self.local(call.host))

    def fence(self) -> None:
        for host in self.acting():
            for partition in host.ledger.overdue(self.local(host)):
                del host.workers[partition]

    def halt(self, host: Host, *, paused: bool, whole: bool) -> None:
        """Pauses or resumes a supervisor, or all processes of a host."""
        host.paused = paused
        for worker in host.workers.values() if whole else ():
            worker.paused = paused
        self.fence()

    def tell(self, host: Host) -> None:
        """What the supervisor says to its workers after each renewal; one whose alarm has gone off is replaced."""
        now = self.local(host)
        for partition, alive_until in host.ledger.alive_until().items():
            worker = host.workers.get(partition)
            if worker and worker.alarm <= now and not worker.paused:
                host.workers[partition] = Worker(alive_until)
            elif worker and worker.alarm > now and not worker.deaf and not worker.paused:
                worker.alarm = alive_until

    def round(self, host: Host) -> None:
        if self.local(host) - host.beat_at >= TIMING.heartbeat_s and not host.stopping:
            self.beat(host)
        self.renew_due(host)
        self.settle(host)
        self.seen(Look(host, self.table.read(), dict(self.beats)), not host.stopping)
        self.settle(host)
        while host.drains:
            self.finish_drain(host, host.drains.pop(0))
        self.settle(host)

    # the rest of the world

    def carry_out(self, call: Call) -> None:
        try:
            if call.kind == "take":
                call.result = self.table.take(call.lease, call.host.id)
            elif call.kind == "renew":
                call.result = self.table.renew(call.lease)
            else:
                call.result = self.table.release(call.lease)
        except LeaseLost as refusal:
            call.result = refusal
        if not self.is_heard(call) and call.host.dead | call.abandoned:
            self.calls.remove(call)

    def settle(self, host: Host) -> None:
        for call in [one for one in self.calls if self.waits(host, one)]:
            if call.result is None:
                self.carry_out(call)
            self.answer(call)

    def run_quietly(self, rounds: int) -> None:
        for _ in range(rounds):
            self.time_passes(1.0)
            for host in self.acting():
                self.round(host)
                self.nobody_shares()

    def others_go_on(self, host: Host, seconds: int) -> None:
        for _ in range(seconds):
            self.time_passes(1.0)
            self.nobody_shares()
            for other in self.acting():
                if other is not host:
                    self.round(other)
                    self.nobody_shares()

    def nobody_shares(self) -> None:
        self.one_owner_at_a_time()
        self.one_worker_at_a_time()

    def check_shares(self, owners: dict[int, str | None]) -> None:
        serving = [host for host in self.acting() if not host.stopping]
        if not serving:
            return
        shares = [sum(owner == host.id for owner in owners.values()) for host in serving]
        assert sum(shares) == len(owners), f"{owners}"
        assert max(shares) - min(shares) <= 1, f"{owners}"
        for host in serving:
            assert host.workers.keys() == {partition for partition, owner in owners.items() if owner == host.id}
            assert all(self.works(host, partition) for partition in host.workers)

    def table_owners(self) -> dict[int, str | None]:
        return {lease.partition: lease.owner for lease in self.table.read()}

    def works(self, host: Host, partition: int) -> bool:
        worker = host.workers.get(partition)
        return worker is not None and not worker.paused and self.local(host) < worker.alarm

    def beat(self, host: Host) -> None:
        self.beats[host.id] = str(self.time)
        host.beat_at = self.local(host)

    def local(self, host: Host) -> float:
        return 1000.0 + self.time * host.rate

    def next_fence(self) -> float | None:
        fences = ((host, host.ledger.next_fence()) for host in self.acting())
        return min(((at - 1000.0) / host.rate + 1e-6 for host, at in fences if at is not None), default=None)

    def living(self) -> list[Host]:
        return [host for host in getattr(self, "hosts", []) if not host.dead]

    def acting(self) -> list[Host]:
        return [host for host in self.living() if host.acts]

    def is_heard(self, call: Call) -> bool:
        return call.host.acts and not call.abandoned

    def waits(self, host: Host, call: Call) -> bool:
        return call.host is host and self.is_heard(call)

    def is_waiting(self, host: Host) -> bool:
        return any(call.kind != "renew" and self.waits(host, call) for call in self.calls)


def choose(among: list[T], pick: int) -> T | None:
    """One of them, if there is one."""
    return among[pick % len(among)] if among else None


World.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestWorld = World.TestCase
