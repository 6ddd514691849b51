"""Messages and the idempotency keys they were accepted under. Both are kept for a set time and then expire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from shared.ids import first_id_at, made_at
from shared.models.message import (
    UNSENT,
    UNSETTLED,
    Message,
    MessageError,
    MessageState,
    OnUncertain,
    Step,
    earlier_than,
)
from shared.store.conflicts import Retries
from shared.store.database import (
    Condition,
    ConditionFailed,
    Database,
    Delete,
    Put,
    TransactionRefused,
    Update,
    Write,
    absent,
)
from shared.store.message_quota import MessageQuota, MessageQuotaUsedUp, Place

TABLE = "messages"
KEPT_S = 30 * 86_400
IDEMPOTENCY_S = 86_400


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What a caller named a request, and the SHA-256 of the request's body."""

    key: str
    body_digest: str


@dataclass(frozen=True, slots=True)
class AlreadyAccepted(Exception):
    """The key was used before: for `message_id`, with a body of `body_digest`."""

    message_id: str
    body_digest: str


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A message that is neither sent nor given up: `accepted`, `queued` or `sending`. Times in unix seconds.

    `accepted_at`: when it was accepted last, since a repeated call queues it once more.
    """

    id: str
    state: MessageState
    to: str
    type: str
    on_uncertain: OnUncertain
    accepted_at: float
    deadline: float | None
    idempotency_key: str | None
    traceparent: str | None = None


class Messages:
    """The messages of all instances; `instance` is the text form of InstanceKey."""

    def __init__(self, database: Database, retries: Callable[[], Retries] = Retries) -> None:
        self._db = database
        self._retries = retries

    async def get(self, instance: str, message_id: str) -> Message | None:
        """A message, or None when it is unknown or has expired."""
        values = await self._db.get(TABLE, {"instance": instance, "id": message_id})
        return from_values(values) if values and "state" in values else None

    async def traceparent(self, instance: str, message_id: str) -> str | None:
        """The trace that a message came by. It is there from the first and stays, so a read may be behind: half a
        consistent one's price, and the text stays where it is."""
        key = {"instance": instance, "id": message_id}
        values = await self._db.get(TABLE, key, consistent=False, fields=("traceparent",))
        return values.get("traceparent") if values else None

    async def accept(
        self, message: Message, now: float, key: IdempotencyKey | None = None, quota: MessageQuota | None = None
    ) -> Place | None:
        """Stores a new message, with its idempotency key and its count in one transaction. Gives where it was counted.

        Raises AlreadyAccepted, MessageQuotaUsedUp, and StoreUnavailable when too many calls use the key at once.
        """
        message = replace(message, idempotency_key=key.key if key else None)
        writes: list[Write] = [Put(TABLE, to_values(message) | {"expires_at": int(now + KEPT_S)}, absent("id"))]
        if key is not None:
            writes.append(_put_key(message.instance, message.id, key, now))
        retries = self._retries()
        while True:
            place = await self._place(message, now, key, quota)
            counted = [place.take()] if place else []
            try:
                await self._db.transact([*writes, *counted])
                return place
            except TransactionRefused as refusal:  # the key or the place is taken, or somebody is taking it just now
                if place:
                    place.missed()
                await self._check_unused(message, key, now)
                if key is None and 0 in refusal.refused:
                    return place  # the id is fresh: this write itself, repeated by the client below
                if quota and place and len(writes) in refusal.refused:
                    await quota.full(place)
                    continue
            await retries.again()

    async def _place(
        self, message: Message, now: float, key: IdempotencyKey | None, quota: MessageQuota | None
    ) -> Place | None:
        try:
            return await quota.place() if quota else None
        except MessageQuotaUsedUp:
            await self._check_unused(message, key, now)
            raise

    async def _check_unused(self, message: Message, key: IdempotencyKey | None, now: float) -> None:
        """Raises AlreadyAccepted where a message was accepted under the key."""
        if key is None:
            return
        used = await self._db.get(TABLE, _key_name(message.instance, key.key))
        if used and used["expires_at"] > now:
            raise AlreadyAccepted(used["message_id"], used["body_digest"])

    async def is_used(self, instance: str, key: IdempotencyKey, now: float) -> bool:
        """Whether a message was accepted under the key."""
        used = await self._db.get(TABLE, _key_name(instance, key.key))
        return used is not None and used["expires_at"] > now

    async def by_whatsapp_id(self, instance: str, whatsapp_id: str) -> str | None:
        """The id of the message that WhatsApp knows by `whatsapp_id`; one sent a moment ago may not be found yet."""
        where = Condition(
            "#i = :i AND #w = :w", {"i": "instance", "w": "whatsapp_id"}, {"i": instance, "w": whatsapp_id}
        )
        found, _ = await self._db.query(TABLE, where, index="by-whatsapp-id", limit=1)
        return str(found[0]["id"]) if found else None

    async def accept_again(self, message: Message, now: float) -> bool:
        """Notes that a message which was accepted long ago is about to be queued. False when it went on meanwhile."""
        accepted = Condition("#st = :st", {"st": "state"}, {"st": MessageState.ACCEPTED})
        key = {"instance": message.instance, "id": message.id}
        try:
            await self._db.write(Update(TABLE, key, sets={"accepted_again_at": now}, condition=accepted))
        except ConditionFailed:
            return False
        return True

    async def unsettled(
        self, instance: str, since: float, until: float, start: dict[str, Any] | None = None
    ) -> tuple[list[Unsettled], dict[str, Any] | None]:
        """A page of the messages made between two times that are not settled, and where the next one starts.

        It may be some seconds behind, and costs half a read unit per 4 KB of all messages of that time, settled or not.
        """
        values = {"i": instance, "a": first_id_at("msg", since), "b": first_id_at("msg", until)}
        where = Condition("#i = :i AND #d BETWEEN :a AND :b", {"i": "instance", "d": "id"}, values)
        states = {f"s{at}": state for at, state in enumerate(UNSETTLED)}
        keep = Condition(f"#st IN ({', '.join(f':{name}' for name in states)})", {"st": "state"}, dict(states))
        found, more = await self._db.query(TABLE, where, keep=keep, start=start)
        return [_unsettled(values) for values in found], more

    async def settle_unsent(
        self, message: Message, error: MessageError, at: str, key: str | None = None, place: Place | None = None
    ) -> bool:
        """Fails a message that never reached the queue, and frees its idempotency key for another try and its place in
        the count of the day.

        False when it has gone further meanwhile: it did reach the queue.
        """
        failed = [Step(MessageState.FAILED, at)]
        writes: list[Write] = [advance(message.instance, message.id, failed, error=error, only_from=UNSENT)]
        if place is not None:
            writes.append(place.give_back())
        if key is not None:
            writes.append(free_key(message.instance, key, message.id))
        retries = self._retries()
        while True:
            try:
                await self._db.transact(writes)
                return True
            except TransactionRefused as refusal:
                if 0 in refusal.refused:
                    return False
                # the key is no longer this message's
                writes = [write for at, write in enumerate(writes) if at not in refusal.refused]
            await retries.again()


