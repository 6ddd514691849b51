"""The world's records: how each kind is rendered for the database, and how the world is rebuilt from them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from local.whatsapp.phones.app_state import AppState
from local.whatsapp.phones.phone import Phone
from local.whatsapp.signal.peer import Peer
from local.whatsapp.signal.sender_key import SenderKey
from local.whatsapp.state.codec import Codec
from local.whatsapp.state.database import Database, Row
from local.whatsapp.state.journal import Kind, Mark
from local.whatsapp.state.records import AccountRecord, DeviceRecord, GroupRecord, Letter, Sent
from local.whatsapp.wire.decoder import decode
from local.whatsapp.wire.encoder import encode
from local.whatsapp.wire.jid import GROUP_SERVER, JID, LID_SERVER
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device, stanza_key
from local.whatsapp.world.group import Group
from local.whatsapp.world.world import World

ACCOUNTS = Codec(AccountRecord)
DEVICES = Codec(DeviceRecord)
GROUPS = Codec(GroupRecord)
APP_STATES = Codec(AppState)
PEERS = Codec(Peer)
SENDER_KEYS = Codec(SenderKey)
LETTERS = Codec(Letter)
SENT = Codec(Sent)
QUEUES = Codec(list[bytes])


def render(world: World, marks: list[Mark]) -> list[Row]:
    """The present state of what the marks name; what is gone renders as None."""
    return [(kind, key, RENDERERS[kind](world, key)) for kind, key in marks]


def restore(world: World, database: Database) -> None:
    """Fills an empty world. Raises BrokenRecordError."""
    for _, body in database.rows(Kind.ACCOUNT):
        world.add_account(ACCOUNTS.load(body))
    for _, body in database.rows(Kind.DEVICE):
        world.add_device(DEVICES.load(body))
    for kind, load in LOADERS.items():
        for key, body in database.rows(kind):
            load(world, key, body)


def distrust_ratchets(world: World) -> None:
    """After a crash, phones may have sent more than their records tell: each goes on with a new session."""
    for account in world.accounts.values():
        for device in account.phone.keyring.peers:
            account.phone.keyring.distrust(device)


# -- rendering


def _account(world: World, key: str) -> bytes | None:
    account = world.accounts.get(key)
    return ACCOUNTS.dump(account.record) if account else None


def _device(world: World, key: str) -> bytes | None:
    device = _find_device(world, key)
    return DEVICES.dump(device.record) if device else None


def _queue(world: World, key: str) -> bytes | None:
    device = _find_device(world, key)
    pending = device.pending() if device else []
    return QUEUES.dump([encode(node) for node in pending]) if pending else None


def _group(world: World, key: str) -> bytes | None:
    group = world.groups.get(key)
    return GROUPS.dump(group.record) if group else None


def _app_state(world: World, key: str) -> bytes | None:
    return APP_STATES.dump(world.accounts[key].phone.app_state)


def _peer(world: World, key: str) -> bytes | None:
    phone, rest = _phone(world, key)
    peer = phone.keyring.peers.get(_jid(rest))
    return PEERS.dump(peer) if peer else None


def _sender_key(world: World, key: str) -> bytes | None:
    phone, rest = _phone(world, key)
    group, _, sender = rest.partition("/")
    sender_key = phone.keyring.sender_keys.get((group, _jid(sender)))
    return SENDER_KEYS.dump(sender_key) if sender_key else None


def _letter(world: World, key: str) -> bytes | None:
    phone, index = _phone(world, key)
    return LETTERS.dump(phone.inbox.letters[int(index)])


def _sent(world: World, key: str) -> bytes | None:
    phone, message_id = _phone(world, key)
    sent = phone.outbox.sent.get(message_id)
    return SENT.dump(sent) if sent else None


RENDERERS: dict[Kind, Callable[[World, str], bytes | None]] = {
    Kind.ACCOUNT: _account,
    Kind.DEVICE: _device,
    Kind.QUEUE: _queue,
    Kind.GROUP: _group,
    Kind.APP_STATE: _app_state,
    Kind.PEER: _peer,
    Kind.SENDER_KEY: _sender_key,
    Kind.INBOX: _letter,
    Kind.SENT: _sent,
}


# -- rebuilding


def _load_queue(world: World, key: str, body: bytes) -> None:
    device = _find_device(world, key)
    if device:
        nodes = [decode(each) for each in QUEUES.load(body)]
        device.queued = OrderedDict((stanza_key(node), node) for node in nodes)


def _load_group(world: World, key: str, body: bytes) -> None:
    record = GROUPS.load(body)
    found = [world.find(JID(lid, LID_SERVER)) for lid in record.members]
    world.groups[key] = Group(record, [member for member in found if member])


def _load_app_state(world: World, key: str, body: bytes) -> None:
    world.accounts[key].phone.app_state = APP_STATES.load(body)


def _load_peer(world: World, key: str, body: bytes) -> None:
    phone, rest = _phone(world, key)
    phone.keyring.peers[_jid(rest)] = PEERS.load(body)


def _load_sender_key(world: World, key: str, body: bytes) -> None:
    phone, rest = _phone(world, key)
    group, _, sender = rest.partition("/")
    phone.keyring.sender_keys[group, _jid(sender)] = SENDER_KEYS.load(body)


def _load_letter(world: World, key: str, body: bytes) -> None:
    phone, _ = _phone(world, key)
    phone.inbox.letters.append(LETTERS.load(body))


def _load_sent(world: World, key: str, body: bytes) -> None:
    phone, message_id = _phone(world, key)
    phone.outbox.sent[message_id] = SENT.load(body)


LOADERS: dict[Kind, Callable[[World, str, bytes], None]] = {
    Kind.QUEUE: _load_queue,
    Kind.GROUP: _load_group,
    Kind.APP_STATE: _load_app_state,
    Kind.PEER: _load_peer,
    Kind.SENDER_KEY: _load_sender_key,
    Kind.INBOX: _load_letter,
    Kind.SENT: _load_sent,
}


# -- keys


def _find_device(world: World, key: str) -> Device | None:
    number, _, device_id = key.partition("/")
    account: Account | None = world.accounts.get(number)
    return account.devices.get(int(device_id)) if account else None


def _phone(world: World, key: str) -> tuple[Phone, str]:
    number, _, rest = key.partition("/")
    return world.accounts[number].phone, rest


def _jid(text: str) -> JID:
    user, _, server = text.partition("@")
    name, _, device = user.partition(":")
    return JID(name, server, int(device or 0)) if server != GROUP_SERVER else JID(user, server)
