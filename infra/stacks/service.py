"""What can be torn down and made again without losing anything: API, sender of webhooks, hosts, alerts, monitoring."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from infra.alerts import Alerts
from infra.api import Api
from infra.bundling import CodeSource
from infra.hosts import SessionHosts
from infra.monitoring.monitoring import Monitoring, Watched
from infra.stacks.data import DataStack
from infra.stages import Stage
from infra.webhooks import Webhooks


class ServiceStack(Stack):
    """The stateless half of a stage."""

    api: Api
    webhooks: Webhooks
    hosts: SessionHosts
    alerts: Alerts
    monitoring: Monitoring

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        data: DataStack,
        code: CodeSource,
        image: str | None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"HiveWP {stage.name}: API, webhooks, hosts, monitoring",
            termination_protection=stage.termination_protection,  # its logs and the API's URL go with it
        )
        tables, queues, sealing_key = data.data.tables, data.queues.queues, data.data.sealing_key
        self.api = Api(self, "api", stage=stage, code=code, tables=tables, queues=queues, sealing_key=sealing_key)
        self.webhooks = Webhooks(
            self, "webhooks", stage=stage, code=code, tables=tables, queues=queues, sealing_key=sealing_key
        )
        self.hosts = SessionHosts(
            self,
            "hosts",
            stage=stage,
            network=data.network,
            tables=tables,
            queues=queues,
            sealing_key=sealing_key,
            image=image,
        )
        self.alerts = Alerts(self, "alerts", stage=stage, code=code)
        watched = Watched(
            api=self.api, webhooks=self.webhooks, hosts=self.hosts, alerts=self.alerts, network=data.network
        )
        self.monitoring = Monitoring(self, "monitoring", stage=stage, watched=watched)
