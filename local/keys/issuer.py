"""Makes and takes away keys, in an order that a crash between any two writes lets nobody in.

create   row `making` -> key in API Gateway -> on its plan -> row `active` -> shown
revoke   row `ending` -> key out of API Gateway -> row removed

The API lets in by rows that are `active` alone, API Gateway by keys of its own alone; a call needs both. What a crash
leaves is `making` or `ending`, and the next create, rotate or revoke for the tenant takes it away, as it does with keys
that have expired; what is `making` only once no run can be at it any more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from local.keys.choosing import changeable, of_tenant, one_to_replace, one_to_revoke
from local.keys.errors import KeyProblem
from shared.api_gateway import ApiGatewayError
from shared.clock import Clock
from shared.ids import new_id
from shared.models.api_key import digest, new_api_key
from shared.models.issued_key import IssuedKey, KeyState
from shared.store.database import ConditionFailed, StoreError, StoreUnavailable, TransactionRefused

SHOWN_LETTERS = 4
LONGEST_RUN_S = 900.0  # of a run that makes a key, with every call tried as often and waited for as long as may be
_ANOTHER_RUN = "another run of `hivewp keys` was at work on the same keys: look with `hivewp keys list` and try again"


class Rows(Protocol):
    """Where keys are written down; shared/store/issued_keys.py."""

    async def all(self) -> list[IssuedKey]: ...
    async def find(self, digest: str) -> IssuedKey | None: ...
    async def begin(self, key: IssuedKey) -> None: ...
    async def activate(self, key: IssuedKey, replaces: IssuedKey | None = None, until: float = 0) -> None: ...
    async def end(self, key: IssuedKey) -> None: ...
    async def forget(self, key: IssuedKey) -> None: ...


class Gateway(Protocol):
    """What stands before the API; shared/api_gateway.py."""

    async def check_plan(self, plan: str) -> None: ...
    async def make(self, key_id: str, value: str, plan: str, tenant: str) -> None: ...
    async def attach(self, key_id: str, plan: str) -> bool: ...
    async def key_ids(self) -> list[str]: ...
    async def delete(self, key_id: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A key to make. `expires_at` in unix seconds; `messages_per_day` where it is not the plan's."""

    tenant: str
    plan: str
    scopes: Sequence[str]
    expires_at: float | None
    label: str
    messages_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A fresh key: its text, which exists nowhere else, and what is stored of it."""

    text: str
    key: IssuedKey
    replaces: IssuedKey | None = None


@dataclass(frozen=True, slots=True)
class Repaired:
    """The live keys: those that are on their plan, and those that API Gateway does not have any more; and the ids of
    keys that API Gateway alone knows, which open nothing."""

    kept: Sequence[IssuedKey]
    lost: Sequence[IssuedKey]
    strangers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Revoked:
    """The keys that were ended, and those of the tenant that are managed elsewhere and were meant as well."""

    ended: Sequence[IssuedKey]
    kept: Sequence[IssuedKey]


class Issuer:
    """The keys of one deployment. Raises KeyProblem, ApiGatewayError, StoreError."""

    def __init__(self, rows: Rows, gateway: Gateway, clock: Clock, *, fixed: Sequence[str] = ()) -> None:
        """`fixed`: ids of keys that are managed elsewhere."""
        self._rows = rows
        self._gateway = gateway
        self._clock = clock
        self._fixed = fixed

    async def keys(self, tenant: str | None = None) -> list[IssuedKey]:
        """The keys of a tenant, or of all, oldest first."""
        everything = await self._rows.all()
        return [key for key in everything if tenant in {None, key.tenant}]

    async def create(self, order: Order) -> Made:
        """Makes a key."""
        await self._gateway.check_plan(order.plan)
        await self.tidy(order.tenant)
        return await self._make(order)

    async def rotate(self, tenant: str, key_id: str | None, overlap_s: float) -> Made:
        """Makes a key like an old one, which works on for `overlap_s` seconds. None: the only one to be replaced."""
        now = self._clock.unix()
        own = changeable(of_tenant(await self._rows.all(), tenant), key_id, self._fixed)
        old = one_to_replace(own, key_id, now)
        await self._gateway.check_plan(old.plan)
        await self.tidy(tenant)
        until = min(now + overlap_s, old.expires_at or now + overlap_s)
        made = await self._make(_like(old, now), old, until)
        if overlap_s <= 0:
            await self._take_away(replace(old, expires_at=until))
        return made

    async def revoke(self, tenant: str, key_id: str | None, *, everything: bool = False) -> Revoked:
        """Ends a key (None: the tenant's only one) or all of the tenant's."""
        keys = of_tenant(await self._rows.all(), tenant)
        own = changeable(keys, key_id, self._fixed)
        chosen = own if everything else [one_to_revoke(own, key_id, self._clock.unix())]
        for key in chosen:
            await self._take_away(key)
        await self.tidy(tenant)
        return Revoked(chosen, [key for key in keys if key not in own] if everything else ())

    async def repair(self) -> Repaired:
        """Puts every live key on its plan, after plans were made anew; a key that is lost must be rotated."""
        now = self._clock.unix()
        kept: list[IssuedKey] = []
        lost: list[IssuedKey] = []
        known = await self._gateway.key_ids()  # before the rows: a key that is being made has its row first
        rows = await self._rows.all()
        for key in rows:
            if key.state is KeyState.ACTIVE and not key.expired(now):
                there = await self._gateway.attach(key.key_id, key.plan)
                (kept if there else lost).append(key)
        return Repaired(kept, lost, sorted(set(known) - {key.key_id for key in rows}))

    async def tidy(self, tenant: str) -> None:
        """Takes away what a crash has left of the tenant's keys, and keys that have expired."""
        now = self._clock.unix()
        for key in await self.keys(tenant):
            under_way = key.state is KeyState.MAKING and now - key.created_at < LONGEST_RUN_S
            if not under_way and (key.state is not KeyState.ACTIVE or key.expired(now)):
                await self._take_away(key)

    async def _make(self, order: Order, replaces: IssuedKey | None = None, until: float = 0) -> Made:
        text = new_api_key()
        key = IssuedKey(
            digest=digest(text),
            key_id=new_id("key"),
            tenant=order.tenant,
            plan=order.plan,
            scopes=tuple(order.scopes),
            expires_at=order.expires_at,
            created_at=self._clock.unix(),
            ending=text[-SHOWN_LETTERS:],
            label=order.label,
            state=KeyState.MAKING,
            messages_per_day=order.messages_per_day,
        )
        await self._rows.begin(key)
        try:
            await self._gateway.make(key.key_id, text, key.plan, key.tenant)
            await self._rows.activate(key, replaces, until)
        except TransactionRefused as refusal:
            await self._give_up(key)
            raise KeyProblem(_ANOTHER_RUN) from refusal
        except StoreUnavailable as error:
            if not await self._is_there(key):
                raise _nobody_knows(key, error) from error
        except (ApiGatewayError, StoreError):
            await self._give_up(key)
            raise
        return Made(text, replace(key, state=KeyState.ACTIVE), replaces)

    async def _is_there(self, key: IssuedKey) -> bool:
        """Whether a key is active, after a write that may or may not have made it so."""
        with contextlib.suppress(StoreError):
            found = await self._rows.find(key.digest)
            if found and found.state is KeyState.ACTIVE:
                return True
            await self._give_up(key)
        return False

    async def _give_up(self, key: IssuedKey) -> None:
        """What cannot be taken away now is `making`, and taken away by the next run."""
        with contextlib.suppress(ApiGatewayError, StoreError):
            with contextlib.suppress(ConditionFailed):  # another run has begun to, perhaps before all of it was there
                await self._rows.end(key)
            await self._remove(key)

    async def _take_away(self, key: IssuedKey) -> None:
        if key.state is not KeyState.ENDING:
            try:
                await self._rows.end(key)
            except ConditionFailed as failed:
                raise KeyProblem(_ANOTHER_RUN) from failed
        await self._remove(key)

    async def _remove(self, key: IssuedKey) -> None:
        await self._gateway.delete(key.key_id)
        await self._rows.forget(key)


def _nobody_knows(key: IssuedKey, error: StoreUnavailable) -> KeyProblem:
    return KeyProblem(
        f"the keys table did not answer ({error}): whether {key.key_id} came to be is not known. "
        "Look with `hivewp keys list` and revoke it if it is there, for nobody has its text"
    )


def _like(old: IssuedKey, now: float) -> Order:
    """A key of the same kind that lives as long as the old one was meant to."""
    end = old.intended_end
    expires_at = None if end is None else now + end - old.created_at
    return Order(
        tenant=old.tenant,
        plan=old.plan,
        scopes=old.scopes,
        expires_at=expires_at,
        label=old.label,
        messages_per_day=old.messages_per_day,
    )
