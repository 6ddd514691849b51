"""One query (an `iq` of type get or set), and how to answer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local.whatsapp.wire.jid import JID, SERVER
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device
from local.whatsapp.world.stats import Stats
from local.whatsapp.world.world import World

NOTHING = Node("")


class RefusedError(Exception):
    """The query is answered with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a logged-in device; `child` is its first element, NOTHING when it has none."""

    world: World
    device: Device
    node: Node
    child: Node

    @property
    def account(self) -> Account:
        return self.world.accounts[self.device.record.number]

    @property
    def now(self) -> int:
        return int(self.world.now())


Answer = list[Node]
Handler = Callable[[Query], Answer]
"""Answers a query, or raises RefusedError. It must not wait: stanzas of one client are handled one by one."""

Route = tuple[str, str, str]
"""Namespace, type (get or set) and first element of a query; `*` for any element, empty for none."""


def route_of(node: Node) -> Route:
    children = node.children()
    return node.text("xmlns"), node.text("type"), children[0].tag if children else ""


def answer(stats: Stats, node: Node, handle: Callable[[], Answer], now: float) -> Node:
    """The reply to a query: what `handle` returns, or its refusal. Keeps count of what is still unanswered."""
    stats.open_queries += 1
    stats.queries["/".join(route_of(node))] += 1
    attrs: Attributes = {"from": node.jid("to") or SERVER, "id": node.text("id"), "t": int(now)}
    try:
        reply = Node("iq", {**attrs, "type": "result"}, handle() or None)
    except RefusedError as refusal:
        error = Node("error", {"code": refusal.code, "text": refusal.text})
        reply = Node("iq", {**attrs, "type": "error"}, [error])
    stats.open_queries -= 1
    return reply


def need(node: Node, *path: str) -> Node:
    """The descendant, or a refusal of the query that lacks it."""
    found = node.child(*path)
    if found is None:
        raise RefusedError(400, "bad-request")
    return found


def need_jid(node: Node, name: str) -> JID:
    jid = node.jid(name)
    if jid is None:
        raise RefusedError(400, "bad-request")
    return jid
