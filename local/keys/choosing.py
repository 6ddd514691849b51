"""Which key a person means."""

from __future__ import annotations

from collections.abc import Sequence

from local.keys.errors import KeyProblem
from shared.models.issued_key import IssuedKey, KeyState


def of_tenant(everything: Sequence[IssuedKey], tenant: str) -> list[IssuedKey]:
    """The tenant's keys. Raises KeyProblem when there are none."""
    own = [key for key in everything if key.tenant == tenant]
    if not own:
        others = sorted({key.tenant for key in everything})
        known = f"tenants with keys: {', '.join(others[:10])}" if others else "there are no keys yet"
        raise KeyProblem(f"tenant {tenant!r} has no keys here; {known}")
    return own


def one_to_revoke(keys: Sequence[IssuedKey], key_id: str | None, now: float) -> IssuedKey:
    """The live key of this id, or the only one. Raises KeyProblem."""
    return _only(keys, _live(keys, key_id, now), key_id)


def one_to_replace(keys: Sequence[IssuedKey], key_id: str | None, now: float) -> IssuedKey:
    """The live key of this id, or the only one, that has no live successor. Raises KeyProblem."""
    found, living = _live(keys, key_id, now), {key.key_id for key in _live(keys, None, now)}
    fresh = [key for key in found if key.replaced_by not in living]
    if found and not fresh:
        raise KeyProblem(f"{found[0].key_id} has been replaced by {found[0].replaced_by} already: rotate that one")
    return _only(keys, fresh, key_id)


def changeable(keys: Sequence[IssuedKey], key_id: str | None, fixed: Sequence[str]) -> list[IssuedKey]:
    """The keys without those that are managed elsewhere. Raises KeyProblem when such a one is meant."""
    rest = [key for key in keys if key.key_id not in fixed]
    meant = key_id if rest else keys[0].key_id
    if meant in fixed:
        raise KeyProblem(f"{meant} is kept in the stack's own folder: start it with HIVEWP_API_KEY to change it")
    return rest


def _live(keys: Sequence[IssuedKey], key_id: str | None, now: float) -> list[IssuedKey]:
    live = [key for key in keys if key.state is KeyState.ACTIVE and not key.expired(now)]
    return live if key_id is None else [key for key in live if key.key_id == key_id]


def _only(keys: Sequence[IssuedKey], found: Sequence[IssuedKey], key_id: str | None) -> IssuedKey:
    tenant = keys[0].tenant
    if not found:
        raise KeyProblem(f"tenant {tenant!r} has no live key" + (f" {key_id!r}" if key_id else ""))
    if len(found) > 1:
        several = ", ".join(f"{key.key_id} (...{key.ending})" for key in found)
        raise KeyProblem(f"tenant {tenant!r} has several keys, name one of them: {several}")
    return found[0]
