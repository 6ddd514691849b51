"""What outlives every deployment: tables, queues, the sessions' files, the sealing key, where alerts go."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from infra.alerts import AlertTargets
from infra.data import Data
from infra.network import Network
from infra.queues import Queues
from infra.stages import Stage


class DataStack(Stack):
    """The stateful half of a stage. Everything in it that holds data is retained when the stack goes."""

    data: Data
    queues: Queues
    network: Network

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"HiveWP {stage.name}: tables, queues, session files",
            termination_protection=stage.termination_protection,
        )
        self.network = Network(self, "network", stage=stage)
        self.queues = Queues(self, "queues", stage=stage)
        self.data = Data(self, "data", stage=stage)
        AlertTargets(self, "alert-targets", stage=stage)
        # An account's limits are met by the network: tables that refuse to be deleted are made when nothing can fail.
        self.data.node.add_dependency(self.network)
