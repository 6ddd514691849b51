"""Each stanza of a logged-in client to its handler, by tag."""

import logging
from collections.abc import Callable

from local.whatsapp.stanzas import messages, presence, receipts
from local.whatsapp.stanzas.query import answer
from local.whatsapp.stanzas.routes import answer_for
from local.whatsapp.wire.node import Node
from local.whatsapp.world.device import Device, acknowledged_key
from local.whatsapp.world.world import World

log = logging.getLogger(__name__)


def dispatch(world: World, device: Device, node: Node) -> None:
    """Handles one stanza. One that nobody understands is logged and counted."""
    world.stats.received[node.tag] += 1
    handler = HANDLERS.get(node.tag)
    if handler:
        handler(world, device, node)
    else:
        world.stats.unknown[node.tag] += 1
        log.warning("unknown stanza: %s", node.tag)


def _query(world: World, device: Device, node: Node) -> None:
    if node.text("type") in ("result", "error"):
        return
    reply = answer(world.stats, node, lambda: answer_for(world, device, node), world.now())
    if device.link:
        device.link.send(reply)


def _ack(_world: World, device: Device, node: Node) -> None:
    device.settle(acknowledged_key(node))


def _call(world: World, device: Device, node: Node) -> None:
    if device.link:
        attrs = {"class": "call", "id": node.text("id"), "from": node.jid("to"), "t": int(world.now())}
        device.link.send(Node("ack", attrs))


def _ignore(_world: World, _device: Device, _node: Node) -> None:
    pass


HANDLERS: dict[str, Callable[[World, Device, Node], None]] = {
    "iq": _query,
    "message": messages.handle,
    "receipt": receipts.handle,
    "presence": presence.handle,
    "chatstate": presence.handle_chat_state,
    "ack": _ack,
    "call": _call,
    "ib": _ignore,
}
