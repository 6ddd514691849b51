"""`hivewp keys`: API keys, on this machine or of a deployed stage."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from local.cli.running import Running
from local.cli.telling import fresh_key, key_table, plain
from shared.limits import PLANS
from shared.models.api_key import EVERYTHING

keys = typer.Typer(
    no_args_is_help=True,
    help="""API keys: whose calls are whose, what they may do, and how many they may make.

A key belongs to a tenant and is on a plan. Tenants see nothing of each other. Only a key's SHA-256 is stored, so a key
is shown once, when it is made.

Without --stage the stack on this machine is meant (HIVEWP_DATA); with it the deployed stage of that name, in the region
and with the credentials of your AWS environment (AWS_PROFILE, AWS_REGION ...).""",
)

Tenant = Annotated[str, typer.Option(help="whose key it is: 1 to 47 letters, digits and . _ -")]
Stage = Annotated[str | None, typer.Option(help="a deployed stage, dev or prod; without it: this machine")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
KeyId = Annotated[str | None, typer.Argument(metavar="[KEY_ID]", help="key_..., where the tenant has several")]


@keys.command()
def show() -> None:
    """Print the key of the stack's own tenant, `local`."""
    typer.echo(Running.find(os.environ).key)


@keys.command()
def create(
    tenant: Tenant,
    plan: Annotated[str, typer.Option(help=f"how many calls it may make: {' or '.join(PLANS)}")] = "standard",
    scopes: Annotated[
        str, typer.Option(help="read: look at everything; send: send messages; manage: change everything else")
    ] = ",".join(EVERYTHING),
    expires: Annotated[str, typer.Option(help="when it stops working: 12h, 90d, never")] = "never",
    label: Annotated[str, typer.Option(help="what it is for, to tell keys apart")] = "",
    messages_per_day: Annotated[
        int | None, typer.Option(help="how many messages its tenant may send in a day; without it: as the plan has it")
    ] = None,
    stage: Stage = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it, this once. A tenant exists from its first key.

    The key alone goes to stdout: KEY=$(hivewp keys create --tenant acme)"""
    from local.keys.actions import create_key  # here: the AWS client takes half a second to import

    made = create_key(
        os.environ,
        stage,
        tenant=tenant,
        plan=plan,
        scopes=scopes,
        expires=expires,
        label=label,
        messages_per_day=messages_per_day,
    )
    fresh_key(made, as_json=as_json)


@keys.command("list")
def list_all(
    tenant: Annotated[str | None, typer.Option(help="this tenant's keys; without it: everybody's")] = None,
    stage: Stage = None,
    as_json: Json = False,
) -> None:
    """List keys, never the keys themselves: id, last four characters, plan, scopes, expiry, label.

    `making` and `ending` let nobody in: a run is at work, or was cut off. Then the next create, rotate or revoke for
    the tenant removes them, what is `making` after a quarter of an hour."""
    from local.keys.actions import list_keys

    found, now = list_keys(os.environ, stage, tenant)
    typer.echo(json.dumps([plain(key) for key in found], indent=2) if as_json else key_table(found, now))


@keys.command()
def rotate(
    tenant: Tenant,
    key_id: KeyId = None,
    overlap: Annotated[str, typer.Option(help="how long the old key goes on working: 24h, 30m, or 0")] = "24h",
    stage: Stage = None,
    as_json: Json = False,
) -> None:
    """Make a new key like an old one and print it, this once; the old one goes on working for a while.

    Put the new key where the old one is used, then let the old one run out."""
    from local.keys.actions import rotate_key

    fresh_key(rotate_key(os.environ, stage, tenant, key_id, overlap), as_json=as_json)


@keys.command()
def revoke(
    tenant: Tenant,
    key_id: KeyId = None,
    everything: Annotated[bool, typer.Option("--all", help="all keys of the tenant")] = False,
    stage: Stage = None,
    as_json: Json = False,
) -> None:
    """End a key: API Gateway refuses it at once, the API within a minute. The tenant's instances stay as they are."""
    from local.keys.actions import revoke_keys

    done = revoke_keys(os.environ, stage, tenant, key_id, everything=everything)
    if as_json:
        typer.echo(json.dumps([plain(key) for key in done.ended], indent=2))
    else:
        typer.echo("\n".join(f"revoked {key.key_id} (...{key.ending}) of {key.tenant}" for key in done.ended))
    for key in done.kept:
        typer.echo(f"kept {key.key_id}, the stack's own: start the stack with HIVEWP_API_KEY to change it", err=True)


@keys.command()
def repair(stage: Annotated[str, typer.Option(help="a deployed stage, dev or prod")]) -> None:
    """Put every live key on its plan again, after the API of a stage was torn down and made anew.

    Keys are not part of the stack, so they outlive it; plans are, and new ones are empty."""
    from local.keys.actions import repair_keys

    done = repair_keys(os.environ, stage)
    typer.echo(f"{len(done.kept)} keys are on their plans")
    for key in done.lost:
        typer.echo(f"{key.key_id} of {key.tenant} is not in API Gateway any more: rotate it", err=True)
    for key_id in done.strangers:
        typer.echo(f"{key_id} is in API Gateway alone and opens nothing: delete it there", err=True)
