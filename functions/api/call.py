"""What a route is told of the call it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from functions.api import problems
from functions.api.parameters import check_parameters
from functions.api.problems import Problem
from functions.api.services import Services
from shared.logs import note
from shared.models.api_key import ApiKey, Scope
from shared.models.instance import InstanceKey
from shared.routes import SCOPES

CALLER = "hivewp.caller"
"""Where the scope of an admitted call holds its ApiKey."""

INSTANCE_ID = r"^[A-Za-z0-9@._-]{3,50}$"
MESSAGE_ID = r"^msg_[0-9a-z]{26}$"
_FORMS = {"instance": re.compile(INSTANCE_ID), "message": re.compile(MESSAGE_ID)}


@dataclass(frozen=True, slots=True)
class Call:
    """The services to answer with, and whose call it is: the tenant comes from the key alone."""

    services: Services
    tenant: str
    manages: bool
    """Whether the key has the scope `manage`: what it may change, it may see with its secrets."""
    message_quota: int
    """How many messages the tenant may have accepted in a day."""

    def key(self, instance_id: str) -> InstanceKey:
        """The caller's instance of this id."""
        return InstanceKey(self.tenant, instance_id)


def ids_of(path_params: Mapping[str, str]) -> dict[str, str]:
    """The `instance` and the `message` of a path. What has not an id's form is none, and may be anything: it is told
    nobody, and the call finds nothing."""
    found = ((name, path_params.get(f"{name}_id", "")) for name in _FORMS)
    return {name: value for name, value in found if _FORMS[name].fullmatch(value)}


async def _call(request: Request) -> Call:
    caller: ApiKey = request.scope[CALLER]
    note(**ids_of(request.path_params))
    _check_scope(caller, request)
    check_parameters(request)
    return Call(request.app.state.services, caller.tenant, caller.may(Scope.MANAGE), caller.message_quota)


def _check_scope(caller: ApiKey, request: Request) -> None:
    """By the route that the router itself chose; one that shared/routes.py lacks answers nobody. Raises Problem."""
    scope = SCOPES[(request.method, request.scope["route"].path)]
    if scope is not None and not caller.may(scope):
        detail = f"This key lacks the scope {scope}; it has {', '.join(caller.scopes) or 'none'}."
        raise Problem(problems.MISSING_SCOPE, detail, scope=scope)


Caller = Annotated[Call, Depends(_call)]
InstanceId = Annotated[str, Path(pattern=INSTANCE_ID, description="The instance's id.", examples=["shop-1"])]
