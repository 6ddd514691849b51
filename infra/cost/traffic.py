"""What customers are taken to do, and what each thing they do needs. The one place to change for other customers.

The needs were counted on the running product at one message a second, where no call is shared by several messages, with
one endpoint that hears every event; every item is below 1 KB. A transaction's writes count twice, its checks too.
How much of its tenant's quota is left is looked up every ten seconds in a process at most, here with each message.
Of a tenant of more than 16 endpoints an event looks up the first 16 (2 or 3 reads), all that are made for no instance,
and the one that its instance has: 3 or 4 reads where this has one, however many there are.

| a message sent | writes | reads | FIFO | fair |
|---|---|---|---|---|
| API: whose key, instance, quota; message stored and counted, command queued | 4 | 3 | 1 | |
| worker: command received and deleted | | | 2 | |
| worker: `sending` (check, update) | 4 | | | |
| worker: `sent` and its event (check, outbox, event, its number, message and its index) | 11 | | | |
| worker: `delivered` and its event | 10 | | | |
| two events queued, received, deleted | | | | 6 |
| sender: endpoints looked up, two deliveries recorded | 2 | 2 | | |

A read receipt is another event like `delivered`, and a message received is one with a row of its own for the message.
"""

from __future__ import annotations

from dataclasses import dataclass

# What customers do: an instance on an average day
SENT = 50
RECEIVED = 50
READ_SHARE = 0.7  # of the messages sent, those whose reader lets it be known
OTHER_CALLS = 20  # of the API: states, lists, pairing
ENDPOINT_S = 0.2  # until a customer's endpoint has answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one occurrence needs. Bytes are kept for 30 days; `events` are invocations of the sender of webhooks."""

    calls: int = 0
    events: int = 0
    writes: int = 0
    reads: int = 0
    fifo: int = 0
    fair: int = 0
    kept_bytes: int = 0


MESSAGE_SENT = Need(calls=1, events=2, writes=31, reads=5, fifo=3, fair=6, kept_bytes=700 + 2 * (640 + 680))
MESSAGE_READ = Need(events=1, writes=11, reads=1, fair=3, kept_bytes=640 + 680)
MESSAGE_RECEIVED = Need(events=1, writes=11, reads=1, fair=3, kept_bytes=140 + 640 + 680)
OTHER_CALL = Need(calls=1, reads=3)

# Time and space
API_S = 0.030  # of the function: 10 ms of a core and three calls to DynamoDB and SQS
SENDER_S = 0.020 + ENDPOINT_S
LONGEST_WAIT_S = 20  # of a call that asks to wait, for which its function runs
WAIT_LOOK_S = 0.2  # it looks into the log as often, a read each
RESTORED_SHARE = 0.001  # of the calls, those that meet no running environment
API_LOG_BYTES = 1_350  # a call: the access log, the API's own line, a line of figures
SENDER_LOG_BYTES = 450  # an event: a line of figures
HOST_LOG_BYTES_DAY = 5_000_000  # a line of figures a minute, changes of connections, calls that were turned away
SESSION_FILE_BYTES = 500_000  # 170,000 after pairing, and more with every chat
FILES_WRITTEN_BYTES = 29_000  # for a message in either direction: pages and their journal, with the journal truncated
FILES_READ_BYTES = 6_000
OUT_BYTES_EVENT = 1_500  # to the customer's endpoint
OUT_BYTES_CALL = 1_000  # of the API's answer
OUT_BYTES_MESSAGE = 1_500  # to WhatsApp
OUT_BYTES_SESSION_DAY = 500_000  # a connection kept alive

# What hosts do whether or not there are messages, each second
LEASE_WRITES = 1 / 5  # a partition
LEASE_READS = 0.5  # a partition and host: each looks once a second
HEARTBEAT_WRITES = 1 / 10  # a host
HEARTBEAT_READS = 1  # a host, for each 4 KB that all heartbeats have
HEARTBEAT_BYTES = 720
COMMAND_POLLS = 1 / 2  # a partition
DELIVERY_POLLS = 2 * 5 / 20  # Lambda's pollers, of both lanes
