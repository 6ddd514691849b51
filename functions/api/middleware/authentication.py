"""Who calls: the key in x-api-key, before anything else is looked at. API Gateway let it in; this tells whose it is.

Whether the key is good for the route it calls is known when the route is (call.py)."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api import problems
from functions.api.call import CALLER
from functions.api.problems import Problem, problem_response
from shared.logs import note
from shared.routes import is_open
from shared.store.keys import Keys

_LONGEST_KEY = 256


class Authentication:
    """Answers 403 to calls without a valid key; the others carry their ApiKey in the scope."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        shown = Headers(scope=scope).get("x-api-key", "")
        caller = await self._keys.find(shown) if 0 < len(shown) <= _LONGEST_KEY else None
        if caller is None:
            detail = "The key in x-api-key is not valid." if shown else "Send your API key in the header x-api-key."
            await problem_response(Problem(problems.FORBIDDEN, detail))(scope, receive, send)
            return
        scope[CALLER] = caller
        note(tenant=caller.tenant)
        await self._app(scope, receive, send)
