"""The queues of a deployment are made, and kept up to date."""

from __future__ import annotations

import json

import pytest

from shared.queues.names import COMMAND_RECEIVES, COMMAND_VISIBILITY_S, commands_name, create_queues, open_queue
from shared.queues.queue import Outgoing
from tests.conftest import PARTITIONS, Deployment


async def test_making_the_queues_again_keeps_messages_and_mends_attributes(deployment: Deployment) -> None:
    sqs, prefix = deployment.sqs, deployment.settings.prefix
    queue = await open_queue(sqs, prefix, commands_name(0))
    await queue.send(Outgoing("kept", group="g", dedup="d"))
    await sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "7"})
    await create_queues(sqs, prefix, PARTITIONS)
    found = await sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])
    assert found["Attributes"]["VisibilityTimeout"] == str(COMMAND_VISIBILITY_S)
    assert json.loads(found["Attributes"]["RedrivePolicy"])["maxReceiveCount"] in {
        COMMAND_RECEIVES,
        str(COMMAND_RECEIVES),
    }
    assert [message.body for message in await queue.receive(wait_s=0)] == ["kept"]


@pytest.mark.parametrize("name", ["deliveries", "deliveries-slow"])
async def test_what_is_received_ten_times_in_vain_comes_to_the_dead_letter_queue(
    deployment: Deployment, name: str
) -> None:
    sqs, prefix = deployment.sqs, deployment.settings.prefix
    queue, dead = await open_queue(sqs, prefix, name), await open_queue(sqs, prefix, "deliveries-dead")
    await queue.send(Outgoing("poison"))
    for receives in range(1, 11):
        (message,) = await queue.receive(wait_s=0, visibility_s=0)
        assert (message.body, message.receives) == ("poison", receives)
    assert (await dead.depth()).waiting == 0
    assert await queue.receive(wait_s=0, visibility_s=0) == []
    assert [message.body for message in await dead.receive(wait_s=0)] == ["poison"]
