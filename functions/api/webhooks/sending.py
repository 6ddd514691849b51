"""Deliveries that a caller asks for: a test, or one made before once more."""

from __future__ import annotations

from functions.api import problems
from functions.api.problems import Problem, not_found
from functions.api.services import Services
from functions.api.webhooks.endpoints import webhook_of
from functions.api.webhooks.schemas import SentTest
from shared.clock import iso
from shared.ids import new_id
from shared.models.event import Event, EventType
from shared.models.instance import InstanceKey
from shared.models.webhook import Delivery, delivery_id, parse_delivery_id
from shared.queues.deliveries import DeliveryTask
from shared.tracing import current


async def send_test(services: Services, tenant: str, webhook_id: str) -> SentTest:
    """Puts a `webhook.test` event on its way to one endpoint, also where it is disabled. Raises Problem."""
    webhook = await webhook_of(services, tenant, webhook_id)
    data = {"webhook_id": webhook.id, "text": "This is a test."}
    event = Event(new_id("evt"), EventType.WEBHOOK_TEST, iso(services.clock.unix()), data)
    await services.delivery_queue.put([DeliveryTask(tenant, event.body(), webhook.id, traceparent=current())])
    return SentTest(event_id=event.id, delivery_id=delivery_id(event.id, webhook.id))


async def delivery_of(services: Services, tenant: str, name: str) -> Delivery:
    """The delivery, also of an endpoint that was deleted. Raises Problem when there is none."""
    try:
        _, webhook_id = parse_delivery_id(name)
    except ValueError as error:
        raise not_found("delivery") from error
    delivery = await services.deliveries.get(tenant, webhook_id, name)
    if delivery is None:
        raise not_found("delivery")
    return delivery


async def replay(services: Services, tenant: str, name: str) -> Delivery:
    """Puts the event of a delivery on its way to the same endpoint once more. Raises Problem."""
    delivery = await delivery_of(services, tenant, name)
    webhook_id = delivery.webhook_id
    await webhook_of(services, tenant, webhook_id)
    body = delivery.body or await _logged(services, delivery)
    if body is None:
        raise Problem(problems.EVENT_EXPIRED, "The event is no longer in the log.")
    task = DeliveryTask(tenant, body, webhook_id, forced=True, traceparent=delivery.traceparent)
    await services.delivery_queue.put([task])
    return delivery


async def _logged(services: Services, delivery: Delivery) -> str | None:
    if delivery.instance is None or delivery.sequence is None:
        return None
    key = InstanceKey(delivery.tenant, delivery.instance)
    return await services.events.get(str(key), delivery.sequence)
