"""What a session host does to tables and queues, and so may do; hosts.py grants it. No CDK in here.

The tests of the worker hold every call that it makes to these (tests/fakes/rights.py): a call that is not here works
on one machine and is refused on AWS. A transaction needs the rights of the writes in it, a batch of SQS those of one.
"""

from __future__ import annotations

from shared.queues.names import COMMANDS_DEAD, DELIVERIES
from shared.store.tables import CACHE, EVENTS, HOSTS, INSTANCES, JOURNAL, MESSAGES, PARTITIONS

TABLES = {
    INSTANCES.name: ("GetItem", "UpdateItem", "DeleteItem"),
    MESSAGES.name: ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
    EVENTS.name: ("GetItem", "BatchGetItem", "Query", "PutItem"),
    JOURNAL.name: ("PutItem",),
    CACHE.name: ("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"),
    PARTITIONS.name: ("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "ConditionCheckItem"),
    HOSTS.name: ("Scan", "PutItem", "DeleteItem"),
}
QUERIED = tuple((table.name, table.index.name) for table in (INSTANCES, MESSAGES) if table.index)  # indexes
COMMANDS = ("GetQueueUrl", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "SendMessage")
SENT_TO = (DELIVERIES.name, COMMANDS_DEAD.name)
