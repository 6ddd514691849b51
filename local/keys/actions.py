"""What `hivewp keys` does: one blocking function per command. Each raises KeyProblem and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from local.keys.errors import KeyProblem
from local.keys.issuer import Issuer, Made, Order, Repaired, Revoked
from local.keys.places import open_issuer
from local.keys.terms import expiry_of, label_of, messages_per_day_of, scopes_of, seconds_of, stage_of, tenant_of
from shared.api_gateway import ApiGatewayError, NoAccess, PlanMissing
from shared.limits import PLANS
from shared.models.issued_key import IssuedKey
from shared.store.database import StoreError

T = TypeVar("T")
Env = Mapping[str, str]


def create_key(
    env: Env,
    stage: str | None,
    *,
    tenant: str,
    plan: str,
    scopes: str,
    expires: str,
    label: str,
    messages_per_day: int | None = None,
) -> Made:
    """Makes a key from what was typed."""
    if plan not in PLANS:
        raise KeyProblem(f"{plan!r} is no plan: {' or '.join(PLANS)}")
    order = Order(
        tenant=tenant_of(tenant),
        plan=plan,
        scopes=scopes_of(scopes),
        expires_at=expiry_of(expires, time.time()),
        label=label_of(label),
        messages_per_day=messages_per_day_of(messages_per_day),
    )
    return _run(env, stage, lambda issuer: issuer.create(order))


def list_keys(env: Env, stage: str | None, tenant: str | None) -> tuple[list[IssuedKey], float]:
    """The keys of a tenant or of all, and the time they are to be judged by."""
    name = None if tenant is None else tenant_of(tenant)
    return _run(env, stage, lambda issuer: issuer.keys(name)), time.time()


def rotate_key(env: Env, stage: str | None, tenant: str, key_id: str | None, overlap: str) -> Made:
    """Makes a successor."""
    name, seconds = tenant_of(tenant), seconds_of(overlap, zero=True)
    return _run(env, stage, lambda issuer: issuer.rotate(name, key_id, seconds))


def revoke_keys(env: Env, stage: str | None, tenant: str, key_id: str | None, *, everything: bool) -> Revoked:
    """Ends one key or all."""
    if everything and key_id:
        raise KeyProblem("name one key, or say --all")
    name = tenant_of(tenant)
    return _run(env, stage, lambda issuer: issuer.revoke(name, key_id, everything=everything))


def repair_keys(env: Env, stage: str) -> Repaired:
    """Puts every live key of a stage on its plan."""
    return _run(env, stage, lambda issuer: issuer.repair())


def _run(env: Env, stage: str | None, action: Callable[[Issuer], Awaitable[T]]) -> T:
    async def act() -> T:
        async with open_issuer(stage, env) as issuer:
            return await action(issuer)

    name = None if stage is None else stage_of(stage)
    try:
        return asyncio.run(act())
    except PlanMissing as missing:
        raise KeyProblem(f"{missing}: stage {name!r} is not deployed in this account and region") from missing
    except NoAccess as refused:
        raise KeyProblem(f"AWS does not let you in: {refused}") from refused
    except ApiGatewayError as error:
        raise KeyProblem(f"API Gateway: {error}; what was begun is taken away by the next run") from error
    except StoreError as error:
        raise KeyProblem(_store_advice(name, error)) from error


def _store_advice(stage: str | None, error: StoreError) -> str:
    if stage is None:
        return f"the stack's database does not answer ({error}): is `make up` running?"
    if "ResourceNotFoundException" in str(error):
        return f"there is no keys table: stage {stage!r} is not deployed in this account and region"
    return f"the keys table of stage {stage!r} does not answer: {error}"
