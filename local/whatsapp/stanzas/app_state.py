"""Namespace `w:sync:app:state`: one query both fetches collections and uploads patches to them."""

from google.protobuf.message import DecodeError

from local.whatsapp.phones.phone import Phone
from local.whatsapp.stanzas.query import Answer, Query, RefusedError
from local.whatsapp.wire.jid import SERVER
from local.whatsapp.wire.node import Node


def sync(query: Query) -> Answer:
    phone = query.account.phone
    changed: list[Node] = []
    answers = []
    for collection in query.child.children():
        patch = collection.child("patch")
        if patch is None:
            answers.append(phone.app_state.answer(collection.text("name"), _version(collection)))
        else:
            answers.append(_keep(phone, collection, patch))
            changed.append(Node("collection", answers[-1].attrs))
    if changed:
        _tell_the_others(query, changed)
    return [Node("sync", {}, answers)]


def _keep(phone: Phone, collection: Node, patch: Node) -> Node:
    name, known = collection.text("name"), _version(collection)
    current = phone.app_state.answer(name, known)
    if current.children():
        # Another device was faster: the client applies what it lacks and tries again.
        conflict = Node("error", {"code": "409", "text": "conflict"})
        return Node("collection", {**current.attrs, "type": "error"}, [conflict, *current.children()])
    try:
        return Node("collection", {"name": name, "version": phone.keep_patch(name, patch.data())})
    except DecodeError as error:
        raise RefusedError(400, "bad-request") from error


def _tell_the_others(query: Query, changed: list[Node]) -> None:
    for device in query.account.devices.values():
        if device is not query.device:
            device.deliver(query.world.notification(SERVER, "server_sync", changed))


def _version(collection: Node) -> int:
    version = collection.text("version") or "0"
    if not version.isdecimal():
        raise RefusedError(400, "bad-request")
    return int(version)
