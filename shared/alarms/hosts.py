"""Alarms of session hosts: are the numbers in service."""

from __future__ import annotations

from shared.alarms.alarm import Alarm, Dashboard, Missing, Sign
from shared.metrics import CLIENTS_OUTDATED, HOST_MEMORY, INSTANCES_CONNECTED_PERCENT, PARTITIONS_UNOWNED

PARTITION_UNOWNED = Alarm(
    id="partition-unowned",
    title="A partition has no session host",
    meaning=(
        "The numbers of a partition are without service: no host holds its lease, its owner died, or no worker runs "
        "for it. Their messages wait in its queue and nothing is lost. Without any figure no host is alive at all."
    ),
    first_step=(
        "Look at the hosts' service in ECS: fewer running tasks than desired means that tasks fail to start, and the "
        "stopped ones say why. If the tasks run, search the hosts' log for `ERROR`."
    ),
    sign=Sign.ABOVE,
    threshold=0,
    unit="partitions",
    period_s=60,
    periods=3,
    bad=3,  # a lease of a host that died runs out after 15 s; figures come by way of the logs, which may be late
    missing=Missing.BAD,
    missing_because="Every host tells it each minute, so silence means that there is no host.",
    dashboard=Dashboard.OPERATIONS,
    of=PARTITIONS_UNOWNED,
)

INSTANCES_CONNECTED = Alarm(
    id="instances-connected",
    title="Many instances are not connected",
    meaning=(
        "Less than nine in ten of the instances that should be connected are. Those that wait for their owner's phone "
        "(created, pairing, logged out) do not count; those never paired in time do, until they are deleted."
    ),
    first_step=(
        "Look on the business dashboard in which state they are. Unattended: a host or worker is gone, see the hosts. "
        "Disconnected or failed: read an instance's journal, its code says why and what its owner should do."
    ),
    sign=Sign.BELOW,
    threshold=90,
    unit="%",
    period_s=60,
    periods=5,
    bad=5,  # a deployment of new hosts moves every session within two minutes
    missing=Missing.GOOD,
    missing_because="There is no figure while there are no instances; that no host is alive is another alarm's matter.",
    dashboard=Dashboard.BUSINESS,
    of=INSTANCES_CONNECTED_PERCENT,
)

CLIENT_OUTDATED = Alarm(
    id="client-outdated",
    title="WhatsApp no longer accepts our client",
    meaning=(
        "WhatsApp refused a connection because the client library is too old. Sessions that are up stay up, but none "
        "that ends comes back until HiveWP is upgraded."
    ),
    first_step=(
        "Deploy a release of HiveWP with a newer client library. Do not restart hosts or instances before that: what "
        "is connected now would not come back."
    ),
    sign=Sign.ABOVE,
    threshold=0,
    unit="connections",
    period_s=300,
    periods=1,
    bad=1,
    missing=Missing.GOOD,
    missing_because="It is counted when it happens and silent otherwise.",
    dashboard=Dashboard.OPERATIONS,
    of=CLIENTS_OUTDATED,
)

HOST_MEMORY_HIGH = Alarm(
    id="host-memory",
    title="A session host is short of memory",
    meaning=(
        "A host uses more than 90 % of its memory. At 100 % the system kills it, and all of its sessions move to other "
        "hosts at once."
    ),
    first_step=(
        "Compare sessions per host with what a host is sized for (infra/capacity.py). More: raise the number of hosts. "
        "Not more, and growing: stop that task in ECS, its sessions move on by themselves, and keep its log."
    ),
    sign=Sign.ABOVE,
    threshold=90,
    unit="%",
    period_s=60,
    periods=5,
    bad=3,
    missing=Missing.GOOD,
    missing_because="Without a figure there is no host, which is another alarm's matter.",
    dashboard=Dashboard.OPERATIONS,
    of=HOST_MEMORY,
)
