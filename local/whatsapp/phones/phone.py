"""A simulated phone: device 0 of its account.

What it receives is read (or asked for again), acknowledged with receipts, and perhaps answered:

    message -> decrypt -> inbox -> delivered receipt [-> read receipt] [-> automatic reply]
                  \\-> retry receipt (at most RETRIES times)
    retry receipt -> the same message again, on a new session
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from google.protobuf.message import DecodeError

from local.whatsapp.phones import contents
from local.whatsapp.phones.app_state import PUSH_NAME_COLLECTION, AppState, push_name_patch
from local.whatsapp.phones.inbox import Inbox
from local.whatsapp.phones.keyring import Keyring
from local.whatsapp.phones.outbox import Outbox
from local.whatsapp.phones.post import Handed, Post
from local.whatsapp.signal.bundle import Bundle
from local.whatsapp.signal.errors import DuplicateError, SignalError
from local.whatsapp.signal.nodes import key_nodes, number_bytes
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import AccountRecord
from local.whatsapp.wire.jid import GROUP_SERVER, JID
from local.whatsapp.wire.node import Attributes, Node

RETRIES = 5
RETRIES_KEPT = 1_000
REPLY_PAUSE = 0.2
KEY_SHARE_PAUSE = 0.1
HISTORY_PAUSE = 0.3


class Phone:
    def __init__(self, account: AccountRecord, post: Post) -> None:
        self.account = account
        self.keyring = Keyring(account, post)
        self.outbox = Outbox(account, self.keyring, post)
        self.inbox = Inbox(account.number, post)
        self.app_state = AppState()
        self._post = post
        self._retries: Counter[str] = Counter()

    def bundle(self) -> Bundle:
        return self.keyring.bundle()

    def write(self, to: JID, text: str) -> str:
        """The owner writes a text to an account (its LID); the message id."""
        return self.outbox.write(to, text)

    def deliver(self, node: Node) -> None:
        """Takes a stanza; it is read when the present work is done."""
        if node.tag == "message":
            self._post.later(0, lambda: self._read(node))
        elif node.tag == "receipt":
            self._post.later(0, lambda: self._note_receipt(node))

    def take_over(self, letter: Handed) -> None:
        """Takes a message from another phone."""
        self.inbox.add(letter.id, self._post.number_of(letter.sender), letter.message)
        if not letter.automatic:
            self._maybe_answer(letter.sender, None)

    def introduce(self, device: JID) -> None:
        """Greets a new companion: it gets the app state key, then the (empty) history."""
        if device.device in self.account.introduced:
            return
        self.account.introduced.add(device.device)
        self._post.changed(Kind.ACCOUNT, self.account.number)
        self._post.later(KEY_SHARE_PAUSE, lambda: self._share_key(device))
        self._post.later(HISTORY_PAUSE, lambda: self.outbox.tell_companion(device, contents.first_history()))

    def keep_patch(self, collection: str, patch: bytes) -> int:
        """Keeps a companion's app state patch; the collection's new version. Raises protobuf's DecodeError."""
        version = self.app_state.append(collection, patch)
        self._post.changed(Kind.APP_STATE, self.account.number)
        return version

    def _share_key(self, device: JID) -> None:
        account, now = self.account, self._post.now()
        if PUSH_NAME_COLLECTION not in self.app_state.collections:
            patch = push_name_patch(account.app_state_key_id, account.app_state_key, account.name, int(now * 1000))
            self.keep_patch(PUSH_NAME_COLLECTION, patch)
        share = contents.key_share(account.app_state_key_id, account.app_state_key, now)
        self.outbox.tell_companion(device, share)

    def _note_receipt(self, node: Node) -> None:
        sender = node.jid("from")
        if node.text("type") == "retry" and sender:
            self._post.count("retries_asked_of_phones")
            self.outbox.send_again(sender, node.text("id"))
        else:
            self._post.count("receipts_to_phones")

    def _read(self, node: Node) -> None:
        sender = node.jid("participant") or node.jid("from")
        if sender is None:
            return
        try:
            message = self._open(node, sender)
        except DuplicateError:
            self._post.count("duplicates_at_phones")
            if not self.inbox.has(node.text("id")):
                self._post.count("reused_counters_at_phones")
            self._acknowledge(node, sender)
        except (SignalError, DecodeError):
            self._ask_again(node, sender)
        else:
            self._file(node, sender, message)

    def _open(self, node: Node, sender: JID) -> Any:
        """The message of the last `enc`; one before it may bring the sender key that opens it."""
        message = None
        chat = node.jid("from") or sender
        for enc in node.children():
            if enc.tag != "enc":
                continue
            if enc.text("type") == "skmsg":
                body = self.keyring.decrypt_group(chat.user, sender, enc.data())
            else:
                body = self.keyring.decrypt(sender, enc.text("type"), enc.data())
            message = contents.read(body)
            distribution = message.senderKeyDistributionMessage.axolotlSenderKeyDistributionMessage
            if distribution:
                self.keyring.learn_sender_key(chat.user, sender, distribution)
        if message is None:
            raise DecodeError("message without content")
        return message

    def _file(self, node: Node, sender: JID, message: Any) -> None:
        self._retries.pop(node.text("id"), None)
        if node.text("category") == "peer":
            if contents.asks_for_keys(message):
                self._share_key(sender)
            return
        chat, recipient = node.jid("from"), node.jid("recipient")
        group = chat.user if chat and chat.server == GROUP_SERVER else None
        own = sender.user == self.account.lid
        to = self._post.number_of(recipient) if own and recipient else None
        self.inbox.add(node.text("id"), self._post.number_of(sender), message, group, to)
        if not own:
            self._acknowledge(node, sender)
            self._maybe_answer(sender, group)

    def _acknowledge(self, node: Node, sender: JID) -> None:
        if sender.user == self.account.lid:
            return
        attrs: Attributes = {**self._receipt_attrs(node), "t": int(self._post.now())}
        self._post.deliver(sender, Node("receipt", attrs))
        if self.account.behaviour.read:
            for device in self._post.companions(sender.bare()):
                self._post.deliver(device, Node("receipt", {**attrs, "type": "read"}))

    def _maybe_answer(self, sender: JID, group: str | None) -> None:
        reply = self.account.behaviour.reply
        if reply and group is None:
            self._post.later(REPLY_PAUSE, lambda: self._answer(sender.bare(), reply))

    def _answer(self, to: JID, reply: str) -> None:
        self.outbox.write(to, reply, automatic=True)

    def _ask_again(self, node: Node, sender: JID) -> None:
        """Asks the sending device to encrypt anew, and gives it the keys for a new session."""
        self._post.count("unreadable_at_phones")
        message_id, now = node.text("id"), int(self._post.now())
        self._retries[message_id] += 1
        attempt = self._retries[message_id]
        if len(self._retries) > RETRIES_KEPT:
            del self._retries[next(iter(self._retries))]
        if attempt > RETRIES:
            return
        bundle = self.bundle()
        retry = Node("retry", {"count": attempt, "id": message_id, "t": node.text("t") or now, "v": "1"})
        registration = Node("registration", {}, number_bytes(bundle.registration_id, 4))
        attrs = {**self._receipt_attrs(node), "type": "retry", "t": now}
        self._post.deliver(sender, Node("receipt", attrs, [retry, registration, Node("keys", {}, key_nodes(bundle))]))

    def _receipt_attrs(self, node: Node) -> Attributes:
        chat, own = node.jid("from"), self.account.lid_jid
        if chat and chat.server == GROUP_SERVER:
            return {"id": node.text("id"), "from": chat, "participant": own}
        return {"id": node.text("id"), "from": own}
