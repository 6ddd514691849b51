"""A group as stanzas show it."""

from local.whatsapp.state.records import GroupRecord
from local.whatsapp.wire.jid import GROUP_SERVER, JID, LID_SERVER
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.account import Account


class Group:
    """`members`, the creator first."""

    def __init__(self, record: GroupRecord, members: list[Account]) -> None:
        self.record = record
        self.members = members

    @property
    def jid(self) -> JID:
        return JID(self.record.id, GROUP_SERVER)

    def node(self) -> Node:
        record = self.record
        creator = next((member for member in self.members if member.record.lid == record.creator), None)
        attrs: Attributes = {
            "id": record.id,
            "subject": record.subject,
            "creator": JID(record.creator, LID_SERVER),
            "creator_pn": creator.pn if creator else None,
            "creation": record.created,
            "s_t": record.subject_time,
            "s_o": JID(record.subject_owner, LID_SERVER),
            "addressing_mode": "lid",
            "size": len(self.members),
            "p_v_id": "1",
            "a_v_id": "1",
        }
        return Node("group", attrs, [*map(self.participant, self.members), *self._properties()])

    def participant(self, member: Account) -> Node:
        attrs = {"jid": member.lid, "phone_number": member.pn, "type": self._role(member)}
        return Node("participant", attrs)

    def _role(self, member: Account) -> str | None:
        if member.record.lid == self.record.creator:
            return "superadmin"
        return "admin" if member.record.lid in self.record.admins else None

    def _properties(self) -> list[Node]:
        record = self.record
        nodes = [Node("member_add_mode", {}, b"all_member_add")]
        if record.description:
            body = Node("body", {}, record.description.encode())
            nodes.append(Node("description", {"id": "1", "t": record.subject_time}, [body]))
        if record.announcement:
            nodes.append(Node("announcement"))
        if record.locked:
            nodes.append(Node("locked"))
        return nodes
