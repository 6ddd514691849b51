"""Every query that is understood, and who answers it."""

import logging

from local.whatsapp.stanzas import account, app_state, group_changes, groups, keys, media, usync
from local.whatsapp.stanzas.query import NOTHING, Answer, Handler, Query, Route, route_of
from local.whatsapp.wire.node import Node
from local.whatsapp.world.device import Device
from local.whatsapp.world.world import World

log = logging.getLogger(__name__)

ROUTES: dict[Route, Handler] = {
    ("encrypt", "get", "count"): keys.count,
    ("encrypt", "get", "key"): keys.bundles,
    ("encrypt", "get", "digest"): keys.digest,
    ("encrypt", "set", "registration"): keys.upload,
    ("encrypt", "set", "rotate"): keys.rotate,
    ("usync", "get", "usync"): usync.usync,
    ("w:sync:app:state", "set", "sync"): app_state.sync,
    ("w:m", "set", "media_conn"): media.media_connection,
    ("passive", "set", "*"): account.passive,
    ("privacy", "get", "privacy"): account.privacy,
    ("privacy", "set", "tokens"): account.nothing,
    ("blocklist", "get", ""): account.blocklist,
    ("blocklist", "set", "item"): account.change_blocklist,
    ("w:mex", "get", "query"): account.mex,
    ("w:profile:picture", "get", "picture"): account.picture,
    ("md", "set", "remove-companion-device"): account.remove_device,
    ("abt", "get", "props"): account.props,
    ("w", "get", "props"): account.props,
    ("w:p", "get", ""): account.nothing,
    ("w:p", "get", "ping"): account.nothing,
    ("w:stats", "*", "*"): account.nothing,
    ("urn:xmpp:whatsapp:dirty", "set", "clean"): account.nothing,
    ("w:g2", "get", "query"): groups.info,
    ("w:g2", "get", "participating"): groups.participating,
    ("w:g2", "get", "invite"): groups.invite,
    ("w:g2", "set", "create"): groups.create,
    ("w:g2", "set", "leave"): group_changes.leave,
    ("w:g2", "set", "invite"): groups.invite,
    ("w:g2", "set", "*"): group_changes.change,
}


def answer_for(world: World, device: Device, node: Node) -> Answer:
    """The answer to a query: empty for one that nobody here understands, which is logged and counted."""
    route = route_of(node)
    namespace, kind, _ = route
    handler = ROUTES.get(route) or ROUTES.get((namespace, kind, "*")) or ROUTES.get((namespace, "*", "*"))
    if handler is None:
        world.stats.unknown["/".join(route)] += 1
        log.warning("query answered empty, since unknown: %s", "/".join(route))
        return []
    children = node.children()
    return handler(Query(world, device, node, children[0] if children else NOTHING))