def advance(
    instance: str,
    message_id: str,
    steps: list[Step],
    *,
    whatsapp_id: str | None = None,
    error: MessageError | None = None,
    only_from: Sequence[MessageState] | None = None,
    attempt: str | None = None,
) -> Update:
    """The write that moves a message on to the state of the last of `steps`: from `only_from`, or any earlier state."""
    state = steps[-1].state
    sets: dict[str, Any] = {"state": state}
    if whatsapp_id:
        sets["whatsapp_id"] = whatsapp_id
    if error:
        sets["error"] = asdict(error)
    if attempt:
        sets["attempt"] = attempt
    earlier = earlier_than(state) if only_from is None else only_from
    names = {f"e{at}": one for at, one in enumerate(earlier)}
    condition = Condition(f"#st IN ({', '.join(f':{name}' for name in names)})", {"st": "state"}, dict(names))
    timeline = [asdict(step) for step in steps]
    return Update(
        TABLE, {"instance": instance, "id": message_id}, sets=sets, appends={"timeline": timeline}, condition=condition
    )


def free_key(instance: str, key: str, message_id: str) -> Delete:
    """The write that frees an idempotency key which stands for `message_id`; refused when it does not."""
    own = Condition("#m = :m", {"m": "message_id"}, {"m": message_id})
    return Delete(TABLE, _key_name(instance, key), own)


def to_values(message: Message) -> dict[str, Any]:
    """A message as it is stored."""
    return asdict(message)


def from_values(values: dict[str, Any]) -> Message:
    """The message of its stored values."""
    known = {name: values[name] for name in Message.__dataclass_fields__ if name in values}
    known["state"] = MessageState(known["state"])
    known["on_uncertain"] = OnUncertain(known.get("on_uncertain", OnUncertain.HOLD))
    known["timeline"] = tuple(Step(MessageState(step["state"]), step["at"]) for step in known["timeline"])
    known["error"] = MessageError(**known["error"]) if known.get("error") else None
    return Message(**known)


def _unsettled(values: dict[str, Any]) -> Unsettled:
    return Unsettled(
        id=values["id"],
        state=MessageState(values["state"]),
        to=values["to"],
        type=values["type"],
        on_uncertain=OnUncertain(values.get("on_uncertain", OnUncertain.HOLD)),
        accepted_at=max(made_at(values["id"]), values.get("accepted_again_at", 0.0)),
        deadline=values.get("deadline"),
        idempotency_key=values.get("idempotency_key"),
        traceparent=values.get("traceparent"),
    )


def _key_name(instance: str, key: str) -> dict[str, str]:
    return {"instance": instance, "id": f"key#{key}"}


def _put_key(instance: str, message_id: str, key: IdempotencyKey, now: float) -> Put:
    values = {"message_id": message_id, "body_digest": key.body_digest, "expires_at": int(now + IDEMPOTENCY_S)}
    unused = Condition("attribute_not_exists(#k) OR #x <= :now", {"k": "id", "x": "expires_at"}, {"now": int(now)})
    return Put(TABLE, {**_key_name(instance, key.key), **values}, unused)
